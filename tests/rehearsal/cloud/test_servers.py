"""EC2 and Auto Scaling in rehearsal: an instance is a server, and a group replaces what fails."""

import base64
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from testkit.load import Load
from testkit.waiting import eventually
from tests.rehearsal.cloud.fleet import GRACE, Fleet
from tests.rehearsal.cloud.server_group import (
    LAUNCHING,
    TERMINATING,
    confirm,
    held_requests,
    hook,
    schedule,
    target_lifecycle_state,
)


def test_a_lone_instance_boots_and_ends(fleet: Fleet) -> None:
    """RunInstances and TerminateInstances, without a group."""
    data = fleet.template_data("#!/bin/sh\necho alone\n")
    (instance,) = fleet.ec2.run_instances(
        ImageId=data["ImageId"],
        MinCount=1,
        MaxCount=1,
        SubnetId=fleet.subnets[0],
        UserData=base64.b64decode(data["UserData"]).decode(),
    )["Instances"]
    console = fleet.ec2.get_console_output
    eventually(lambda: console(InstanceId=instance["InstanceId"]).get("Output") == "alone\n", within=10)
    fleet.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    waiter = fleet.ec2.get_waiter("instance_terminated")
    waiter.wait(InstanceIds=[instance["InstanceId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 15})


def test_hooks_hold_a_server_until_they_are_answered(fleet: Fleet) -> None:
    """Launching: not registered before CONTINUE. Terminating: drained before the hook, gone after it."""
    fleet.create_group(
        "app",
        size=1,
        LifecycleHookSpecificationList=[
            hook("launching", LAUNCHING, timeout=60, default="ABANDON"),
            hook("terminating", TERMINATING, timeout=60, default="CONTINUE"),
        ],
    )

    def complete(name: str, instance: str) -> None:
        fleet.autoscaling.complete_lifecycle_action(
            AutoScalingGroupName="app",
            LifecycleHookName=name,
            InstanceId=instance,
            LifecycleActionResult="CONTINUE",
        )

    (server,) = eventually(lambda: fleet.members("Pending:Wait"), within=10)
    assert server not in fleet.health()
    complete("launching", server)
    with pytest.raises(ClientError, match="No active Lifecycle Action found"):
        complete("launching", server)
    assert fleet.wait_for_healthy(1) == [server]
    fleet.autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=server, ShouldDecrementDesiredCapacity=False
    )
    eventually(lambda: fleet.members("Terminating:Wait") == [server], within=10)
    assert fleet.health()[server] == "draining"
    complete("terminating", server)
    eventually(lambda: server not in str(fleet.groups()), within=20)
    fleet.delete_group("app")


def test_a_launch_that_nobody_confirms_is_abandoned(fleet: Fleet) -> None:
    """The hook's default result after its heartbeat time-out; the activity failed."""
    silent = hook("launching", LAUNCHING, timeout=3600, default="ABANDON")
    fleet.create_group("app", size=1, LifecycleHookSpecificationList=[silent])
    eventually(lambda: fleet.members("Pending:Wait"), within=10)
    fleet.cloud.advance(1800)
    assert fleet.members("Pending:Wait")
    fleet.cloud.advance(1800)
    assert "abandoned its launch" in fleet.wait_for_failed_launches(1)[0]["StatusMessage"]
    fleet.delete_group("app")


def test_an_instance_is_what_its_launch_template_says(group: Fleet) -> None:
    """Address, metadata options, encrypted root volume and console come back as they are."""
    server = group.members()[0]
    instance = group.ec2.describe_instances(InstanceIds=[server])["Reservations"][0]["Instances"][0]
    assert instance["PrivateIpAddress"].startswith("127.")
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert instance["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    (disk,) = instance["BlockDeviceMappings"]
    volume = group.ec2.describe_volumes(VolumeIds=[disk["Ebs"]["VolumeId"]])["Volumes"][0]
    assert (volume["Encrypted"], volume["VolumeType"], volume["Size"]) == (True, "gp3", 20)
    console = group.ec2.get_console_output(InstanceId=server)["Output"]
    assert console == f"{server} boots at {instance['PrivateIpAddress']}\n"


def test_servers_spread_over_the_zones(group: Fleet) -> None:
    """The subnet with the fewest servers gets the next one."""
    zones = [one["AvailabilityZone"] for one in group.groups()[0]["Instances"]]
    assert sorted(zones) == ["eu-central-1a", "eu-central-1b"]


def test_commands_run_on_the_server_as_root(group: Fleet) -> None:
    """Exit status and both streams come back; the processes that it sees are its own."""
    server = group.members()[0]
    done = group.run(server, "id -un; pgrep --count node; echo to stderr >&2; exit 3")
    assert (done["Status"], done["ResponseCode"]) == ("Failed", 3)
    assert (done["StandardOutputContent"], done["StandardErrorContent"]) == ("root\n1\n", "to stderr\n")
    invocations = group.ssm.list_command_invocations(CommandId=done["CommandId"])["CommandInvocations"]
    assert [one["InstanceId"] for one in invocations] == [server]
    managed = group.ssm.describe_instance_information()["InstanceInformationList"]
    assert {one["InstanceId"] for one in managed} >= set(group.members())


def test_a_command_that_takes_too_long_is_ended(group: Fleet) -> None:
    """executionTimeout, in seconds; what it had printed is kept."""
    sent = group.ssm.send_command(
        InstanceIds=[group.members()[0]],
        DocumentName="AWS-RunShellScript",
        Parameters={"commands": ["echo begun; sleep 60"], "executionTimeout": ["1"]},
    )["Command"]["CommandId"]

    def invocation() -> dict[str, Any]:
        found: dict[str, Any] = group.ssm.list_command_invocations(CommandId=sent, Details=True)[
            "CommandInvocations"
        ][0]
        return found

    eventually(lambda: invocation()["Status"] == "TimedOut", within=10)
    assert invocation()["CommandPlugins"][0]["Output"] == "begun\n"


def test_a_server_does_not_see_the_machines_secrets(group: Fleet) -> None:
    """Neither home folders nor the cloud's state, whose keys and passwords belong to others."""
    state = group.cloud.state_dir
    done = group.run(group.members()[0], f"ls -A /root /home; ls -A {state} | wc -l")
    assert done["StandardOutputContent"].split() == ["/home:", "/root:", *_kept_python(), "0"]


def _kept_python() -> list[str]:
    """The interpreter that `aws` runs on may lie below /root; nothing else of it is there."""
    parts = Path(sys.base_prefix).parts
    return [parts[2]] if parts[1] == "root" else []


def test_metadata_wants_a_token(group: Fleet) -> None:
    """IMDSv2: 401 without one, 404 for a path that does not exist."""
    done = group.run(
        group.members()[0],
        """imds=$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest
        code() { curl -s -o /dev/null -w '%{http_code} ' "$@"; }
        token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $imds/api/token)
        auth="X-aws-ec2-metadata-token: $token"
        code $imds/meta-data/instance-id
        code -H 'X-aws-ec2-metadata-token: made-up' $imds/meta-data/instance-id
        code -H "$auth" $imds/meta-data/spot/instance-action
        curl -sf -H "$auth" $imds/meta-data/autoscaling/target-lifecycle-state""",
    )
    assert done["StandardOutputContent"] == "401 401 404 InService"


def test_a_server_that_the_balancer_finds_unhealthy_is_replaced(group: Fleet) -> None:
    """After the grace period; the activity says why."""
    victim = group.members()[0]
    group.run(victim, "touch /tmp/broken")
    eventually(lambda: group.health()[victim] == "unhealthy", within=20)
    group.cloud.advance(GRACE)
    eventually(lambda: victim not in group.members(), within=10)
    assert victim not in group.wait_for_healthy(2)
    causes = [one["Cause"] for one in group.activities() if victim in one["Description"]]
    assert (
        f"instance {victim} was taken out of service in response to an ELB system health check failure"
        in causes
    )


def test_a_group_with_servers_is_not_deleted_by_accident(group: Fleet) -> None:
    """Without ForceDelete it is in use."""
    with pytest.raises(ClientError, match="ResourceInUse"):
        group.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="app")


def test_capacity_follows_what_is_desired(group: Fleet) -> None:
    """Out and in again; what leaves is drained, and sizes out of bounds are refused."""
    set_capacity = group.autoscaling.set_desired_capacity
    with pytest.raises(ClientError, match="Desired capacity:9 must be between"):
        set_capacity(AutoScalingGroupName="app", DesiredCapacity=9)
    set_capacity(AutoScalingGroupName="app", DesiredCapacity=3)
    group.wait_for_healthy(3)
    with Load(group.url, path="/") as load:
        with group.serving_on():
            set_capacity(AutoScalingGroupName="app", DesiredCapacity=2)
            group.wait_for_healthy(2)
        outcome = load.stop()
    assert outcome.failed == 0, outcome.failures


def test_a_schedule_changes_the_sizes(group: Fleet) -> None:
    """At its time, and once where it does not recur; the capacity follows, and the activity says why."""
    schedule(group, "more", StartTime=group.cloud.now() + timedelta(hours=1), MinSize=3, MaxSize=3)
    group.cloud.advance(1800)
    assert group.groups()[0]["DesiredCapacity"] == 2
    group.cloud.advance(1800)
    eventually(lambda: group.groups()[0]["DesiredCapacity"] == 3, within=10)
    assert group.autoscaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []
    group.wait_for_healthy(3)
    launched = next(one for one in group.activities() if "Launching" in one["Description"])
    assert launched["Cause"].startswith(
        "the scheduled action more updated the constraints to min: 3, max: 3 changing the desired capacity"
        " from 2 to 3"
    )
    group.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="app", MinSize=2, MaxSize=4, DesiredCapacity=2
    )
    group.wait_for_healthy(2)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"Recurrence": "0 7 * * * *"}, "Given recurrence string: 0 7 . . . . is invalid"),
        ({"Recurrence": "0 7 * * *", "TimeZone": "Mars/Olympus"}, "Given time zone: Mars/Olympus is invalid"),
        ({"StartTime": "2020-01-01T00:00:00Z"}, "Given start time is in the past"),
    ],
)
def test_a_schedule_that_never_comes_is_refused(group: Fleet, what: dict[str, Any], message: str) -> None:
    """As AWS does."""
    with pytest.raises(ClientError, match=message):
        schedule(group, "never", MinSize=3, **what)


