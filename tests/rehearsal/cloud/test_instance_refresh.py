"""Instance refreshes in rehearsal: each server is replaced, or put back, and no request fails."""

import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud.autoscaling.launches import RETRY
from testkit.load import Load
from testkit.waiting import eventually
from tests.rehearsal.cloud.fleet import SERVER, Fleet
from tests.rehearsal.cloud.server_group import LAUNCHING, confirm, latest_refresh, refresh, refreshed


def test_a_refresh_replaces_every_server_without_a_failed_request(group: Fleet) -> None:
    """New ones first, never fewer than two healthy; the group launches the new version from then on."""
    before = set(group.members())
    version = group.new_version(SERVER % {"mark": "2"})
    with Load(group.url, path="/") as load:
        with group.serving_on():
            refresh(group, version)
            with pytest.raises(ClientError, match="InstanceRefreshInProgress"):
                refresh(group, version)
            fewest = 2

            def done() -> bool:
                nonlocal fewest
                fewest = min(fewest, len(group.healthy()))
                latest = group.autoscaling.describe_instance_refreshes(AutoScalingGroupName="app")
                return bool(latest["InstanceRefreshes"][0]["Status"] == "Successful")

            eventually(done, within=90)
            assert refreshed(group)["PercentageComplete"] == 100
            assert before.isdisjoint(group.wait_for_healthy(2))
            assert fewest == 2
            # The servers of before get requests for some seconds more.
            eventually(lambda: group.answering("mark") == {"2"}, within=20)
            assert group.groups()[0]["LaunchTemplate"]["Version"] == version
        outcome = load.stop()
    assert outcome.failed == 0, outcome.failures


def test_a_version_that_does_not_boot_is_rolled_back(group: Fleet) -> None:
    """It is tried again until someone rolls back; the old servers stay, and no other is launched after it."""
    before, launched = set(group.members()), group.groups()[0]["LaunchTemplate"]["Version"]
    version = group.new_version("#cloud-config\npackages: [nginx]\n")
    known = {one["ActivityId"] for one in group.activities()}
    refresh(group, version, AutoRollback=True)
    group.wait_for_failed_launches(1, besides=known)
    group.cloud.advance(RETRY)
    failures = group.wait_for_failed_launches(2, besides=known)
    assert all("the #cloud-config has 'packages'" in one["StatusMessage"] for one in failures)
    assert latest_refresh(group)["Status"] == "InProgress"
    group.autoscaling.rollback_instance_refresh(AutoScalingGroupName="app")
    known = {one["ActivityId"] for one in group.activities()}
    ended = refreshed(group)
    assert (ended["Status"], ended["StatusReason"]) == ("RollbackSuccessful", "Rolled back by user")
    assert set(group.wait_for_healthy(2)) == before
    assert group.groups()[0]["LaunchTemplate"]["Version"] == launched
    assert [one["Description"] for one in group.activities() if one["ActivityId"] not in known] == []


def test_a_rollback_needs_to_know_where_to(group: Fleet) -> None:
    """As AWS does, a version without a number is refused."""
    with pytest.raises(ClientError, match="launch template versions by number"):
        refresh(group, "$Latest", AutoRollback=True)


def test_a_refresh_bakes_and_can_be_cancelled(group: Fleet) -> None:
    """The group's configuration changes only when the bake time is over; cancelled, it never does."""
    before = group.groups()[0]["LaunchTemplate"]["Version"]
    version = group.new_version(SERVER % {"mark": "3"})
    with group.serving_on():
        refresh(group, version, SkipMatching=True, BakeTime=3600)
        eventually(lambda: latest_refresh(group)["Status"] == "Baking", within=90)
        assert group.groups()[0]["LaunchTemplate"]["Version"] == before
        # The servers of before get requests for some seconds more.
        eventually(lambda: group.answering("mark") == {"3"}, within=20)
    group.cloud.advance(3600)
    assert refreshed(group)["Status"] == "Successful"
    assert group.groups()[0]["LaunchTemplate"]["Version"] == version
    # It is not cancelled while a server is on its way in.
    group.autoscaling.put_lifecycle_hook(
        AutoScalingGroupName="app",
        LifecycleHookName="launching",
        LifecycleTransition=LAUNCHING,
        HeartbeatTimeout=60,
        DefaultResult="CONTINUE",
    )
    refresh(group, group.new_version(SERVER % {"mark": "4"}))
    eventually(lambda: group.members("Pending:Wait"), within=20)
    group.autoscaling.cancel_instance_refresh(AutoScalingGroupName="app")
    assert latest_refresh(group)["Status"] == "Cancelling"
    for launching in group.members("Pending:Wait"):
        confirm(group, "launching", launching)
    assert refreshed(group)["Status"] == "Cancelled"
    group.autoscaling.delete_lifecycle_hook(AutoScalingGroupName="app", LifecycleHookName="launching")
    assert group.groups()[0]["LaunchTemplate"]["Version"] == version
    group.wait_for_healthy(2)
