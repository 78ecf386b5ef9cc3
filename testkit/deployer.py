"""Who deploys: a process that can be followed, waited for, and killed with all that it started."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from rehearsal.machine import as_root
from testkit.waiting import eventually

UP = ("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "local")
PATIENCE = 120.0
"""Seconds until a deployer ends: ten times what it takes on two busy cores."""
T = TypeVar("T")


class Deployer:
    """A command in a session of its own, to which the engine's plugins and the program belong too."""

    def __init__(
        self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: Path
    ) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Also its process group's and session's: it leads both."""
        return self._process.pid

    @property
    def printed(self) -> str:
        """All it has printed until now."""
        return self._log.read_text()

    @property
    def has_ended(self) -> bool:
        """Whether the process itself is over; what it started may still run."""
        return self._process.poll() is not None

    def says(self, text: str) -> None:
        """Waits until it has printed the text."""
        self.until(lambda: text in self.printed)

    def until(self, look: Callable[[], T | None]) -> T:
        """What `look` finds, once it finds something. TimeoutError at once when the deployer has ended."""
        return eventually(look, poll=0.05, hopeless=lambda: self.has_ended, shown=lambda: self.printed)

    def ended(self) -> int:
        """Waits for its end; its exit code."""
        return self._process.wait(PATIENCE)

    def succeeded(self) -> None:
        """Waits for its end, which must be a good one."""
        assert self.ended() == 0, self.printed

    def failed(self, reason: str) -> None:
        """Waits for its end, which must be a bad one and tell this."""
        assert self.ended() != 0, self.printed
        assert reason in self.printed, f"no {reason!r} in\n{self.printed}"

    def kill(self) -> None:
        """SIGKILL to each process of the session, until there is none."""
        while alive := session(self._process.pid):
            kill(alive)
            self._process.poll()
            time.sleep(0.02)
        self._process.wait()


def session(leader: int) -> list[int]:
    """The processes of a session that have not ended."""
    pids = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, of_session = file.read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        if int(of_session) == leader and state not in "ZX":
            pids.append(int(file.parent.name))
    return pids


def kill(pids: Sequence[int]) -> None:
    """SIGKILL to processes."""
    send(signal.SIGKILL, pids)


def send(what: signal.Signals, pids: Sequence[int]) -> None:
    """A signal to processes, the cloud's own included; one that has just ended is fine."""
    command = [*as_root(), "kill", f"-{what.value}", *map(str, pids)]
    subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
