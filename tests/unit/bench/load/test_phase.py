"""What is made of k6's summary, of /proc and of the app's own figures."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from bench.load import mix, phase
from bench.load.k6 import LoadFailed
from bench.load.phase import MachineLook


def summary(**metrics: dict[str, float]) -> dict[str, Any]:
    """As users.js writes it; the metrics' names without the part they are of, unless it is spelled out."""
    held = {f"{name}{{{phase.HELD}}}": {"values": values} for name, values in metrics.items()}
    return {"metrics": {**held, "http_reqs": {"values": {"count": 1200}}}}


SUMMARY = summary(
    http_reqs={"count": 1000},
    http_req_failed={"rate": 0.05},
    refused={"count": 40},
    http_req_duration={"med": 20, "p(95)": 90, "p(99)": 150},
)
LOOKS = [
    MachineLook(at=0, busy={"k6": 0.0}, waits=Counter({"a core": 9})),
    MachineLook(at=8, busy={"k6": 2.0, "worker 1": 10.0}, waits=Counter({"a core": 1})),
    MachineLook(at=13, busy={"k6": 3.0, "worker 1": 14.0}, waits=Counter({"a core": 1, "IO: WALSync": 2})),
    MachineLook(at=18, busy={"k6": 4.0, "worker 1": 19.0}, waits=Counter({"a core": 1})),
]


def measured() -> phase.MeasuredPhase:
    reads = Counter(hit=700, stale=100, miss=150, unavailable=50)
    return phase.measured(phase.maximum(10), SUMMARY, LOOKS, reads=reads, statements=2400, lag=12.0)


def test_only_the_held_load_counts() -> None:
    """The ramp's requests and its looks are left out, but for the statements, which are of all requests."""
    found = measured()
    assert (found.rate, found.p50, found.p95, found.p99) == (95, 20, 90, 150)
    assert found.cores == {"k6": 0.2, "worker 1": 0.9}
    assert found.waits == {"a core": 1.0, "IO: WALSync": pytest.approx(2 / 3)}
    assert found.queries == 2


@pytest.mark.parametrize(("sent", "share"), [(0, 0.0), (7, 1.0)])
def test_a_phase_without_a_good_answer_has_no_figures(sent: int, share: float) -> None:
    """It says so, where a division by zero would not."""
    nothing = summary(http_reqs={"count": sent}, http_req_failed={"rate": share}, refused={"count": sent})
    with pytest.raises(LoadFailed, match=f"'maximum': none of {sent} requests was answered well, {sent} got"):
        phase.measured(phase.maximum(10), nothing, LOOKS, reads=Counter(), statements=0, lag=0)


def test_a_refusal_is_no_error_and_no_throughput() -> None:
    """503 is the app's word that it can't take more; the rest of what failed is an error."""
    found = measured()
    assert [found.refused, found.errors] == pytest.approx([0.04, 0.01])


def test_a_stale_answer_came_from_the_cache_and_an_unavailable_one_did_not() -> None:
    """Of all reads, whatever became of them."""
    assert measured().hit_rate == 0.8


def test_a_threshold_that_was_crossed_is_told() -> None:
    """By k6's own judgement."""
    crossed = summary(http_reqs={"count": 1})
    crossed["metrics"]["http_req_failed{scenario:held}"] = {
        "values": {"rate": 0.5},
        "thresholds": {"rate<0.001": {"ok": False}},
    }
    found = phase.measured(phase.steady(1, 10), crossed, LOOKS, reads=Counter(), statements=0, lag=0)
    assert found.crossed == ["http_req_failed{scenario:held}: rate<0.001"]
    assert found.hit_rate is None


def test_errors_are_limited_in_every_phase_and_the_p95_where_it_is_promised() -> None:
    """k6 itself judges; each kind of request has a p95 of its own in its summary."""
    duration = "http_req_duration{scenario:held}"
    for load in (phase.cold(100, 5), phase.steady(100, 5), phase.maximum(5)):
        assert load.thresholds["http_req_failed{scenario:held}"] == ["rate<0.001"]
        assert load.thresholds[duration] == ["max>=0"]
        assert {
            f"http_req_duration{{scenario:held,name:{name}}}" for name in mix.MIX
        } < load.thresholds.keys()
    assert phase.steady(100, 5, p95=200).thresholds[duration] == ["p(95)<200"]


def test_the_apps_figures_are_of_all_its_processes() -> None:
    """Reads are added up over caches and workers; the event loop's is a time, in ms."""
    texts = [
        'app_cache_reads_total{cache="members",outcome="hit"} 5\n'
        'app_cache_reads_total{cache="me",outcome="hit"} 2\nnodejs_eventloop_lag_p99_seconds 0.0125\n',
        'app_cache_reads_total{outcome="miss",cache="members"} 3\n',
    ]
    assert phase.cache_reads(texts) == Counter(hit=7, miss=3)
    assert [phase.loop_lag(text) for text in texts] == [12.5, 0]
