"""`pulumi up` as a process that can be followed, waited for, and killed with all that it started."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from rehearsal.machine import as_root
from tests.checkout import UP_TIMEOUT

UP = ("up", "--yes", "--skip-preview", "--stack", "local")
PATIENCE = 60.0
"""Seconds for anything that is waited for here: ten times what it takes on two busy cores."""
T = TypeVar("T")


class Engine:
    """`pulumi …` in a session of its own: that its plugins and the program belong to it tells them apart."""

    def __init__(self, *arguments: str, folder: Path, environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                ["pulumi", "--non-interactive", *(arguments or UP)],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def printed(self) -> str:
        """All it has printed until now."""
        return self._log.read_text()

    def says(self, text: str) -> None:
        """Waits until it has printed the text."""
        until(lambda: text in self.printed or self._process.poll() is not None, self)
        assert text in self.printed, f"no {text!r} in\n{self.printed}"

    def ended(self) -> int:
        """Waits for its end; its exit code."""
        return self._process.wait(UP_TIMEOUT)

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

    def __str__(self) -> str:
        return self.printed


def session(leader: int) -> list[int]:
    """The processes of a session that have not ended."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, of_session = file.read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        if int(of_session) == leader and state not in "ZX":
            found.append(int(file.parent.name))
    return found


def kill(pids: Sequence[int]) -> None:
    """SIGKILL to processes, the cloud's own included; one that has just ended is fine."""
    subprocess.run([*as_root(), "kill", "-KILL", *map(str, pids)], stderr=subprocess.DEVNULL, check=False)


def until(look: Callable[[], T], *context: object) -> T:
    """What `look` finds, once it finds something. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError("\n".join(map(str, context)))
        time.sleep(0.05)
    return found
