"""Many questions, one command."""

import subprocess
from collections.abc import Iterator, Sequence

import pytest

from pytest_evenkeel import survey
from pytest_evenkeel.ssm import Ended, RunShellScript
from pytest_evenkeel.survey import Question, ServerAnswer, Survey


class LocalCommands(RunShellScript):
    """Each server is this machine."""

    def __init__(self) -> None:
        self.sent: list[Sequence[str]] = []

    def run(self, instance_ids: Sequence[str], line: str) -> dict[str, Ended]:
        self.sent.append(instance_ids)
        done = subprocess.run(["sh", "-c", line], capture_output=True, check=False)
        return dict.fromkeys(instance_ids, Ended(status=done.returncode, out=done.stdout, err=done.stderr))


@pytest.fixture(autouse=True)
def _no_other_questions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as without:
        without.setattr(survey, "_asked", [])
        yield


def test_all_questions_are_one_command_for_all_servers() -> None:
    """Each with its own output, error and status, whatever the ones before it ended with."""
    fails, said = Question("echo no >&2; exit 3"), Question("printf %%s %s", ["it's 100%"])
    commands = LocalCommands()
    asked = Survey(commands, ["i-1", "i-2"])
    assert asked.answer("i-2", said) == ServerAnswer(status=0, stdout="it's 100%", stderr="")
    assert asked.answer("i-1", fails) == ServerAnswer(status=3, stdout="", stderr="no\n")
    assert commands.sent == [["i-1", "i-2"]]


def test_nothing_is_asked_that_nobody_wants_to_know() -> None:
    """A run of disruptive checks alone sends no survey."""
    commands = LocalCommands()
    Survey(commands, ["i-1"])
    assert commands.sent == []


def test_a_question_that_two_checks_have_is_asked_once() -> None:
    """By its command."""
    one, other = Question("date +%N"), Question("date +%N")
    asked = Survey(LocalCommands(), ["i-1"])
    assert asked.answer("i-1", one) == asked.answer("i-1", other)


def test_questions_do_not_wait_for_input_nor_leave_anything() -> None:
    """Their folder is gone, and standard input is empty."""
    where, read = Question("pwd"), Question("cat")
    asked = Survey(LocalCommands(), ["i-1"])
    assert asked.answer("i-1", read).stdout == ""
    folder = asked.answer("i-1", where).stdout.strip()
    assert subprocess.run(["test", "-e", folder], check=False).returncode == 1
