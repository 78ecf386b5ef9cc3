"""Writes as pgbench logs them, and what their latency is while an index is built."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Write:
    """An acknowledged transaction. `scheduled`: when it was due, epoch seconds; `latency`: seconds since."""

    scheduled: float
    latency: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """From when to when something ran, in epoch seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """From start to end: of a build's span, what its whole process took."""
        return self.end - self.start

    def touched(self, writes: Iterable[Write]) -> list[Write]:
        """The writes that were due before its end and done after its start."""
        return [
            write
            for write in writes
            if write.scheduled < self.end and write.scheduled + write.latency > self.start
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """Seconds."""

    p50: float
    p99: float
    maximum: float

    @classmethod
    def of(cls, writes: Sequence[Write]) -> Latency:
        """Of one write at least."""
        ordered = sorted(write.latency for write in writes)
        return cls(p50=_percentile(ordered, 50), p99=_percentile(ordered, 99), maximum=ordered[-1])


def read_log(text: str) -> tuple[list[Write], int]:
    """The acknowledged writes of a `pgbench --log --rate`, and how many failed.

    A line is `client number latency script epoch_seconds microseconds lag`. With a rate, the latency (µs)
    counts from when the transaction was due, so a writer that had to wait is not left out. A failed one has
    the word `failed` there.
    """
    writes, failed = [], 0
    for line in text.splitlines():
        _, _, latency, _, seconds, microseconds, *_ = line.split()
        if latency == "failed":
            failed += 1
        else:
            done, taken = int(seconds) + int(microseconds) / 1e6, int(latency) / 1e6
            writes.append(Write(scheduled=done - taken, latency=taken))
    return writes, failed


def _percentile(ordered: Sequence[float], per_cent: int) -> float:
    """The nearest rank: a value that was measured."""
    return ordered[math.ceil(len(ordered) * per_cent / 100) - 1]
