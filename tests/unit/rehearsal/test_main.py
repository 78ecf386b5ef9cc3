"""`python -m rehearsal` where nothing runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal import __main__ as command
from rehearsal.daemon import CloudProcess
from rehearsal.engine import environment
from rehearsal.engine.environment import Rehearsal
from rehearsal.errors import CloudError
from testkit.projects import project_at


@pytest.fixture
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project in which nothing was ever started."""
    rehearsal = Rehearsal(
        project=project_at(tmp_path), state=tmp_path / ".rehearsal", port=4577, region="eu-central-1"
    )
    monkeypatch.setattr(environment, "of_project", lambda: rehearsal)


@pytest.mark.usefixtures("_project")
@pytest.mark.parametrize("name", ["status", "env", "logs", "queries", "fault instance-loss i-1"])
def test_what_needs_a_rehearsal_says_how_to_start_one(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And fails, so that `eval "$(make -s env)"` changes nothing in the user's shell."""
    monkeypatch.setattr(sys, "argv", ["rehearsal", *name.split()])
    assert command.main() == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "evenkeel: No rehearsal runs here. `make up` starts one.\n"


@pytest.mark.usefixtures("_project")
def test_down_without_a_rehearsal_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that scripts may always end with it."""
    monkeypatch.setattr(sys, "argv", ["rehearsal", "down"])
    assert command.main() == 0
    ran, kept = capsys.readouterr().err.splitlines()
    assert ran == "── no rehearsal ran here"
    assert re.fullmatch(
        r"── .*/evenkeel keeps the engine and built releases for the next, [\d.,]+[KMG]?", kept
    )


def test_a_cloud_does_not_turn_mean_later() -> None:
    """What was deployed before it did would prove nothing."""
    command.refuse_mean(7, None)
    command.refuse_mean(None, CloudProcess(pid=1, port=4577))
    with pytest.raises(CloudError, match=r"run `make down` before --mean"):
        command.refuse_mean(7, CloudProcess(pid=1, port=4577))


def test_up_takes_a_seed_or_chooses_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A friendly cloud has none."""
    for words, is_seed in (("up", False), ("up --mean", True), ("up --mean 7", True)):
        monkeypatch.setattr(sys, "argv", ["rehearsal", *words.split()])
        assert isinstance(command.parse().mean, int) is is_seed
    assert command.parse().mean == 7


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """`make status | head`."""
    shown = (
        "import sys; from rehearsal import __main__ as command; sys.argv = ['rehearsal', 'status'];"
        "command.COMMANDS['status'] = lambda *_: print('a line'); sys.exit(command.main())"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", shown], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
