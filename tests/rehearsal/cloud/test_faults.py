"""What goes wrong in rehearsal as on AWS: spot interruptions, lost servers, lost zones."""

from collections.abc import Iterator

import pytest

from rehearsal.cloud.autoscaling.launches import WITHOUT_CAPACITY
from rehearsal.errors import CloudError
from testkit.load import Load
from testkit.waiting import eventually
from tests.rehearsal.cloud.fleet import Fleet
from tests.rehearsal.cloud.running import RunningCloud

POLICY = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}


@pytest.fixture(scope="module")
def servers(cloud: RunningCloud) -> Iterator[Fleet]:
    """A group of two whose policy is to launch before it terminates: one on demand, the rest spot."""
    fleet = Fleet(cloud)
    fleet.create_group("app", size=2, mixed=True, CapacityRebalance=True, InstanceMaintenancePolicy=POLICY)
    yield fleet
    fleet.delete_group("app")


def metadata(group: Fleet, instance: str, path: str) -> str:
    """What the server's own metadata service answers."""
    script = f"""imds=$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest
    token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $imds/api/token)
    curl -s -H "X-aws-ec2-metadata-token: $token" -w '%{{http_code}}' $imds/meta-data/{path}"""
    return str(group.run(instance, script)["StandardOutputContent"])


def fewest_healthy(group: Fleet, until_gone: str, *, within: float = 60) -> int:
    """The fewest healthy servers at any moment until one has left the group."""
    fewest = len(group.healthy())

    def gone() -> bool:
        nonlocal fewest
        fewest = min(fewest, len(group.healthy()))
        return until_gone not in str(group.groups()[0]["Instances"])

    eventually(gone, within=within)
    return fewest


def test_a_mixed_group_launches_spot_servers_above_its_base(group: Fleet) -> None:
    """A base of one on demand and nothing on demand above it."""
    described = group.ec2.describe_instances(InstanceIds=group.members())["Reservations"]
    kinds = [one["Instances"][0].get("InstanceLifecycle", "on-demand") for one in described]
    assert sorted(kinds) == ["on-demand", "spot"]


def test_a_rebalance_recommendation_replaces_the_server_before_it_goes(group: Fleet) -> None:
    """The server is told; its group launches first, and then drains it."""
    leaving = group.members()[0]
    assert metadata(group, leaving, "events/recommendations/rebalance") == "404"
    with Load(group.url, path="/") as load:
        with group.serving_on():
            group.cloud.inject("rebalance-recommendation", leaving)
            assert "noticeTime" in metadata(group, leaving, "events/recommendations/rebalance")
            assert fewest_healthy(group, leaving) == 2
        causes = [one["Cause"] for one in group.activities() if leaving in one["Description"]]
        assert "EC2 instance rebalance recommendation" in causes[0]
        outcome = load.stop()
    assert outcome.failed == 0, outcome.failures


def test_a_spot_interruption_is_announced(group: Fleet) -> None:
    """Two minutes before; the recommendation comes with it."""
    group.autoscaling.suspend_processes(AutoScalingGroupName="app", ScalingProcesses=["Launch"])
    leaving = group.members()[0]
    assert metadata(group, leaving, "spot/instance-action") == "404"
    group.cloud.inject("spot-interruption", leaving)
    assert '"action": "terminate"' in metadata(group, leaving, "spot/instance-action")
    group.autoscaling.resume_processes(AutoScalingGroupName="app", ScalingProcesses=["Launch"])
    assert fewest_healthy(group, leaving) == 2


def test_a_server_that_fails_its_health_check_stays_until_another_one_is_there(group: Fleet) -> None:
    """The order that the instance maintenance policy asks for."""
    failing = group.members()[0]
    states: list[list[str]] = []
    group.autoscaling.set_instance_health(
        InstanceId=failing, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False
    )

    def gone() -> bool:
        members = {one["InstanceId"]: one["LifecycleState"] for one in group.groups()[0]["Instances"]}
        in_service = sum(state == "InService" for state in members.values())
        if members.get(failing) == "InService":
            states.append(["stays", str(in_service)])
        return failing not in members

    eventually(gone, within=60)
    assert states[-1] == ["stays", "3"]


def test_a_lost_zone_is_left_and_found_again(group: Fleet) -> None:
    """Its servers die at once, others are launched elsewhere; when it is back the zones get balanced."""
    group.autoscaling.set_desired_capacity(AutoScalingGroupName="app", DesiredCapacity=3)
    group.wait_for_healthy(3)
    members = group.groups()[0]["Instances"]
    assert len({one["AvailabilityZone"] for one in members}) == 3
    zone = members[0]["AvailabilityZone"]
    group.cloud.inject("zone-loss", zone)
    eventually(lambda: members[0]["InstanceId"] not in group.members(), within=10)
    group.wait_for_healthy(3)
    assert zone not in zones(group)
    group.cloud.advance(WITHOUT_CAPACITY)
    group.cloud.inject("zone-return", zone)
    eventually(lambda: len(set(zones(group))) == 3 and len(zones(group)) == 3, within=60)
    causes = [one["Cause"] for one in group.activities()]
    assert any("to balance the availability zones" in cause for cause in causes)
    group.autoscaling.set_desired_capacity(AutoScalingGroupName="app", DesiredCapacity=2)


def zones(group: Fleet) -> list[str]:
    """Where the group's servers are."""
    return [one["AvailabilityZone"] for one in group.groups()[0]["Instances"]]


@pytest.mark.parametrize(
    ("action", "target", "message"),
    [
        ("earthquake", "i-1", "there is no fault 'earthquake'; there are spot-interruption, rebalance-"),
        ("instance-loss", "i-1", "no instance 'i-1' runs"),
        ("zone-loss", "mars-1a", "no subnet is in a zone 'mars-1a'; there are eu-central-1a, eu-central-1b"),
        ("zone-return", "eu-central-1a", "the zone 'eu-central-1a' is not lost; lost are: none"),
        ("credentials-expiry", "AKIA1", "no user has the access key 'AKIA1'; `make env`"),
        ("credentials-renewal", "AKIA1", "the access key 'AKIA1' has not expired"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(group: Fleet, action: str, target: str, message: str) -> None:
    """With what there is instead."""
    with pytest.raises(CloudError, match=message):
        group.cloud.inject(action, target)


def test_a_lost_server_is_replaced(group: Fleet) -> None:
    """The fault `instance-loss`: its instance is terminated, and another one takes its place."""
    lost = group.members()[0]
    group.cloud.inject("instance-loss", lost)
    eventually(lambda: lost not in group.members(), within=10)
    assert lost not in group.wait_for_healthy(2)
    dead = group.ec2.describe_instances(InstanceIds=[lost])["Reservations"][0]["Instances"][0]
    assert (dead["State"]["Name"], dead["StateReason"]["Code"]) == ("terminated", "Server.InternalError")
