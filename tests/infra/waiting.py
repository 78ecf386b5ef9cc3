"""Waiting for what a check has set going."""

import time
from collections.abc import Callable

POLL = 0.5


def wait_until(condition: Callable[[], bool], seconds: float, *, poll: float = POLL) -> None:
    """Asks again and again until it is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(poll)
