"""Looks at something all the time while something else happens to it."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

PAUSE = 0.5
"""Seconds between two looks."""
T = TypeVar("T")


class Lookout(Generic[T]):
    """Keeps what each look saw, from now until `stop`. Another thread looks: what it uses is its own."""

    def __init__(self, look: Callable[[], T], *, pause: float = PAUSE) -> None:
        self._look = look
        self._pause = pause
        self._seen: list[T] = []
        self._failure: Exception | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> tuple[T, ...]:
        """What was seen, one look at least; raises what kept it from looking."""
        self._over.set()
        self._thread.join()
        if self._failure:
            raise self._failure
        return tuple(self._seen)

    def _run(self) -> None:
        try:
            self._seen.append(self._look())
            while not self._over.wait(self._pause):
                self._seen.append(self._look())
        except Exception as error:
            self._failure = error
