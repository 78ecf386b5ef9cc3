"""What is measured: the app as it was, with each part alone, and with all of them."""

from __future__ import annotations

from dataclasses import dataclass

WORKERS, INDICES, CLIENT, CACHE, QUEUE = "workers", "indices", "client", "cache", "queue"
PARTS = {
    WORKERS: "PM2 runs a worker on each core instead of one process",
    INDICES: "the three indices of 20251204_add_critical_indices",
    CLIENT: "the app's own pool and its time-outs instead of Prisma's",
    CACHE: "analytics and lists of members from Redis",
    QUEUE: "SMS are sent by the queue's worker instead of within the request",
}
"""The workload's parts, by what the report calls them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """The app with these parts, and with the others as they were."""

    name: str
    parts: frozenset[str]

    @property
    def without(self) -> list[str]:
        """The parts that are as they were."""
        return [part for part in PARTS if part not in self.parts]


AS_IT_WAS = Variant(name="as it was", parts=frozenset())
ALL = Variant(name="all parts", parts=frozenset(PARTS))
VARIANTS = (AS_IT_WAS, *(Variant(name=f"+ {part}", parts=frozenset({part})) for part in PARTS), ALL)
"""In the order they are measured in: the old throughput comes first."""
UNCACHED = Variant(name="all but the cache", parts=frozenset(PARTS) - {CACHE})
"""Whose routes the scaling is measured with: each request reaches what it is for."""
