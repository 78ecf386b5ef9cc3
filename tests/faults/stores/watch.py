"""When a store stopped to serve, and when it served again."""

import threading
import time
from collections.abc import Callable

LOOK = 0.05
"""Seconds between two looks."""


class StoreWatch(threading.Thread):
    """Asks the store itself all the time; `serves` raises, or is false, while it does not take writes."""

    def __init__(self, serves: Callable[[], bool], failures: tuple[type[Exception], ...]) -> None:
        super().__init__(name="store", daemon=True)
        self._serves, self._failures = serves, failures
        self._over = threading.Event()
        self.lost: float | None = None
        self.returned: float | None = None

    def run(self) -> None:
        while not self._over.wait(LOOK):
            try:
                up = self._serves()
            except self._failures:
                up = False
            if not up:
                self.lost, self.returned = self.lost or time.monotonic(), None
            elif self.lost and self.returned is None:
                self.returned = time.monotonic()

    def end(self) -> None:
        self._over.set()
        self.join()
