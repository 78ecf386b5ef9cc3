"""AWS/ApplicationELB: what HAProxy counts, as an application load balancer's metrics. Pure.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.cloud.cloudwatch.metrics import datum
from rehearsal.cloud.elbv2.targets import RegisteredTarget

NAMESPACE = "AWS/ApplicationELB"
_COUNTED = ("stot", "econ", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx")
_PUBLISHED = {
    "HTTPCode_Target_2XX_Count": "hrsp_2xx",
    "HTTPCode_Target_3XX_Count": "hrsp_3xx",
    "HTTPCode_Target_4XX_Count": "hrsp_4xx",
    "HTTPCode_Target_5XX_Count": "hrsp_5xx",
    "TargetConnectionErrorCount": "econ",
}
"""Those that are reported only where they are not zero."""


@dataclass(kw_only=True, slots=True)
class Tally:
    """What a target has done since it was last asked."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTED, 0))
    response_time: float = 0.0
    """Seconds until it begins to answer: HAProxy's mean over its last 1024 requests."""


class BalancerTraffic:
    """Adds up `show stat`. What HAProxy counts begins again when it is reloaded; servers come and go."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, str], dict[str, int]] = {}
        self._tallies: dict[str, dict[str, Tally]] = {}
        self._own_errors = 0

    def see(self, rows: Mapping[tuple[str, str], Mapping[str, str]]) -> None:
        """Look at all rows, often enough that none disappears unseen."""
        before, self._before = self._before, {}
        for (proxy, server), row in rows.items():
            if server == "BACKEND":
                continue
            counts = {name: int(row[name] or 0) for name in _COUNTED}
            self._before[proxy, server] = counts
            known = before.get((proxy, server), {})
            increase = {name: _increase(known.get(name, 0), count) for name, count in counts.items()}
            if server == "FRONTEND":
                self._own_errors += increase["hrsp_5xx"]
                continue
            self._own_errors -= increase["hrsp_5xx"]
            tally = self._tallies.setdefault(proxy, {}).setdefault(server, Tally())
            tally.response_time = int(row["rtime"] or 0) / 1000
            for name, more in increase.items():
                tally.counts[name] += more

    def take_tallies(self, backend: str) -> Iterable[Tally]:
        """Of a target group's targets, since the last call."""
        return self._tallies.pop(backend, {}).values()

    def take_own_errors(self) -> int:
        """Answers of 5xx that no target gave; a target's is counted a moment before the listener's."""
        errors = max(0, self._own_errors)
        self._own_errors -= errors
        return errors


def _increase(before: int, now: int) -> int:
    return now - before if now >= before else now


def suffix(arn: str) -> str:
    """The part of an ARN that a dimension has: `app/name/id`, `targetgroup/name/id`."""
    return arn.rpartition(":")[2].removeprefix("loadbalancer/")


def target_group_data(
    balancer: str, target_group: str, tallies: Iterable[Tally], targets: Iterable[RegisteredTarget]
) -> list[dict[str, Any]]:
    """Of a target group behind a load balancer, and the same for the load balancer as a whole."""
    both = {"TargetGroup": target_group, "LoadBalancer": balancer}
    tallies, targets = list(tallies), list(targets)
    registered = [target for target in targets if target.state != "draining"]
    healthy = sum(target.state == "healthy" for target in targets)
    requests = sum(tally.counts["stot"] for tally in tallies)
    per_target = requests / (healthy or len(registered) or 1)
    data = [
        datum("RequestCountPerTarget", dimensions, "Count", per_target)
        for dimensions in ({"TargetGroup": target_group}, both)
    ]
    if registered:
        unhealthy = sum(target.state == "unhealthy" for target in targets)
        data.append(datum("HealthyHostCount", both, "Count", healthy))
        data.append(datum("UnHealthyHostCount", both, "Count", unhealthy))
    for dimensions in (both, {"LoadBalancer": balancer}):
        if registered:
            data.append(datum("RequestCount", dimensions, "Count", requests))
        for name, counted in _PUBLISHED.items():
            if number := sum(tally.counts[counted] for tally in tallies):
                data.append(datum(name, dimensions, "Count", number))
        data.extend(
            datum("TargetResponseTime", dimensions, "Seconds", tally.response_time, tally.counts["stot"])
            for tally in tallies
            if tally.counts["stot"]
        )
    return data


def balancer_data(balancer: str, own_errors: int) -> list[dict[str, Any]]:
    """Of the load balancer alone."""
    dimensions = {"LoadBalancer": balancer}
    return [datum("HTTPCode_ELB_5XX_Count", dimensions, "Count", own_errors)] if own_errors else []
