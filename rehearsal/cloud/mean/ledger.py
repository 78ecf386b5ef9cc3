"""How often each freedom was taken: a mean cloud that was never mean proves nothing."""

import threading
from collections import Counter

from rehearsal.cloud.mean.freedoms import Freedom


class FreedomLedger:
    """Counts freedoms and occasions. Any thread may write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[Freedom] = Counter()
        self._occasions: Counter[str] = Counter()

    def note(self, freedom: Freedom) -> None:
        """Counts that a freedom was taken once more."""
        with self._lock:
            self._taken[freedom] += 1

    def number(self, occasion: str) -> int:
        """How many of this kind there were before, such as calls of an operation."""
        with self._lock:
            self._occasions[occasion] += 1
            return self._occasions[occasion] - 1

    def taken(self) -> dict[str, int]:
        """Counts by the names of all freedoms."""
        with self._lock:
            return {freedom.value: self._taken[freedom] for freedom in Freedom}
