"""What users saw of a store's outage, against the bars for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from testkit.load import CONNECTIONS, Request

RECOVERY = 5.0
"""Seconds from a store's return to the first write, and to the last refusal: the bar for both stores."""
CREATED, UNAVAILABLE = 201, 503


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteAnswer:
    """To one write; `at` is when it came, on the monotonic clock."""

    at: float
    seconds: float
    status: int
    """0 where no answer came."""
    phone: str
    """What was written, if it was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """All answers, and when the store served again."""

    answers: Sequence[WriteAnswer]
    returned: float

    @property
    def acknowledged(self) -> set[str]:
        """The phone numbers that were promised to be kept."""
        return {one.phone for one in self.answers if one.status == CREATED}

    @property
    def refused(self) -> list[WriteAnswer]:
        return [one for one in self.answers if one.status == UNAVAILABLE]

    @property
    def unexpected(self) -> list[WriteAnswer]:
        """Neither a success nor a 503."""
        return [one for one in self.answers if one.status not in (CREATED, UNAVAILABLE)]

    @property
    def slowest_refusal(self) -> float:
        """Seconds."""
        return max((one.seconds for one in self.refused), default=0.0)

    @property
    def first_write(self) -> float:
        """Seconds from the store's return; endless where none was."""
        good = [one.at for one in self.answers if one.status == CREATED and one.at > self.returned]
        return min(good, default=float("inf")) - self.returned

    @property
    def last_refusal(self) -> float:
        """Seconds from the store's return; less than 0 where all came before it."""
        return max((one.at for one in self.refused), default=self.returned) - self.returned

    def lost(self, found: Collection[str]) -> set[str]:
        """What was acknowledged and is not there."""
        return self.acknowledged - set(found)


def pace(reads: Sequence[Request], *, seconds: float, lost: float, back: float) -> float:
    """Reads/s of a load of so many seconds, without the time for which the outage kept connections waiting.

    A connection asks nothing while it waits for an answer. `lost`, `back`: epoch seconds between which the
    outage was felt; only what was under way then is excused.
    """
    waited = sum(one.seconds for one in reads if one.sent < back and one.sent + one.seconds > lost)
    return len(reads) / (seconds - waited / (2 * CONNECTIONS))
