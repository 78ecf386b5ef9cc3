"""The clock that AWS's waits go by: this machine's, and what it was advanced by so that nobody has to wait.

Warm-ups, heartbeats, bake times, delays of deregistrations, notices, alarms' periods and schedules go by it.
What bounds the real processes behind them goes by `time` itself.
"""

import threading
import time
from datetime import UTC, datetime

_LONGEST = 86400.0
_round_done = threading.Condition()
_rounds = 0
_ahead = 0.0


def advance(seconds: float) -> None:
    """Let so many seconds have passed; done once each body has had a step since. ValueError where it can't.

    For the threads that answer the API: the main loop would wait for itself.
    """
    global _ahead  # noqa: PLW0603  # a process has one cloud, and that one clock
    if not 0 < seconds <= _LONGEST:
        raise ValueError(f"the clock advances by more than 0 s and at most {_LONGEST:g}, not by {seconds:g}")
    with _round_done:
        _ahead += seconds
        under_way = _rounds + 1
        _round_done.wait_for(lambda: _rounds > under_way)


def end_round() -> None:
    """Every body has had its step."""
    global _rounds  # noqa: PLW0603
    with _round_done:
        _rounds += 1
        _round_done.notify_all()


def monotonic() -> float:
    """As `time.monotonic`."""
    return time.monotonic() + _ahead


def epoch() -> float:
    """As `time.time`."""
    return time.time() + _ahead


def now() -> datetime:
    """With its zone, UTC."""
    return datetime.fromtimestamp(epoch(), UTC)
