"""lifecycle.sh stops the app once the balancer has drained the server, and not while it drains it."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from components.boot import user_data
from testkit.waiting import eventually

BOOT = Path(user_data.__file__).parent
COMMANDS = {
    # The hook waits from when there is a file `waits`; `broken` is an API that answers nothing but errors.
    "aws": """#!/bin/bash
echo "$2" >>"$STAGE/calls"
[ ! -e "$STAGE/broken" ] || { echo "Could not connect" >&2; exit 255; }
[ -e "$STAGE/waits" ] || { echo "ValidationError: No active Lifecycle Action found" >&2; exit 254; }
""",
    "curl": """#!/bin/bash
case "${@: -1}" in
  */autoscaling/target-lifecycle-state) cat "$STAGE/target" ;;
  */instance-id) echo i-1 ;;
  */api/token) echo token ;;
  *) exit 22 ;;
esac
""",
    "systemctl": """#!/bin/bash
echo "$*" >>"$STAGE/calls"
""",
    # Only pauses longer than those between two tries are of interest.
    "sleep": """#!/bin/bash
[ "$1" -le 2 ] || echo "sleep" >>"$STAGE/calls"
exec /bin/sleep 0.05
""",
}
PAUSE, STOP, HEARTBEAT, COMPLETE = (
    "sleep",
    "stop app.service",
    "record-lifecycle-action-heartbeat",
    "complete-lifecycle-action",
)


class ScriptMachine:
    """A machine of folders on which lifecycle.sh runs; the test is its group."""

    def __init__(self, folder: Path, *, drained_within: int) -> None:
        self._folder = folder
        text = (BOOT / "lifecycle.sh").read_text()
        for path, place in (("/opt/evenkeel", BOOT), ("/etc/evenkeel", folder), ("/var/log", folder)):
            text = text.replace(path, str(place))
        (folder / "lifecycle.sh").write_text(text)
        (folder / "boot.env").write_text(
            f"AUTO_SCALING_GROUP=app\nTERMINATING_HOOK=terminating\nDRAINED_WITHIN={drained_within}\n"
        )
        (folder / "bin").mkdir()
        for name, stub in COMMANDS.items():
            (folder / "bin" / name).write_text(stub)
            (folder / "bin" / name).chmod(0o755)
        self.target("InService")
        self.process = subprocess.Popen(
            ["bash", folder / "lifecycle.sh"],
            env={"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "STAGE": str(folder)},
        )

    def target(self, state: str) -> None:
        """What the metadata says from now on."""
        (self._folder / "new").write_text(state)
        (self._folder / "new").rename(self._folder / "target")

    def hook_waits(self) -> None:
        """From now on the group is in a Wait state."""
        (self._folder / "waits").touch()

    def breaks(self) -> None:
        """From now on no call of the API works."""
        (self._folder / "broken").touch()

    def fixes(self) -> None:
        """The API works again."""
        (self._folder / "broken").unlink()

    def calls(self) -> list[str]:
        """Of the AWS CLI and systemctl, in order."""
        path = self._folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def log(self) -> str:
        return (self._folder / "evenkeel-boot.log").read_text()

    def until(self, holds: Callable[[], bool]) -> None:
        eventually(holds, poll=0.01, shown=self.calls)


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ScriptMachine]:
    """It waits an hour for a hook, or for as many seconds as the test's parameter says."""
    server = ScriptMachine(tmp_path, drained_within=getattr(request, "param", 3600))
    yield server
    server.process.kill()
    server.process.wait()


@pytest.mark.parametrize("target", ["Terminated", "Warmed:Terminated"])
def test_the_app_is_stopped_once_the_hook_waits(server: ScriptMachine, target: str) -> None:
    """Not while the metadata alone says that the server goes: the balancer still drains it.

    And not at once where that was quick: parts of the balancer may not have learned of it.
    """
    server.target(target)
    server.until(lambda: server.calls().count(HEARTBEAT) >= 3)
    assert set(server.calls()) == {HEARTBEAT}
    server.hook_waits()
    assert server.process.wait(timeout=60) == 0
    assert server.calls()[-4:] == [HEARTBEAT, PAUSE, STOP, COMPLETE]
    assert server.calls().count(STOP) == 1


@pytest.mark.parametrize("target", ["InService", "Warmed:Stopped"])
def test_a_server_that_stays_is_left_alone(server: ScriptMachine, target: str) -> None:
    """Neither stopped nor asked about, however its hook stands."""
    server.hook_waits()
    server.target(target)
    with pytest.raises(subprocess.TimeoutExpired):
        server.process.wait(timeout=1)
    assert server.calls() == []


@pytest.mark.parametrize("server", [1], indirect=True)
def test_an_api_that_fails_does_not_keep_the_app_up_for_ever(server: ScriptMachine) -> None:
    """The drain is over by then; the log has the API's words, and the hook is completed when it can be."""
    server.breaks()
    server.target("Terminated")
    server.until(lambda: STOP in server.calls() and COMPLETE in server.calls())
    assert "no terminating hook began within 1 s: Could not connect" in server.log()
    server.hook_waits()
    server.fixes()
    assert server.process.wait(timeout=60) == 0
    assert server.calls().count(STOP) == 1
