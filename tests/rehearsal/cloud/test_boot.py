"""A server boots with the kit's own user data: what runs on it, and what it says when it gives up."""

import pytest

from testkit.waiting import eventually
from tests.rehearsal.cloud.boot_stage import BootStage
from tests.rehearsal.cloud.fleet import Fleet
from tests.rehearsal.cloud.running import RunningCloud

REFUSED = {
    "crashes": (
        "the boot test failed: the worker ended with code 1 before it was ready",
        "Error: no such module: payments",
    ),
    "never ready": ("the boot test failed: http://", " answered 503 for 3 s, not 200"),
    "does not leave": ("the boot test failed: the worker did not leave within 2000 ms of SIGINT", ""),
    "service ends": ("app.service ended while it started", ""),
}


@pytest.fixture(scope="module")
def stage(cloud: RunningCloud) -> BootStage:
    """A group with a good release, and one for each fault, all launched at once."""
    stage = BootStage(Fleet(cloud))
    stage.launch("good")
    for fault in REFUSED:
        stage.launch(fault.replace(" ", "-"), fault=fault)
    return stage


def test_a_good_release_is_tested_and_then_serves(stage: BootStage) -> None:
    """The boot test comes before app.service; both logs reach CloudWatch; no second worker is left."""
    server = stage.server("good")
    assert not [line for line in stage.messages(server, "boot") if "giving up" in line]
    eventually(lambda: any("in service after" in line for line in stage.messages(server, "boot")), within=10)
    said = "\n".join(stage.messages(server, "boot"))
    assert said.index("the release was ready after") < said.index("in service after")
    eventually(lambda: "session secret is 40 long" in "\n".join(stage.messages(server, "app")), within=10)
    done = stage.fleet.run(server, "ps -o user:20= -o args= -C node | grep worker.js")
    assert [line.split()[0] for line in done["StandardOutputContent"].splitlines()] == ["app"]


@pytest.mark.parametrize("fault", list(REFUSED))
def test_a_release_that_can_not_serve_is_refused_with_its_own_words(stage: BootStage, fault: str) -> None:
    """Before the hook is answered: the reason and the worker's last lines are in the server's stream."""
    refused = stage.refused(fault.replace(" ", "-"))
    said = stage.messages(refused, "boot")
    (reason,) = [line for line in said if "giving up: " in line]
    begin, then = REFUSED[fault]
    assert f"giving up: {begin}" in reason
    assert then in "\n".join(said)


def test_a_server_that_boots_again_serves_again(stage: BootStage) -> None:
    """What it has is not fetched again, secrets are read again, and no hook that waits is no failure."""
    server = stage.server("good")
    stage.fleet.run(server, "systemctl stop app.service; setsid /opt/evenkeel/boot.sh >/dev/null 2>&1 &")

    def again() -> str:
        said = "\n".join(stage.messages(server, "boot"))
        return said if said.count("in service after") == 2 else ""

    said = eventually(again, within=60)
    assert said.count("fetching s3://") == 1
    assert said.count("reading the secrets") == 2
    assert "no launching hook of this server waits for CONTINUE" in said
    assert stage.members("good") == [server]


def test_a_spot_instance_that_is_taken_back_asks_its_group_to_terminate_it(stage: BootStage) -> None:
    """So that it is drained and its hook answered long before its two minutes end."""
    server = stage.server("good")
    stage.fleet.cloud.inject("spot-interruption", server)
    eventually(lambda: server not in stage.members("good"), within=30)
    assert stage.server("good") != server
    # The agent copies a server's last lines when the group may have forgotten it already.
    eventually(lambda: "evenkeel: stopping the app" in "\n".join(stage.messages(server, "boot")), within=30)
    said = "\n".join(stage.messages(server, "boot"))
    assert "EC2 takes this Spot Instance back: {" in said
    assert said.index("the group terminates this server: ") < said.index("evenkeel: stopping the app")


def test_a_server_of_a_warm_pool_serves_when_it_boots_again(stage: BootStage) -> None:
    """It answers the hook twice: tested and without the app when it enters, serving when it leaves."""
    autoscaling = stage.fleet.autoscaling
    server = stage.server("good")
    autoscaling.put_warm_pool(AutoScalingGroupName="good", MinSize=1, MaxGroupPreparedCapacity=2)

    def waiting() -> str | None:
        pool = autoscaling.describe_warm_pool(AutoScalingGroupName="good")["Instances"]
        return next((one["InstanceId"] for one in pool if one["LifecycleState"] == "Warmed:Stopped"), None)

    warm = eventually(waiting, within=60)
    assert stage.messages(warm, "app") == []
    autoscaling.set_desired_capacity(AutoScalingGroupName="good", DesiredCapacity=2)
    eventually(lambda: sorted(stage.members("good")) == sorted([server, warm]), within=60)


def test_a_running_server_of_a_warm_pool_completes_its_hook_itself(stage: BootStage) -> None:
    """Long before the hook's time is over; the app never ran there."""
    autoscaling = stage.fleet.autoscaling
    autoscaling.put_warm_pool(
        AutoScalingGroupName="good", MinSize=2, MaxGroupPreparedCapacity=2, PoolState="Running"
    )

    def running() -> str | None:
        pool = autoscaling.describe_warm_pool(AutoScalingGroupName="good")["Instances"]
        return next((one["InstanceId"] for one in pool if one["LifecycleState"] == "Warmed:Running"), None)

    warm = eventually(running, within=60)
    autoscaling.delete_warm_pool(AutoScalingGroupName="good")
    eventually(
        lambda: not autoscaling.describe_warm_pool(AutoScalingGroupName="good")["Instances"], within=60
    )
    said = "\n".join(stage.messages(warm, "boot"))
    assert said.index("the group terminates this server: ") < said.index("evenkeel: stopping the app")


def test_a_machine_that_shuts_down_lets_the_app_leave_in_order(stage: BootStage) -> None:
    """Without a word of Auto Scaling: systemd stops app.service, and its last line is in CloudWatch."""
    server = stage.members("good")[0]
    stage.fleet.ec2.terminate_instances(InstanceIds=[server])
    eventually(lambda: stage.messages(server, "app")[-1:] == ["leaving in order"], within=30)
