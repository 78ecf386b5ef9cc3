"""Which figure of the workload's table holds, and what limited a variant."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bench.load.phase import MeasuredPhase
from bench.load.report import LoadReport, VariantResult, limit
from bench.load.scaling import Curve, Point

BEFORE = MeasuredPhase(
    name="steady",
    requests=1000,
    rate=100,
    p50=50,
    p95=300,
    p99=500,
    errors=0,
    refused=0,
    dropped=0,
    slowest={},
    queries=2.0,
    hit_rate=None,
    cores={"worker 1": 0.5, "Postgres": 1.4, "k6": 0.04, "others": 0.01},
    waits={"a core": 4.0},
    loop_lag=20,
    crossed=[],
)
AFTER = replace(BEFORE, rate=400, p95=190, queries=0.6, hit_rate=0.85)


def report(after: MeasuredPhase = AFTER) -> LoadReport:
    """The app as it was and the whole."""
    return LoadReport(
        results=[
            VariantResult(variant="as it was", cold=BEFORE, steady=BEFORE, maximum=BEFORE),
            VariantResult(variant="all parts", cold=after, steady=after, maximum=after),
        ],
        curves=[
            Curve(route="/me", bound="x", points=[Point(workers=n, rate=n * 90, failed=0) for n in (1, 2)])
        ],
        rate=80,
        cores=2,
    )


def test_figures_on_the_bound_hold() -> None:
    """Four times, below two thirds, 30 %."""
    assert report().broken_promises() == []
    assert [target.holds for target in report().targets()] == [True] * 4


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({"rate": 399.0}, "throughput, requests/s: 3.99 times: 100 → 399, wanted at least 4 times"),
        (
            {"p95": 200.0},
            "p95 at 80 requests/s: 0.67 times: 300 → 200 ms, wanted below 0.67 times, and 200 ms",
        ),
        ({"hit_rate": 0.69}, "hit rate: 69%, wanted 70% to 90%, or better"),
        ({"queries": 0.62}, "queries per request: 31%: 2.00 → 0.62, wanted at most 30%"),
        (
            {"dropped": 3},
            "p95 at 80 requests/s: 0.63 times: 300 → 190 ms, while requests failed or were never sent, "
            "wanted below 0.67 times, and 200 ms",
        ),
    ],
)
def test_each_figure_alone_can_break_the_promise(changed: dict[str, float], broken: str) -> None:
    """And says what was measured and what was wanted."""
    assert report(replace(AFTER, **changed)).broken_promises() == [broken]  # type: ignore[arg-type]


def test_a_threshold_that_is_crossed_in_any_phase_breaks_the_promise() -> None:
    """k6's own judgement, here of the closed loop."""
    crossed = replace(AFTER, name="maximum", crossed=["http_req_failed: rate<0.001"])
    first, whole = report().results
    found = replace(report(), results=[first, replace(whole, maximum=crossed)])
    assert found.broken_promises() == ["all parts, maximum: http_req_failed: rate<0.001"]


def test_a_full_machine_is_the_limit_and_its_users_are_named() -> None:
    """The busiest first; who takes next to nothing is left out."""
    assert limit(BEFORE, 2) == "all 2 cores: Postgres 1.4, the app 0.5"


def test_a_full_process_is_the_limit_where_the_machine_is_not() -> None:
    """One process, or each of several: their sum is the app's."""
    one = replace(BEFORE, cores={"worker 1": 0.97, "Postgres": 0.2})
    assert limit(one, 4) == "one process and its core: the app 1.0, Postgres 0.2"
    two = replace(BEFORE, cores={"worker 1": 0.97, "worker 2": 0.95, "k6": 0.3})
    assert limit(two, 4) == "2 workers, a core each: the app 1.9, k6 0.3"


def test_where_nothing_is_full_the_waits_are_told() -> None:
    """What Postgres' connections waited for, the most frequent first."""
    idle = replace(BEFORE, cores={"worker 1": 0.3}, waits={"IO: WALSync": 3.2, "a core": 0.1})
    assert (
        limit(idle, 4)
        == "no core (0.3 of 4 busy); of Postgres' connections waited 3.2 for IO: WALSync, 0.1 for a core"
    )


def test_the_work_of_others_is_told_phase_by_phase() -> None:
    """A tenth of the cores is enough to doubt a figure."""
    busy = replace(AFTER, name="cold", cores={"others": 0.21})
    quiet = report()
    disturbed = replace(quiet, results=[quiet.results[0], replace(quiet.results[1], cold=busy)])
    assert quiet.disturbances() == []
    assert disturbed.disturbances() == ["all parts, cold: 0.2 of 2 cores"]


def test_the_report_is_json_and_tables() -> None:
    """Every row is as wide as its head."""
    found = report()
    assert json.loads(json.dumps(found.as_json()))["old_throughput"] == 80
    for head, *rows in (found.table(), found.target_table(), found.scaling_table()):
        assert {len(row) for row in rows} == {len(head)}
    assert found.scaling_table()[1] == ("/me", "90 (1.00)", "180 (2.00)")
