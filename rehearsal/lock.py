"""One at a time: a folder is locked while something changes it, and who comes second is told who holds it.

The lock is the kernel's own (`flock` on the folder itself): it leaves no file and ends with its holder.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rehearsal.progress import Progress


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Holds the folder's lock; waits for another holder, naming it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with Progress(f"waiting for {holder(folder)}, which works on {folder}"):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def holder(folder: Path) -> str:
    """Who holds the folder's lock, as `process 123 (python -m rehearsal up)`; from /proc/locks."""
    inode = folder.stat().st_ino
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if "->" not in fields and fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
            return f"process {fields[4]} ({command_line(int(fields[4]))})"
    return "another process"


def command_line(pid: int) -> str:
    """A process' command line as a shell shows it; `ended` when there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode()
    except FileNotFoundError:
        return "ended"
