"""Waiting for what the stack does by itself."""

import time
from collections.abc import Callable

BUSY = 3
"""How many times as long something may take where others use the processors too."""
POLL = 0.5
"""Seconds between two looks."""


def eventually(
    look: Callable[[], bool],
    *,
    within: float,
    poll: float = POLL,
    shown: Callable[[], object] = lambda: "",
) -> None:
    """Looks until it is so. TimeoutError, with what `shown` tells, after so many seconds, `BUSY` times."""
    deadline = time.monotonic() + BUSY * within
    while not look():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {BUSY} x {within:g} s\n{shown()}")
        time.sleep(poll)
