"""Waiting for what another process does: the one poller of tests and benches."""

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 40.0
"""Seconds that anything waited for takes at the most, where the caller knows no better."""
BUSY = 3
"""How many times as long something may take on a machine whose cores others use too."""
POLL = 0.1
"""Seconds between two looks."""
T = TypeVar("T")


def eventually(
    look: Callable[[], T | None],
    *,
    within: float = PATIENCE,
    poll: float = POLL,
    hopeless: Callable[[], bool] = lambda: False,
    shown: Callable[[], object] = lambda: "",
) -> T:
    """The first truthy answer of `look`.

    TimeoutError when there is none within so many seconds, `BUSY` times, or when `hopeless` says that there
    will be none. `shown` is what the error then tells about the process.
    """
    deadline = time.monotonic() + BUSY * within
    while not (answer := look()):
        if hopeless():
            raise TimeoutError(f"never so:\n{shown()}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {BUSY} x {within:g} s\n{shown()}")
        time.sleep(poll)
    return answer
