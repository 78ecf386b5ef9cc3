"""What makes a cloud mean: one seed's mood, and the count of what it did."""

from typing import Any

from rehearsal.cloud.body import StatusRow
from rehearsal.cloud.mean.freedoms import Freedom
from rehearsal.cloud.mean.front import Application, MeanFront
from rehearsal.cloud.mean.ledger import FreedomLedger
from rehearsal.cloud.mean.mood import Mood


class Meanness:
    """The meanness of one cloud, from the cloud's start to its end."""

    def __init__(self, seed: int) -> None:
        self._mood = Mood(seed)
        self._ledger = FreedomLedger()

    def around(self, cloud: Application) -> MeanFront:
        """The cloud's application as callers meet it."""
        return MeanFront(cloud, self._mood, self._ledger)

    def is_short(self, zone: str) -> bool:
        """Whether the zone has no machine for the launch that is about to be."""
        number = self._ledger.number(f"launch in {zone}")
        taken = self._mood.takes(Freedom.NO_CAPACITY, zone, number)
        if taken:
            self._ledger.note(Freedom.NO_CAPACITY)
        return taken

    def rows(self) -> list[StatusRow]:
        """One row, that nobody forgets why things go slowly."""
        state = f"{sum(self._ledger.taken().values())} freedoms taken"
        return [
            StatusRow(kind="mean cloud", name=f"seed {self._mood.seed}", address="", pid=None, state=state)
        ]

    def told(self) -> dict[str, Any]:
        """The seed, and how often each freedom was taken."""
        return {"seed": self._mood.seed, "taken": self._ledger.taken()}

    def __str__(self) -> str:
        taken = ", ".join(f"{name} {count}" for name, count in self._ledger.taken().items())
        return f"mean with seed {self._mood.seed}: {taken}"
