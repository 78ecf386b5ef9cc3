"""Start, watch and end child processes; nothing outlives the one who started it.

Each child gets a session of its own, a log file, and a parent-death signal. The kernel ties that signal to
the spawning *thread*: spawn from the main thread only.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_DYING_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL"]
_POLL = 0.02  # seconds between two looks at a process that is to end
# A parent that dies before the signal is asked for would never be noticed: look once more after that.
_UNLESS_ORPHANED = ["sh", "-c", 'test "$PPID" = "$0" && exec "$@"']


@dataclass(frozen=True, kw_only=True, slots=True)
class UnprivilegedUser:
    """The unprivileged user that a server runs as when the rehearsal runs as root."""

    uid: int
    gid: int


class Child:
    """A running command, the leader of its own process group.

    `argv` is visible to every user of the machine: secrets go into `env` or into files. `env` is the whole
    environment; without it the child gets `PATH` and a UTF-8 locale, nothing of the user's own. Standard
    output is appended to `log`, standard error too unless `errors` names a file. `stdin` is what it reads.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        errors: Path | None = None,
        stdin: Path = Path(os.devnull),
    ) -> None:
        self.log = log
        with stdin.open("rb") as given, log.open("ab") as output, (errors or log).open("ab") as complaints:
            self._popen = subprocess.Popen(
                [*_DYING_WITH_PARENT, *_UNLESS_ORPHANED, str(os.getpid()), *map(str, argv)],
                stdin=given,
                stdout=output,
                stderr=complaints,
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"} if env is None else dict(env),
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The leader's process id, and its group's."""
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether the leader still runs."""
        return self._popen.poll() is None

    @property
    def exit_status(self) -> int | None:
        """The exit status as a shell shows it (128 + n for signal n); None while it runs."""
        status = self._popen.poll()
        return status if status is None or status >= 0 else 128 - status

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the leader alone."""
        self._popen.send_signal(number)

    def end(self, *, within: float, by: signal.Signals = signal.SIGTERM) -> Self:
        """Ask the whole group to end with `by`, and kill what is left after `within` seconds."""
        end_all([self], within=within, by=by)
        return self

    def send_to_group(self, number: signal.Signals) -> None:
        """Send a signal to every process of the group; none left is fine."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return  # the group ended by itself


def end_all(children: Iterable[Child], *, within: float, by: signal.Signals = signal.SIGTERM) -> None:
    """End several children at once: `by` to each group, SIGKILL to what is left after `within` seconds."""
    groups = list(children)
    for child in groups:
        child.send_to_group(by)
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and any(child.alive for child in groups):
        time.sleep(_POLL)
    for child in groups:
        child.send_to_group(signal.SIGKILL)
        child._popen.wait()
