"""A test run that is killed can't end its rehearsals, which run on in the background: the next run does."""

import fcntl
import getpass
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from rehearsal import daemon
from rehearsal.lock import exclusive

REGISTER = Path(tempfile.gettempdir(), f"evenkeel-tests-{getpass.getuser()}")
"""A file for each state folder of a test run's, locked by the kernel for as long as that run lives."""
_owned: list[IO[str]] = []


def own(state: Path) -> None:
    """What runs for this state folder is this process's until it ends, however it does."""
    REGISTER.mkdir(mode=0o700, exist_ok=True)
    with exclusive(REGISTER):  # nobody looks at a file that is not locked yet
        file = tempfile.NamedTemporaryFile("w", dir=REGISTER, suffix=".state")  # noqa: SIM115 # as long as we live
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(str(state))
        file.flush()
    _owned.append(file)


def end_orphans() -> None:
    """Ends the rehearsals whose run has ended without doing so."""
    REGISTER.mkdir(mode=0o700, exist_ok=True)
    with exclusive(REGISTER):
        for entry in REGISTER.glob("*.state"):
            # Its run may live on, or end just now.
            with suppress(BlockingIOError, FileNotFoundError), entry.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                daemon.end(Path(file.read()))
                entry.unlink()