def test_a_server_leaves_in_the_documented_order(group: Fleet) -> None:
    """Drained first, then the hook, then stopped: states of lifecycle, target and instance as seen."""
    group.autoscaling.put_lifecycle_hook(
        AutoScalingGroupName="app",
        LifecycleHookName="terminating",
        LifecycleTransition=TERMINATING,
        HeartbeatTimeout=60,
        DefaultResult="CONTINUE",
    )
    leaving = group.members()[0]
    seen: list[tuple[str, str, str]] = []

    def lifecycle() -> str:
        states = {one["InstanceId"]: one["LifecycleState"] for one in group.groups()[0]["Instances"]}
        return str(states.get(leaving, "gone"))

    def gone() -> bool:
        state = lifecycle()
        target = group.health().get(leaving, "unused")
        described = group.ec2.describe_instances(InstanceIds=[leaving])["Reservations"][0]["Instances"][0]
        look = (state, target, described["State"]["Name"])
        # Three questions are no snapshot: what changed meanwhile tells nothing of the order.
        if lifecycle() == state and look not in seen:
            seen.append(look)
        return state == "gone"

    with held_requests(group) as held:
        group.autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId=leaving, ShouldDecrementDesiredCapacity=False
        )
        eventually(lambda: gone() or ("Terminating", "draining", "running") in seen, within=20)
        assert leaving in held.let_go()
    eventually(lambda: gone() or ("Terminating:Wait", "draining", "running") in seen, within=20)
    confirm(group, "terminating", leaving)
    eventually(gone, within=60)
    group.autoscaling.delete_lifecycle_hook(AutoScalingGroupName="app", LifecycleHookName="terminating")
    steps = [look for look in seen if look[0] in ("Terminating", "Terminating:Wait", "Terminating:Proceed")]
    assert ("Terminating", "draining", "running") in steps
    assert ("Terminating:Wait", "draining", "running") in steps
    order = [state for state, _, _ in steps]
    assert order == sorted(order, key=["Terminating", "Terminating:Wait", "Terminating:Proceed"].index)
    # Until its delay, of 300 s, is over.
    assert all(target == "draining" for state, target, _ in steps if state != "Terminating")
    assert all(instance == "running" for state, _, instance in steps if state != "Terminating:Proceed")


def test_the_metadata_says_that_a_server_goes_while_it_drains(group: Fleet) -> None:
    """The target state is where the server goes, known from the beginning: no sign that it is drained."""
    leaving = group.members()[0]
    with held_requests(group) as held:
        group.autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId=leaving, ShouldDecrementDesiredCapacity=False
        )
        eventually(lambda: target_lifecycle_state(group, leaving) == "Terminated", within=20)
        assert group.members("Terminating") == [leaving]
        assert leaving in held.let_go()
    eventually(lambda: leaving not in str(group.groups()), within=60)
