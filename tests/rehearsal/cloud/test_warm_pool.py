"""A warm pool in rehearsal: servers that have booted once wait, stopped, until the group needs them."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from testkit.waiting import eventually
from tests.rehearsal.cloud.fleet import SERVER, Fleet
from tests.rehearsal.cloud.running import RunningCloud
from tests.rehearsal.cloud.server_group import (
    LAUNCHING,
    TERMINATING,
    hook,
    latest_refresh,
    refresh,
    target_lifecycle_state,
)


@pytest.fixture(scope="module")
def group(cloud: RunningCloud) -> Iterator[Fleet]:
    """A group of one whose servers wait for a hook, and a pool of one."""
    fleet = Fleet(cloud)
    launching = hook("launching", LAUNCHING, timeout=60, default="ABANDON")
    fleet.create_group("app", size=1, LifecycleHookSpecificationList=[launching])
    fleet.autoscaling.put_warm_pool(AutoScalingGroupName="app", MinSize=1, MaxGroupPreparedCapacity=1)
    yield fleet
    fleet.delete_group("app")


def confirmed(fleet: Fleet, holds: Callable[[], Any], *, within: float = 60) -> Any:
    """The first truthy answer of `holds`, while every server that waits for the hook is let in."""

    def look() -> Any:
        for one in [*fleet.groups()[0]["Instances"], *pool(fleet)]:
            if one["LifecycleState"].endswith("Pending:Wait"):
                with suppress(ClientError):  # answered a moment ago
                    fleet.autoscaling.complete_lifecycle_action(
                        AutoScalingGroupName="app",
                        LifecycleHookName="launching",
                        InstanceId=one["InstanceId"],
                        LifecycleActionResult="CONTINUE",
                    )
        return holds()

    return eventually(look, within=within)


def pool(fleet: Fleet) -> list[dict[str, Any]]:
    """The pool's members."""
    described = fleet.autoscaling.describe_warm_pool(AutoScalingGroupName="app")
    members: list[dict[str, Any]] = described["Instances"]
    return members


def stopped(fleet: Fleet) -> str | None:
    """The id of the only one that waits, once it does."""
    states = {one["InstanceId"]: one["LifecycleState"] for one in pool(fleet)}
    return next(iter(states)) if list(states.values()) == ["Warmed:Stopped"] else None


def test_a_server_boots_into_the_pool_and_is_stopped(group: Fleet) -> None:
    """After its hook has been answered; the balancer never hears of it."""
    (waiting,) = eventually(
        lambda: [one for one in pool(group) if one["LifecycleState"] == "Warmed:Pending:Wait"], within=20
    )
    eventually(lambda: target_lifecycle_state(group, waiting["InstanceId"]) == "Warmed:Stopped", within=10)
    assert confirmed(group, lambda: stopped(group)) == waiting["InstanceId"]
    described = group.ec2.describe_instances(InstanceIds=[waiting["InstanceId"]])["Reservations"]
    assert described[0]["Instances"][0]["State"]["Name"] == "stopped"
    assert waiting["InstanceId"] not in confirmed(group, group.healthy)
    assert group.groups()[0]["WarmPoolSize"] == 1


def test_scaling_out_takes_from_the_pool_first(group: Fleet) -> None:
    """The server is started and waits for its hook again; the pool is filled again."""
    waited = confirmed(group, lambda: stopped(group))
    group.autoscaling.set_desired_capacity(AutoScalingGroupName="app", DesiredCapacity=2)
    confirmed(group, lambda: waited in group.healthy())
    assert confirmed(group, lambda: stopped(group)) != waited
    launched = [one["Description"] for one in group.activities() if waited in one["Description"]]
    assert launched == [
        f"Launching a new EC2 instance from warm pool: {waited}",
        f"Launching a new EC2 instance into warm pool: {waited}",
    ]
    group.autoscaling.set_desired_capacity(AutoScalingGroupName="app", DesiredCapacity=1)
    group.wait_for_healthy(1)


def test_a_refresh_replaces_the_servers_of_the_pool_too(group: Fleet) -> None:
    """After those in service; the pool is not changed meanwhile."""
    waited = confirmed(group, lambda: stopped(group))
    refresh(group, group.new_version(SERVER % {"mark": "2"}))
    with pytest.raises(ClientError, match="InstanceRefreshInProgress"):
        group.autoscaling.put_warm_pool(AutoScalingGroupName="app", MinSize=2)
    confirmed(group, lambda: latest_refresh(group)["Status"] == "Successful")
    assert confirmed(group, lambda: stopped(group)) != waited
    assert [one["LaunchTemplate"]["Version"] for one in pool(group)] == ["2"]


def test_a_pool_that_is_deleted_leaves_no_server(group: Fleet) -> None:
    """Nor itself; the group keeps its own."""
    group.autoscaling.delete_warm_pool(AutoScalingGroupName="app")
    eventually(lambda: "WarmPoolConfiguration" not in group.groups()[0], within=20)
    assert pool(group) == []
    assert len(group.wait_for_healthy(1)) == 1


def test_a_server_of_the_pool_that_runs_leaves_by_the_terminating_hook(group: Fleet) -> None:
    """As one in service does; its metadata say `Warmed:Terminated`."""
    terminating = hook("terminating", TERMINATING, timeout=60, default="CONTINUE")
    group.autoscaling.put_lifecycle_hook(AutoScalingGroupName="app", **terminating)
    group.autoscaling.put_warm_pool(
        AutoScalingGroupName="app", MinSize=1, MaxGroupPreparedCapacity=1, PoolState="Running"
    )
    states = ["Warmed:Running"]
    (waiting,) = confirmed(
        group, lambda: [one["InstanceId"] for one in pool(group) if one["LifecycleState"] in states]
    )
    group.autoscaling.delete_warm_pool(AutoScalingGroupName="app")
    eventually(
        lambda: [one["LifecycleState"] for one in pool(group)] == ["Warmed:Terminating:Wait"], within=20
    )
    eventually(lambda: target_lifecycle_state(group, waiting) == "Warmed:Terminated", within=10)
    group.autoscaling.complete_lifecycle_action(
        AutoScalingGroupName="app",
        LifecycleHookName="terminating",
        InstanceId=waiting,
        LifecycleActionResult="CONTINUE",
    )
    eventually(lambda: "WarmPoolConfiguration" not in group.groups()[0], within=20)
