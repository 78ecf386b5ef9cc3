"""What a killed test run left is ended by the next one, with a program in the cloud's place."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import daemon
from rehearsal.engine.environment import Rehearsal
from testkit import orphans
from testkit.checkout import ROOT
from tests.unit.rehearsal.test_daemon import SERVING, rehearsal_of

OWNER = """
import sys, time
from pathlib import Path
from testkit import orphans
orphans.REGISTER = Path(sys.argv[1])
orphans.own(Path(sys.argv[2]))
print(flush=True)
time.sleep(60)
"""


@pytest.fixture
def rehearsal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """A cloud that runs in the background, and a register for this test alone."""
    monkeypatch.setattr(orphans, "REGISTER", tmp_path / "register")
    rehearsal = rehearsal_of(tmp_path, SERVING)
    daemon.start(rehearsal)
    yield rehearsal
    daemon.end(rehearsal.state)


@pytest.fixture
def owner(rehearsal: Rehearsal) -> Iterator[subprocess.Popen[bytes]]:
    """The test run that the cloud belongs to."""
    command = [sys.executable, "-c", OWNER, str(orphans.REGISTER), str(rehearsal.state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        yield owner
        owner.kill()


def test_what_a_killed_run_left_is_ended(rehearsal: Rehearsal, owner: subprocess.Popen[bytes]) -> None:
    """And forgotten."""
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    orphans.end_orphans()
    assert daemon.find(rehearsal.state) is None
    assert list(orphans.REGISTER.iterdir()) == []


@pytest.mark.usefixtures("owner")
def test_what_belongs_to_a_run_that_lives_is_left_alone(rehearsal: Rehearsal) -> None:
    """Two runs of one machine never end each other."""
    orphans.end_orphans()
    assert daemon.find(rehearsal.state) is not None
    assert len(list(orphans.REGISTER.iterdir())) == 1
