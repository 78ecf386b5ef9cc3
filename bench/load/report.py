"""What was measured of each variant, what limited it, and which of the workload's figures hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.load.phase import MeasuredPhase
from bench.load.scaling import Curve
from bench.load.variants import ALL, AS_IT_WAS

FULL = 0.9  # of what there is: from here on it is called full
THROUGHPUT = 4.0  # times the old one
P95 = 2 / 3  # of the old one, at the old throughput
HITS = (0.7, 0.9)
QUERIES = 0.3  # of the old ones
DISTURBED = 0.1  # of the cores, by others: from here on a phase's figures are not the app's alone
SHOWN = 0.05  # of a core: what used less is left out of lists and plots
LONGEST = 200  # ms, the p95 with all parts at the old throughput


@dataclass(frozen=True, kw_only=True, slots=True)
class VariantResult:
    """One variant's phases."""

    variant: str
    cold: MeasuredPhase
    maximum: MeasuredPhase
    steady: MeasuredPhase

    @property
    def phases(self) -> tuple[MeasuredPhase, ...]:
        """All that was measured of it, in the report's order."""
        return self.cold, self.maximum, self.steady


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkloadFigure:
    """One figure of the workload's table, and what was measured."""

    name: str
    wanted: str
    figure: str
    holds: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadReport:
    """All variants in the order they ran. `rate`: the old throughput, requests/s; `cores`: the machine's."""

    results: Sequence[VariantResult]
    curves: Sequence[Curve]
    rate: float
    cores: int

    def of(self, variant: str) -> VariantResult:
        """The result of a variant that has run."""
        return next(result for result in self.results if result.variant == variant)

    def targets(self) -> list[WorkloadFigure]:
        """The workload's table, the whole against the app as it was."""
        before, after = self.of(AS_IT_WAS.name), self.of(ALL.name)
        throughput = after.maximum.rate / before.maximum.rate
        p95 = after.steady.p95 / before.steady.p95
        queries = after.steady.queries / before.steady.queries
        compared = (before.steady, after.steady)
        fair = all(phase.is_whole for phase in compared)
        hit_rate = after.steady.hit_rate or 0.0
        lowest, highest = HITS
        return [
            WorkloadFigure(
                name="throughput, requests/s",
                wanted=f"at least {THROUGHPUT:g} times",
                figure=f"{throughput:.2f} times: {before.maximum.rate:.0f} → {after.maximum.rate:.0f}",
                holds=throughput >= THROUGHPUT,
            ),
            WorkloadFigure(
                name=f"p95 at {self.rate:.0f} requests/s",
                wanted=f"below {P95:.2f} times, and {LONGEST} ms",
                figure=f"{p95:.2f} times: {before.steady.p95:.0f} → {after.steady.p95:.0f} ms"
                + ("" if fair else ", while requests failed or were never sent"),
                holds=fair and p95 < P95 and after.steady.p95 < LONGEST,
            ),
            WorkloadFigure(
                name="hit rate",
                wanted=f"{lowest:.0%} to {highest:.0%}, or better",
                figure=f"{hit_rate:.0%}",
                holds=hit_rate >= lowest,
            ),
            WorkloadFigure(
                name="queries per request",
                wanted=f"at most {QUERIES:.0%}",
                figure=f"{queries:.0%}: {before.steady.queries:.2f} → {after.steady.queries:.2f}",
                holds=queries <= QUERIES,
            ),
        ]

    def broken_promises(self) -> list[str]:
        """What does not hold, and why; empty when all does."""
        missed = [
            f"{target.name}: {target.figure}, wanted {target.wanted}"
            for target in self.targets()
            if not target.holds
        ]
        crossed = [
            f"{ALL.name}, {phase.name}: {threshold}"
            for phase in self.of(ALL.name).phases
            for threshold in phase.crossed
        ]
        return [*missed, *crossed]

    def disturbances(self) -> list[str]:
        """Phases whose figures others' work on this machine has changed; empty when it was quiet."""
        return [
            f"{result.variant}, {phase.name}: {phase.cores['others']:.1f} of {self.cores} cores"
            for result in self.results
            for phase in result.phases
            if phase.cores.get("others", 0.0) > DISTURBED * self.cores
        ]

    def limit(self, result: VariantResult) -> str:
        """What kept a variant from more requests/s."""
        return limit(result.maximum, self.cores)

    def table(self) -> list[tuple[str, ...]]:
        """Cells for people, a variant a row; the head is first."""
        head = (
            *("", "requests/s", "p50", "p95", "p99", "cold p95", "errors", "503", "queries", "hits", "lag"),
            "limited by",
        )
        return [head, *(self._row(result) for result in self.results)]

    def target_table(self) -> list[tuple[str, ...]]:
        """The same for the workload's figures."""
        rows = [
            (target.name, target.wanted, target.figure, "holds" if target.holds else "DOES NOT HOLD")
            for target in self.targets()
        ]
        return [("", "wanted", "measured", ""), *rows]

    def scaling_table(self) -> list[tuple[str, ...]]:
        """Requests/s by route and workers, and how many times one worker's."""
        counts = [str(point.workers) for point in self.curves[0].points]
        rows = [
            (curve.route, *(f"{point.rate:.0f} ({curve.gain(point):.2f})" for point in curve.points))
            for curve in self.curves
        ]
        return [("workers", *counts), *rows]

    def as_json(self) -> dict[str, Any]:
        """Times in ms."""
        return {
            "broken_promises": self.broken_promises(),
            "targets": [asdict(target) for target in self.targets()],
            "disturbances": self.disturbances(),
            "old_throughput": self.rate,
            "variants": [{**asdict(result), "limited_by": self.limit(result)} for result in self.results],
            "scaling": [asdict(curve) for curve in self.curves],
        }

    def _row(self, result: VariantResult) -> tuple[str, ...]:
        steady, maximum = result.steady, result.maximum
        return (
            result.variant,
            f"{maximum.rate:.0f}",
            *(f"{value:.0f} ms" for value in (steady.p50, steady.p95, steady.p99, result.cold.p95)),
            f"{max(steady.errors, maximum.errors):.2%}",
            f"{maximum.refused:.1%}",
            f"{steady.queries:.2f}",
            "" if steady.hit_rate is None else f"{steady.hit_rate:.0%}",
            f"{steady.loop_lag:.0f} ms",
            self.limit(result),
        )


def limit(phase: MeasuredPhase, cores: int) -> str:
    """What was full while the load was at its maximum, from who kept the cores busy."""
    busy = sum(phase.cores.values())
    if busy >= FULL * cores:
        return f"all {cores} cores: {shares(phase.cores)}"
    workers = {name: used for name, used in phase.cores.items() if name.startswith("worker")}
    if workers and min(workers.values()) >= FULL:
        what = "one process and its core" if len(workers) == 1 else f"{len(workers)} workers, a core each"
        return f"{what}: {shares(phase.cores)}"
    waits = ", ".join(f"{count:.1f} for {name}" for name, count in list(phase.waits.items())[:2])
    return f"no core ({busy:.1f} of {cores} busy); of Postgres' connections waited {waits or 'none'}"


def shares(cores: Mapping[str, float]) -> str:
    """Who kept the cores busy, the busiest first; an app's workers are one."""
    together: dict[str, float] = {}
    for name, used in cores.items():
        who = "the app" if name.startswith("worker") else name
        together[who] = together.get(who, 0.0) + used
    falling = sorted(together.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{name} {used:.1f}" for name, used in falling if used >= SHOWN)
