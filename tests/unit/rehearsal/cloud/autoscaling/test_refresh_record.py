"""The record of an instance refresh: how it waits, bakes, and ends."""

import time
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.cloud.autoscaling import refresh_record as module
from rehearsal.cloud.autoscaling.refresh_record import PATIENCE, Refresh, active_refresh, replacing_refresh


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Seconds that a test moves on by hand; configurations are their versions."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(module, "configuration", lambda _: "old")
    monkeypatch.setattr(module, "desired_configuration", lambda *_: "new")
    return clock


def begun(**preferences: Any) -> tuple[Any, Refresh]:
    """A refresh of a group that pins its version, under way."""
    group: Any = SimpleNamespace(
        name="app",
        launch_template_version="1",
        instance_states=[],
        refreshes=[],
        instance_maintenance_policy={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150},
    )
    refresh = Refresh(group, preferences, {"LaunchTemplate": {}})
    group.refreshes.append(refresh)
    refresh.begin()
    return group, refresh


@pytest.mark.usefixtures("clock")
def test_its_start_is_unknown_until_it_has_begun() -> None:
    """`StartTime` is when it began: no client may count on it while it is `Pending`."""
    group, refresh = begun()
    pending = Refresh(group, {}, {"LaunchTemplate": {}})
    assert (pending.status, pending.start_time) == ("Pending", None)
    assert refresh.start_time is not None


def test_a_failed_server_does_not_end_it(clock: SimpleNamespace) -> None:
    """Its reason shows, and it goes on for an hour; any progress begins that hour again."""
    _, refresh = begun()
    refresh.hinder("instance i-1 abandoned its launch")
    clock.now += PATIENCE
    assert (refresh.status, refresh.status_reason) == ("InProgress", "instance i-1 abandoned its launch")
    refresh.progress(2, ready=1)
    clock.now += PATIENCE
    assert not refresh.stuck
    refresh.progress(2, ready=1)
    clock.now += 1
    assert refresh.stuck


@pytest.mark.usefixtures("clock")
def test_its_failure_rolls_back_where_that_was_asked_for() -> None:
    """To what the group itself launches; else it has failed, and the servers stay as they are."""
    group, refresh = begun(AutoRollback=True)
    refresh.fail("an alarm")
    assert (refresh.status, str(refresh.target)) == ("RollbackInProgress", "old")
    assert replacing_refresh(group) is refresh
    group, refresh = begun()
    refresh.fail("an alarm")
    assert (refresh.status, refresh.status_reason, active_refresh(group)) == ("Failed", "an alarm", None)


def test_it_bakes_before_it_succeeds(clock: SimpleNamespace) -> None:
    """For its bake time, in which no server is replaced; without one not at all."""
    group, refresh = begun(BakeTime=60)
    assert refresh.bake()
    assert (refresh.status, replacing_refresh(group)) == ("Baking", None)
    clock.now += 60
    assert not refresh.bake()
    assert not begun()[1].bake()


@pytest.mark.usefixtures("clock")
def test_cancelled_it_waits_for_servers_in_transition() -> None:
    """Unless it is told not to."""
    group, refresh = begun()
    refresh.cancel(wait=True)
    assert (refresh.status, active_refresh(group), replacing_refresh(group)) == ("Cancelling", refresh, None)
    group, refresh = begun()
    refresh.cancel(wait=False)
    assert (refresh.status, active_refresh(group)) == ("Cancelled", None)


@pytest.mark.usefixtures("clock")
def test_what_is_asked_happens_in_the_body_s_next_step() -> None:
    """A rollback that another one has overtaken changes nothing any more."""
    _, refresh = begun()
    refresh.requests.append(partial(refresh.roll_back, "first"))
    refresh.requests.append(partial(refresh.roll_back, "second"))
    assert refresh.status == "InProgress"
    refresh.heed_requests()
    assert (refresh.status, refresh.status_reason, not refresh.requests) == (
        "RollbackInProgress",
        "first",
        True,
    )
    _, refresh = begun()
    refresh.requests.append(partial(refresh.cancel, wait=False))
    refresh.end("Successful")
    refresh.heed_requests()
    assert refresh.status == "Successful"


@pytest.mark.usefixtures("clock")
def test_the_maintenance_policy_gives_the_percentages() -> None:
    """Where the refresh has none of its own."""
    _, refresh = begun(MaxHealthyPercentage=110)
    wanted = refresh.preferences["MinHealthyPercentage"], refresh.preferences["MaxHealthyPercentage"]
    assert wanted == (100, 110)
