"""How the cloud's process is found, started and ended, with a program in its place."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import daemon
from rehearsal.access_key import AccessKey
from rehearsal.engine.environment import Rehearsal
from rehearsal.errors import CloudError, MachineError
from testkit.ports import free_port
from testkit.projects import project_at

SERVING = """
import http.server, sys
class Status(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"[]")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Status).serve_forever()
"""


def rehearsal_of(folder: Path, program: str) -> Rehearsal:
    """A project whose cloud is the given program."""
    package = folder / "rehearsal" / "cloud"
    package.mkdir(parents=True)
    (package / "__main__.py").write_text(program)
    return Rehearsal(
        project=project_at(folder), state=folder / "state", port=free_port(), region="eu-central-1"
    )


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    """A project whose cloud answers; ended afterwards."""
    rehearsal = rehearsal_of(tmp_path, SERVING)
    yield rehearsal
    daemon.end(rehearsal.state)


@pytest.mark.parametrize("mean", [None, 7])
def test_a_cloud_is_found_from_its_start_to_its_end(rehearsal: Rehearsal, mean: int | None) -> None:
    """By its state folder alone, a mean one too; once ended there is nothing left to end."""
    daemon.start(rehearsal, mean)
    found = daemon.find(rehearsal.state)
    assert found is not None
    assert found.port == rehearsal.port
    assert daemon.rows(rehearsal.endpoint, AccessKey.read(rehearsal.state)) == []
    assert daemon.end(rehearsal.state)
    assert daemon.find(rehearsal.state) is None
    assert not daemon.end(rehearsal.state)


def test_a_cloud_of_another_folder_is_left_alone(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """Two rehearsals of one machine never end each other."""
    daemon.start(rehearsal)
    assert daemon.find(tmp_path / "other") is None
    assert not daemon.end(tmp_path / "other")
    assert daemon.find(rehearsal.state) is not None


def test_a_process_that_only_mentions_the_folder_is_not_the_cloud(tmp_path: Path) -> None:
    """Such as a shell, an editor or a pager that looks at its files."""
    arguments = daemon.arguments(port=4577, state=tmp_path)
    code = [sys.executable, "-c", "import time; print(flush=True); time.sleep(30)"]
    with subprocess.Popen([*code, *arguments], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        try:
            assert daemon.find(tmp_path) is None
        finally:
            other.kill()


def test_a_cloud_that_ignores_the_first_signal_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`down` always ends."""
    monkeypatch.setattr(daemon, "_END", 0.1)
    ignoring = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVING
    rehearsal = rehearsal_of(tmp_path, ignoring)
    daemon.start(rehearsal)
    assert daemon.end(rehearsal.state)
    assert daemon.find(rehearsal.state) is None


def test_a_cloud_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    """What it said is the reason."""
    rehearsal = rehearsal_of(tmp_path, "raise SystemExit('no database here')")
    with pytest.raises(CloudError) as failed:
        daemon.start(rehearsal)
    assert str(failed.value) == (f"The cloud did not start. The end of {rehearsal.log}:\nno database here")


def test_a_port_that_is_taken_is_named_with_its_holder(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """And so is the setting that moves the rehearsal elsewhere."""
    daemon.start(rehearsal)
    second = Rehearsal(
        project=project_at(tmp_path), state=tmp_path / "second", port=rehearsal.port, region="eu-central-1"
    )
    with pytest.raises(MachineError) as refused:
        daemon.start(second)
    first = daemon.find(rehearsal.state)
    assert first is not None
    command = " ".join([sys.executable, *daemon.arguments(port=first.port, state=rehearsal.state)])
    assert str(refused.value) == (
        f"Port {rehearsal.port} of 127.0.0.1 can't be used: process {first.pid} ({command}) listens there. "
        "End that, or write another port into evenkeel:aws.endpoint of stacks/Pulumi.local.yaml."
    )
