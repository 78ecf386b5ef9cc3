"""What is told of a rollout, from what was measured."""

from __future__ import annotations

import json
from dataclasses import replace

from bench.rollout.measured_group import GroupLook, MeasuredRefresh
from bench.rollout.report import BOOT, DRAIN, WARM_UP, MeasuredRollout, RolloutPhase, RolloutReport, Second
from testkit.load import Outcome, Request

START = 1_000_000.0
LOOKS = [
    (-1.0, 2, 0, 0, None),
    (0.0, 2, 0, 0, 0),
    (0.5, 2, 2, 0, 0),
    (10.0, 4, 0, 0, 0),
    (20.0, 4, 0, 2, 100),
    (22.0, 2, 0, 2, None),
    (25.0, 2, 0, 0, None),
]
"""Seconds, healthy, booting, leaving, percentage."""


def requests(*spoilt: Request) -> tuple[Request, ...]:
    """Ten a second, from 2 s before the refresh until 30 s after its start."""
    good = [Request(sent=START + tenth / 10, seconds=0.01, status=200) for tenth in range(-20, 300)]
    return tuple(sorted([*good, *spoilt], key=lambda one: one.sent))


def rollout(*spoilt: Request, seconds: float = 21, lines: tuple[str, ...] = ()) -> MeasuredRollout:
    each = requests(*spoilt)
    failed = sum(one.failed for one in each)
    return MeasuredRollout(
        refresh=MeasuredRefresh(status="Successful", start=START, end=START + seconds, boots=(9.0, 8.0)),
        predicted=40,
        deployment=30,
        outcome=Outcome(requests=len(each), failed=failed, seconds=3.2, lines=lines, each=each),
        looks=[
            GroupLook(
                at=START + at, desired=2, healthy=healthy, booting=booting, leaving=leaving, percentage=done
            )
            for at, healthy, booting, leaving, done in LOOKS
        ],
    )


def report(*rollouts: MeasuredRollout) -> RolloutReport:
    return RolloutReport(rollouts=rollouts, rate=100)


def test_a_rollout_that_nobody_notices_keeps_every_promise() -> None:
    """The time it took is told against what its settings allow, the middle one of several is shown."""
    seen = report(rollout(seconds=30), rollout(seconds=20), rollout(seconds=24))
    assert seen.broken_promises() == []
    assert seen.ratios == [0.75, 0.5, 0.6]
    assert seen.median().ratio == 0.6
    assert seen.summary() == "time to what the settings allow: median 0.60, 0.50 to 0.75"


def test_a_rollout_that_takes_longer_than_its_settings_allow_breaks_the_promise() -> None:
    """They were known before it."""
    assert report(rollout(seconds=41)).broken_promises() == [
        "rollout 1 took 41 s, and the settings allow 40 s"
    ]


def test_a_failed_request_breaks_the_promise() -> None:
    """It is told in the words of wrk."""
    lost = Request(sent=START + 21, seconds=0.2, status=0)
    assert report(rollout(), rollout(lost, lines=("Socket errors: read 1",))).broken_promises() == [
        "rollout 2: 1 requests failed: Socket errors: read 1"
    ]


def test_too_few_servers_break_the_promise() -> None:
    """At any look."""
    one = rollout()
    few = replace(one, looks=[*one.looks, replace(one.looks[-1], healthy=1)])
    assert report(few).broken_promises() == ["rollout 1: 1 of 2 servers were healthy"]


def test_a_load_that_is_too_small_proves_nothing() -> None:
    """Half of the rate."""
    one = rollout()
    slow = replace(one, outcome=replace(one.outcome, seconds=6.4))
    assert report(slow).broken_promises() == ["rollout 1: only 50 requests/s were sent, not 100"]


def test_a_rollout_that_was_rolled_back_breaks_the_promise() -> None:
    """It replaced nothing."""
    one = rollout()
    back = replace(one, refresh=replace(one.refresh, status="RollbackSuccessful"))
    assert report(back).broken_promises() == ["rollout 1 ended as RollbackSuccessful"]


def test_the_phases_follow_one_another() -> None:
    """Each lasts until the first look that shows the next one; before and after there is none."""
    assert rollout().phases() == [
        RolloutPhase(name=BOOT, start=0, end=10),
        RolloutPhase(name=WARM_UP, start=10, end=20),
        RolloutPhase(name=DRAIN, start=20, end=25),
    ]


def test_requests_are_counted_by_the_second_in_which_they_were_sent() -> None:
    """A second in which nothing could be sent shows as such; the first and the last are not whole."""
    each = tuple(one for one in requests() if not 3 <= one.sent - START < 4)
    one = rollout(Request(sent=START + 5.5, seconds=0.7, status=503))
    slow = replace(one, outcome=replace(one.outcome, each=each))
    by_second = slow.by_second()
    assert [second.at for second in by_second] == list(range(-1, 29))
    assert by_second[4] == Second(at=3, requests=0, failed=0, p95=0)
    assert one.by_second()[6] == Second(at=5, requests=11, failed=1, p95=0.7)


def test_the_latency_while_servers_are_replaced_is_told_beside_the_usual_one() -> None:
    """Until the last old server has gone."""
    slow = [Request(sent=START + 24 + tenth / 100, seconds=0.5, status=200) for tenth in range(90)]
    seen = rollout(*slow)
    assert (seen.p95(during=True), seen.p95(during=False)) == (0.01, 0.5)
    seen = rollout(*(replace(one, sent=one.sent - 4) for one in slow))
    assert (seen.p95(during=True), seen.p95(during=False)) == (0.5, 0.01)


def test_the_report_is_json() -> None:
    """With all that the plot shows."""
    (told,) = json.loads(json.dumps(report(rollout()).as_json()))["rollouts"]
    assert told["ratio"] == 0.525
    assert told["by_second"][0] == {"at": -1, "requests": 10, "failed": 0, "p95": 0.01}
