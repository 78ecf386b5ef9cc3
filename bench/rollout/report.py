"""What was measured of each rollout, and whether its users noticed anything."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

from bench.rollout.measured_group import GroupLook, MeasuredRefresh
from testkit.load import Outcome, Request

BOOT, WARM_UP, DRAIN = "new servers boot", "new servers warm up", "old servers drain and stop"
PHASES = (BOOT, WARM_UP, DRAIN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Second:
    """The requests sent within one second; `at`: seconds since the refresh began; `p95`: seconds."""

    at: int
    requests: int
    failed: int
    p95: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RolloutPhase:
    """A stretch of time, in seconds since the refresh began."""

    name: str
    start: float
    end: float


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredRollout:
    """One rollout under load. `predicted`, `deployment`: seconds, the latter of the whole `pulumi up`.

    `predicted` is what the settings allow, known before the rollout: each server boots in its start time.
    """

    refresh: MeasuredRefresh
    predicted: float
    deployment: float
    outcome: Outcome = field(repr=False)
    looks: Sequence[GroupLook] = field(repr=False)

    @property
    def seconds(self) -> float:
        """From the refresh's start to its end."""
        return self.refresh.end - self.refresh.start

    @property
    def ratio(self) -> float:
        """Of the time it took to the settings'."""
        return self.seconds / self.predicted

    @property
    def fewest_healthy(self) -> int:
        """Targets, at any look; fewer than were desired is a broken promise."""
        return min(look.healthy for look in self.looks)

    def p95(self, *, during: bool) -> float:
        """Seconds; of the requests that were sent while the servers were replaced, or of the others."""
        start, end = self.refresh.start, self._last_leaving()
        return percentile(
            [request for request in self.outcome.each if (start <= request.sent <= end) is during], 95
        )

    def by_second(self) -> list[Second]:
        """The whole seconds that the load lasted; one in which nothing was sent is among them."""
        seconds: dict[int, list[Request]] = {}
        for request in self.outcome.each:
            seconds.setdefault(math.floor(request.sent - self.refresh.start), []).append(request)
        whole = range(min(seconds) + 1, max(seconds))
        return [
            Second(
                at=at,
                requests=len(sent := seconds.get(at, [])),
                failed=sum(request.failed for request in sent),
                p95=percentile(sent, 95),
            )
            for at in whole
        ]

    def phases(self) -> list[RolloutPhase]:
        """What the rollout did when; two at once go by the earlier one of `PHASES`."""
        phases, ends = [], [*(look.at for look in self.looks[1:]), self.looks[-1].at]
        timed = zip(self.looks, ends, strict=True)
        for name, group in groupby(timed, key=lambda pair: phase_of(pair[0])):
            spans = list(group)
            start, end = spans[0][0].at - self.refresh.start, spans[-1][1] - self.refresh.start
            if name:
                phases.append(RolloutPhase(name=name, start=start, end=end))
        return phases

    def _last_leaving(self) -> float:
        return max((look.at for look in self.looks if look.leaving), default=self.refresh.end)


@dataclass(frozen=True, kw_only=True, slots=True)
class RolloutReport:
    """All rollouts in the order they ran."""

    rollouts: Sequence[MeasuredRollout]
    rate: int
    """Requests/s that were to be at least."""

    @property
    def ratios(self) -> list[float]:
        """Each rollout's duration to the one that its settings predict."""
        return [rollout.ratio for rollout in self.rollouts]

    def median(self) -> MeasuredRollout:
        """The one whose ratio is in the middle."""
        return sorted(self.rollouts, key=lambda rollout: rollout.ratio)[(len(self.rollouts) - 1) // 2]

    def broken_promises(self) -> list[str]:
        """What does not hold, and why; empty when all does."""
        numbered = enumerate(self.rollouts, 1)
        return [broken for number, rollout in numbered for broken in self._broken(number, rollout)]

    def table(self) -> list[tuple[str, ...]]:
        """Cells for people, a rollout a row; the head is first."""
        head = ("", "took", "allowed", "ratio", "boot", "requests", "failed", "p95", "otherwise", "healthy")
        return [head, *(self._row(number, rollout) for number, rollout in enumerate(self.rollouts, 1))]

    def summary(self) -> str:
        """The ratio over all rollouts."""
        ratios = self.ratios
        return (
            f"time to what the settings allow: median {statistics.median(ratios):.2f}, "
            f"{min(ratios):.2f} to {max(ratios):.2f}"
        )

    def as_json(self) -> dict[str, Any]:
        """Seconds."""
        ratios = self.ratios
        return {
            "broken_promises": self.broken_promises(),
            "ratio_to_prediction": {
                "median": statistics.median(ratios),
                "lowest": min(ratios),
                "highest": max(ratios),
            },
            "rollouts": [
                {
                    "seconds": rollout.seconds,
                    "predicted": rollout.predicted,
                    "ratio": rollout.ratio,
                    "boots": rollout.refresh.boots,
                    "deployment": rollout.deployment,
                    "requests": rollout.outcome.requests,
                    "failed": rollout.outcome.failed,
                    "rate": rollout.outcome.rate,
                    "p95": {
                        "while_replaced": rollout.p95(during=True),
                        "otherwise": rollout.p95(during=False),
                    },
                    "fewest_healthy": rollout.fewest_healthy,
                    "phases": [asdict(phase) for phase in rollout.phases()],
                    "by_second": [asdict(second) for second in rollout.by_second()],
                    "servers": [asdict(look) for look in rollout.looks],
                }
                for rollout in self.rollouts
            ],
        }

    def _broken(self, number: int, rollout: MeasuredRollout) -> Iterable[str]:
        if rollout.refresh.status != "Successful":
            yield f"rollout {number} ended as {rollout.refresh.status}"
        if rollout.outcome.failed:
            lines = "; ".join(rollout.outcome.lines)
            yield f"rollout {number}: {rollout.outcome.failed} requests failed: {lines}"
        if rollout.outcome.rate < self.rate:
            yield f"rollout {number}: only {rollout.outcome.rate:.0f} requests/s were sent, not {self.rate}"
        if rollout.ratio > 1:
            allowed = f"the settings allow {rollout.predicted:.0f} s"
            yield f"rollout {number} took {rollout.seconds:.0f} s, and {allowed}"
        desired = max(look.desired for look in rollout.looks)
        if rollout.fewest_healthy < desired:
            yield f"rollout {number}: {rollout.fewest_healthy} of {desired} servers were healthy"

    def _row(self, number: int, rollout: MeasuredRollout) -> tuple[str, ...]:
        return (
            f"rollout {number}",
            f"{rollout.seconds:.1f} s",
            f"{rollout.predicted:.1f} s",
            f"{rollout.ratio:.2f}",
            f"{max(rollout.refresh.boots):.1f} s",
            str(rollout.outcome.requests),
            str(rollout.outcome.failed),
            *(f"{rollout.p95(during=during) * 1000:.0f} ms" for during in (True, False)),
            f"{rollout.fewest_healthy} at least",
        )


def phase_of(look: GroupLook) -> str:
    """Which phase a look shows; empty where nothing is replaced."""
    if look.booting:
        return BOOT
    if look.leaving:
        return DRAIN
    if look.percentage is None:
        return ""
    return WARM_UP if look.healthy > look.desired else BOOT  # the first are asked for, and not there yet


def percentile(requests: Iterable[Request], per_cent: int) -> float:
    """Seconds, the nearest rank; 0 where there is no request."""
    ordered = sorted(request.seconds for request in requests)
    return ordered[math.ceil(len(ordered) * per_cent / 100) - 1] if ordered else 0.0
