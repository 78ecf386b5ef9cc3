"""Requests/s by the number of workers, of routes that the processor limits and of one that Postgres does."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.load.app import App
from testkit.load import Outcome, outcome

WORKERS = (1, 2, 3, 4)
CONNECTIONS = 16  # with more of them the pool refuses what Postgres can't keep up with
ROUTES = {
    "/healthz": "Node alone",
    "/members": "Node, and a short query",
    "/analytics": "Postgres",  # it counts all messages of the largest church
}
"""And what bounds them where there is no cache."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """`rate`: requests/s that were answered well."""

    workers: int
    rate: float
    failed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """One route, from one worker on."""

    route: str
    bound: str
    points: Sequence[Point]

    def gain(self, point: Point) -> float:
        """How many times the rate of one worker."""
        return point.rate / self.points[0].rate


def measure(app: App, *, route: str, headers: Mapping[str, str], seconds: int) -> Point:
    """As many requests as the app answers, by wrk: it leaves the workers more of the cores than k6 does."""
    done = subprocess.run(
        [
            *("setpriv", "--pdeathsig", "KILL"),
            *("wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s"),
            *(word for name, value in headers.items() for word in ("--header", f"{name}: {value}")),
            f"{app.url}{route}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    answered: Outcome = outcome(done.stdout, seconds)
    return Point(
        workers=app.workers, rate=(answered.requests - answered.failed) / seconds, failed=answered.failed
    )
