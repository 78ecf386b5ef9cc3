"""What the shell of `make env` encrypts, and with which key."""

import os
import pty
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from rehearsal import deployment, previews
from rehearsal.engine.environment import SECRETS_PROVIDER, Rehearsal, of_project
from testkit.checkout import ROOT, succeed
from testkit.projects import project_at

SETTING = ("--path", "evenkeel:app.environment.KEY", "hidden")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shell:
    """A shell that took the rehearsal's lines, in a copy of the project's files."""

    rehearsal: Rehearsal

    def file(self, stack: str) -> Path:
        return self.rehearsal.root / "stacks" / f"Pulumi.{stack}.yaml"

    def arguments(self, *arguments: str) -> list[str | Path]:
        return [self.rehearsal.bin / "pulumi", *arguments]

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.arguments("--non-interactive", *arguments),
            cwd=self.rehearsal.root,
            env=self.rehearsal.environment(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )

    def on_a_terminal(self, *arguments: str, answers: dict[bytes, bytes], until: bytes) -> str:
        """What the CLI shows when each prompt is answered, to its end or `until` it shows that."""
        terminal, its = pty.openpty()
        base = {"PATH": os.environ["PATH"], "HOME": str(self.rehearsal.home)}  # no sign of a CI
        with subprocess.Popen(
            self.arguments(*arguments),
            cwd=self.rehearsal.root,
            env=self.rehearsal.environment(base) | {"TERM": "xterm"},
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
        ) as process:
            os.close(its)
            shown = b""
            try:
                while until not in shown:
                    shown += os.read(terminal, 1024)
                    for prompt in [prompt for prompt in answers if prompt in shown]:
                        os.write(terminal, answers.pop(prompt))
            except OSError:
                pass  # the CLI has ended
            finally:
                process.kill()
                os.close(terminal)
        return shown.decode()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Stack `local` is made; nothing is deployed."""
    root = tmp_path_factory.mktemp("project")
    (root / "stacks").mkdir()
    shutil.copy2(ROOT / "Pulumi.yaml", root)
    for file in project_at(ROOT).stack_files():
        shutil.copy2(file, root / "stacks")
    with previews.throwaway(of_project()) as started:
        rehearsal = Rehearsal(
            project=project_at(root), state=started.state, port=started.port, region=started.region
        )
        deployment.make_stack(rehearsal)
        yield Shell(rehearsal=rehearsal)


@pytest.fixture
def untouched(shell: Shell) -> Iterator[None]:
    """No file of a stack is changed."""
    before = {file: file.read_text() for file in project_at(shell.rehearsal.root).stack_files()}
    yield
    assert {file: file.read_text() for file in project_at(shell.rehearsal.root).stack_files()} == before


@pytest.mark.usefixtures("untouched")
def test_a_rehearsal_changes_no_stacks_file(shell: Shell) -> None:
    """Its own key is in the file of stack `local` already."""
    assert shell.file("local").read_text() == (ROOT / "stacks/Pulumi.local.yaml").read_text()


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_a_real_stacks_secret_is_not_set_by_accident(shell: Shell, stack: str) -> None:
    """The shell's backend has no such stack."""
    refused = shell.pulumi("config", "set", "--secret", *SETTING, "--stack", stack)
    assert refused.returncode != 0
    assert f"no stack named '{stack}' found" in refused.stderr


@pytest.mark.usefixtures("untouched")
def test_who_makes_the_stack_there_is_asked_for_a_passphrase_of_his_own(shell: Shell) -> None:
    """On a terminal the CLI offers to make it: whoever presses ENTER still has to think of one."""
    own = "Enter your passphrase to protect config/secrets"
    command = ("config", "set", "--secret", *SETTING, "--stack", "prod")
    shown = shell.on_a_terminal(*command, answers={b"press <ENTER>": b"\r"}, until=own.encode())
    assert "The stack 'prod' does not exist" in shown
    assert own in shown


def test_a_secret_of_stack_local_can_be_set_and_read(shell: Shell) -> None:
    """The twin; with the key that the file had."""
    before = yaml.safe_load(shell.file("local").read_text())
    succeed(shell.pulumi("config", "set", "--secret", *SETTING, "--stack", "local"))
    text = shell.file("local").read_text()
    assert "hidden" not in text
    assert (yaml.safe_load(text)["secretsprovider"], yaml.safe_load(text)["encryptedkey"]) == (
        SECRETS_PROVIDER,
        before["encryptedkey"],
    )
    got = succeed(shell.pulumi("config", "get", "--path", SETTING[1], "--stack", "local"))
    assert got.stdout.strip() == "hidden"
