"""Steps that may fail: the failure of one is its own, and keeps no other step back."""

import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds until a step that failed is tried again; each failure after the first doubles them."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Why a step failed the last time, and when it is tried again."""

    message: str
    pause: float
    again_at: float


class Attempts:
    """The steps of a loop, by what they are about.

    The first failure of a step is logged with its traceback, and so is each that has another reason.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[Hashable, Failure] = {}

    def step(self, about: Hashable, act: Callable[[], object]) -> bool:
        """Acts, unless it failed lately; whether it did without a failure."""
        before = self._failures.get(about)
        if before is not None and self._clock() < before.again_at:
            return False
        try:
            act()
        except Exception as error:
            self._note(about, before, f"{type(error).__name__}: {error}")
            return False
        if self._failures.pop(about, None):
            log.info("%s: works again", about)
        return True

    def forget(self, about: Hashable) -> None:
        """It is gone, and so is its failure."""
        self._failures.pop(about, None)

    def _note(self, about: Hashable, before: Failure | None, message: str) -> None:
        pause = FIRST_PAUSE if before is None else min(2 * before.pause, LONGEST_PAUSE)
        self._failures[about] = Failure(message=message, pause=pause, again_at=self._clock() + pause)
        if before is None or before.message != message:
            log.exception("%s: failed, and is tried again", about)
