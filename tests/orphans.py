"""A test run that is killed can't end its rehearsals, which run on in the background: the next run does."""

import fcntl
import getpass
import os
import tempfile
from pathlib import Path
from typing import IO

from rehearsal import daemon

REGISTER = Path(tempfile.gettempdir(), f"evenkeel-tests-{getpass.getuser()}")
"""A file for each state folder of a test run's, locked by the kernel for as long as that run lives."""
_locked: list[IO[str]] = []


def own(state: Path) -> None:
    """What runs for this state folder is this process's until it ends, however it does."""
    REGISTER.mkdir(mode=0o700, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=REGISTER, prefix=".", suffix=".state")
    file = os.fdopen(descriptor, "w")
    fcntl.flock(file, fcntl.LOCK_EX)
    file.write(str(state))
    file.flush()
    _locked.append(file)
    Path(name).rename(REGISTER / Path(name).name.lstrip("."))  # only now others look at it


def end_orphans() -> None:
    """Ends the rehearsals whose run has ended without doing so."""
    for entry in REGISTER.glob("[!.]*.state"):
        try:
            with entry.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                daemon.end(Path(file.read()))
                entry.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):
            continue  # its run lives; or another run was faster
