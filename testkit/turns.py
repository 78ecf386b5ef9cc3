"""Which tests run beside others in several processes: one that measures what users notice runs alone."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """Waits until no other process has a test that runs alone, or, for one that does, any test at all.

    Locks of files in `folder` end with their process. Who waits to run alone holds the door, so that the
    others' next tests don't go first for ever.
    """
    with (folder / "door.lock").open("w") as door, (folder / "turn.lock").open("w") as inside:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(inside, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield
