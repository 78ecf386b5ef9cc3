"""What was measured of each way, and whether it keeps what the migrator promises."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.migrations.latency import Latency, Span, Write
from bench.migrations.way import CONCURRENTLY, MIGRATOR, NO_BUILD, PLAIN, WAYS

LONGEST_RATIO = 1.05  # of the migrator's time to psql's: what the bookkeeping around a build may cost


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """One build under writes. `statement_seconds`: of its CREATE INDEX alone; `peak_rss`: KiB."""

    way: str
    span: Span
    statement_seconds: float
    peak_rss: int
    writes: list[Write] = field(repr=False)
    failed: int
    lost: int

    @property
    def latency(self) -> Latency:
        """Of the writes that the build could touch."""
        return Latency.of(self.span.touched(self.writes))


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildReport:
    """All builds in the order they ran, psql's and the migrator's in pairs. `lock_timeout`: seconds."""

    builds: Sequence[Build]
    lock_timeout: float

    def of(self, way: str) -> list[Build]:
        """The builds of one way, by its name in `bench.migrations.way`."""
        return [build for build in self.builds if build.way == way]

    def latency(self, way: str) -> Latency:
        """Over all builds of a way."""
        return Latency.of([write for build in self.of(way) for write in build.span.touched(build.writes)])

    def worst(self, way: str) -> Build:
        """The build during which one write took longest."""
        return max(self.of(way), key=lambda build: build.latency.maximum)

    def seconds(self, way: str) -> float:
        """The median of a way's processes."""
        return statistics.median(build.span.seconds for build in self.of(way))

    def process_ratios(self) -> list[float]:
        """The migrator's whole process to psql's, pair by pair."""
        return [ours.span.seconds / psqls.span.seconds for psqls, ours in self._pairs()]

    def statement_ratios(self) -> list[float]:
        """The same of the statement alone, as the server logged it."""
        return [ours.statement_seconds / psqls.statement_seconds for psqls, ours in self._pairs()]

    def fastest_ratio(self) -> float:
        """Of the fastest processes: what others do on the machine only ever adds."""
        ours, psqls = (min(build.span.seconds for build in self.of(way)) for way in (MIGRATOR, CONCURRENTLY))
        return ours / psqls

    def around(self, way: str) -> float:
        """The median seconds of a way's process beside its statement: its start, connections, bookkeeping."""
        return statistics.median(build.span.seconds - build.statement_seconds for build in self.of(way))

    def broken_promises(self) -> list[str]:
        """What does not hold, and why; empty when all does."""
        return [*self._blocked(), *self._slow(), *self._lost()]

    def table(self) -> list[tuple[str, ...]]:
        """Cells for people, a way a row; the head is first."""
        head = ("", "builds", "process", "writes", "p50", "p99", "max", "failed", "lost", "peak RSS")
        return [head, *(self._row(way) for way in WAYS)]

    def ratios(self) -> str:
        """What the migrator's time is to psql's, and what of it is not the statement."""
        return (
            "migrator to psql CONCURRENTLY, pair by pair\n"
            f"  process          {_extremes(self.process_ratios())}\n"
            f"  statement alone  {_extremes(self.statement_ratios())}\n"
            f"  fastest process  {self.fastest_ratio():.3f}\n"
            f"  around it        {self.around(MIGRATOR):.2f} s to {self.around(CONCURRENTLY):.2f} s"
        )

    def as_json(self) -> dict[str, Any]:
        """Seconds and KiB."""
        return {
            "lock_timeout": self.lock_timeout,
            "broken_promises": self.broken_promises(),
            "ratios_to_psql_concurrently": {
                "process": self.process_ratios(),
                "statement": self.statement_ratios(),
                "process_median": statistics.median(self.process_ratios()),
                "process_fastest": self.fastest_ratio(),
                "limit": LONGEST_RATIO,
            },
            "around_the_statement": {way: self.around(way) for way in (CONCURRENTLY, MIGRATOR)},
            "ways": {way: asdict(self.latency(way)) for way in WAYS},
            "builds": [
                {
                    "way": build.way,
                    "process_seconds": build.span.seconds,
                    "statement_seconds": build.statement_seconds,
                    "peak_rss": build.peak_rss,
                    "writes": len(build.writes),
                    "failed": build.failed,
                    "lost": build.lost,
                    "latency": asdict(build.latency),
                }
                for build in self.builds
            ],
        }

    def _row(self, way: str) -> tuple[str, ...]:
        builds, latency = self.of(way), self.latency(way)
        rss = max(build.peak_rss for build in builds)
        return (
            way,
            str(len(builds) if way != NO_BUILD else 0),
            f"{self.seconds(way):.2f} s",
            str(sum(len(build.writes) for build in builds)),
            *(f"{seconds * 1000:.1f} ms" for seconds in (latency.p50, latency.p99, latency.maximum)),
            str(sum(build.failed for build in builds)),
            str(sum(build.lost for build in builds)),
            f"{rss / 1024:.0f} MiB" if rss else "",
        )

    def _pairs(self) -> list[tuple[Build, Build]]:
        return list(zip(self.of(CONCURRENTLY), self.of(MIGRATOR), strict=True))

    def _blocked(self) -> list[str]:
        limit, slowest = self.lock_timeout, {way: self.latency(way).maximum for way in WAYS}
        broken = []
        if slowest[MIGRATOR] > limit:
            broken.append(
                f"a write took {slowest[MIGRATOR]:.2f} s while the migrator built, and lock_timeout is "
                f"{limit:g} s (the slowest without a build took {slowest[NO_BUILD]:.2f} s, "
                f"with psql's {slowest[CONCURRENTLY]:.2f} s)"
            )
        if slowest[PLAIN] <= limit:
            broken.append(
                f"the plain build blocked writes for {slowest[PLAIN]:.2f} s only, so this run cannot show "
                f"that the migrator blocks none for {limit:g} s: give more --rows"
            )
        return broken

    def _slow(self) -> list[str]:
        ratio = statistics.median(self.process_ratios())
        if ratio <= LONGEST_RATIO:
            return []
        return [
            f"the migrator took {ratio:.3f} times psql's CONCURRENTLY, and may take {LONGEST_RATIO} times "
            f"(the statement alone: {_extremes(self.statement_ratios())}; what is around it: "
            f"{self.around(MIGRATOR):.2f} s, psql's {self.around(CONCURRENTLY):.2f} s)"
        ]

    def _lost(self) -> list[str]:
        return [
            f"{build.way}: {build.lost} acknowledged writes are not in the table, {build.failed} failed"
            for build in self.builds
            if build.lost or build.failed
        ]


def _extremes(ratios: Sequence[float]) -> str:
    return f"median {statistics.median(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f}"
