"""What is read from the API about a rollout."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.gates.gate import GateClosed
from components.rollout.observe import ObservedGroup, failed_launch, server, version, was_unhealthy
from tests.unit.components.paged import Paged

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
PINNED = {"MixedInstancesPolicy": {"LaunchTemplate": {"LaunchTemplateSpecification": {"Version": "6"}}}}
WANTED = {"MixedInstancesPolicy": {"LaunchTemplate": {"LaunchTemplateSpecification": {"Version": "7"}}}}


class AutoScalingApi(Paged):
    """Answers as EC2 Auto Scaling and ELBv2 do."""

    def __init__(self) -> None:
        self.instances: list[dict[str, Any]] = []
        self.health: dict[str, str] = {}
        self.refreshes: list[dict[str, Any]] = []
        self.activities: list[dict[str, Any]] = []
        self.put: list[dict[str, Any]] = []

    def describe_auto_scaling_groups(self, **_: Any) -> dict[str, Any]:
        return {"AutoScalingGroups": [{"DesiredCapacity": 2, "Instances": self.instances, **PINNED}]}

    def describe_target_health(self, **_: Any) -> dict[str, Any]:
        described = [
            {"Target": {"Id": name}, "TargetHealth": {"State": state}} for name, state in self.health.items()
        ]
        return {"TargetHealthDescriptions": described}

    def describe_instance_refreshes(self, **_: Any) -> dict[str, Any]:
        return {"InstanceRefreshes": self.refreshes}

    def describe_scaling_activities(self, **_: Any) -> dict[str, Any]:
        return {"Activities": self.activities}

    def describe_lifecycle_hooks(self, **_: Any) -> dict[str, Any]:
        hooks = {
            "launching": ("EC2_INSTANCE_LAUNCHING", 360),
            "terminating": ("EC2_INSTANCE_TERMINATING", 120),
        }
        described = [
            {
                "LifecycleHookName": name,
                "LifecycleTransition": f"autoscaling:{transition}",
                "DefaultResult": "ABANDON",
                "HeartbeatTimeout": seconds,
            }
            for name, (transition, seconds) in hooks.items()
        ]
        return {"LifecycleHooks": described}

    def put_lifecycle_hook(self, **hook: Any) -> None:
        self.put.append(hook)

    def start_instance_refresh(self, **_: Any) -> dict[str, Any]:
        self.refreshes.insert(0, refresh("Pending"))
        return {"InstanceRefreshId": "refresh"}


def refresh(status: str, **more: Any) -> dict[str, Any]:
    return {"InstanceRefreshId": "refresh", "Status": status, "StartTime": BEGAN, **more}


def launch(name: str, after: int, status: str = "Failed", message: str = "") -> dict[str, Any]:
    """A launch so many seconds after the refresh began."""
    return {
        "Description": f"Launching a new EC2 instance: {name}",
        "StatusCode": status,
        "StatusMessage": message,
        "StartTime": BEGAN + timedelta(seconds=after),
    }


def instance(name: str, number: str, lifecycle: str = "InService") -> dict[str, Any]:
    return {"InstanceId": name, "LaunchTemplate": {"Version": number}, "LifecycleState": lifecycle}


def group(api: AutoScalingApi) -> ObservedGroup:
    return ObservedGroup(
        autoscaling=api, balancing=api, name="kit", target_group_arn="arn", template="lt-1", version="7"
    )


def test_a_server_that_is_no_target_yet_is_unused() -> None:
    """The group puts it in service a moment before it registers it."""
    seen = server(instance("i-1", "7"), {}, "lt-1")
    assert (seen.id, seen.version, seen.health, seen.reason) == ("i-1", "7", "unused", "")


def test_a_refresh_is_to_the_version_it_names_or_to_the_groups() -> None:
    """One started by hand may name none."""
    api = AutoScalingApi()
    api.refreshes = [refresh("InProgress")]
    by_hand = group(api).look().refresh
    api.refreshes = [refresh("InProgress", DesiredConfiguration=WANTED)]
    named = group(api).look().refresh
    assert by_hand is not None
    assert named is not None
    assert (by_hand.version, named.version) == ("6", "7")
    assert version({"LaunchTemplate": {"Version": "5"}}, "lt-1") == "5"


def test_only_a_refresh_that_was_seen_under_way_is_this_deployments() -> None:
    """Whether it found it or started it."""
    api = AutoScalingApi()
    api.refreshes = [refresh("Failed")]
    servers = group(api)
    assert [servers.look().refresh.watched] == [False]  # type: ignore[union-attr]  # there is one
    servers.start({}, {})
    api.refreshes = [refresh("Failed")]
    assert [servers.look().refresh.watched] == [True]  # type: ignore[union-attr]  # there is one


def test_launches_that_failed_since_the_refresh_began_are_refusals() -> None:
    """An earlier one was another version's; where there was no machine no release is to blame."""
    api = AutoScalingApi()
    api.refreshes = [refresh("InProgress", DesiredConfiguration=WANTED)]
    api.activities = [
        launch("i-2", 5),
        launch("i-1", -5),
        launch("(none)", 5),
        launch("i-3", 5, "InProgress"),
    ]
    assert group(api).look().refused == ["i-2"]


def test_a_pending_refresh_may_have_no_start_time() -> None:
    """`StartTime` is when it began, and no required member. What failed before is not its failure."""
    api = AutoScalingApi()
    api.refreshes = [refresh("Pending", DesiredConfiguration=WANTED)]
    del api.refreshes[0]["StartTime"]
    api.activities = [launch("i-1", -5, message="earlier")]
    state = group(api).look()
    assert state.refresh is not None
    assert (state.refresh.status, state.refused, state.hindrance) == ("Pending", [], "")


def test_why_the_latest_launch_failed_is_shown() -> None:
    """Where there was no machine to be had one has to know; what is launching again may still succeed."""
    api = AutoScalingApi()
    api.refreshes = [refresh("InProgress", DesiredConfiguration=WANTED)]
    api.activities = [launch("(none)", 5, message="VcpuLimitExceeded"), launch("i-1", -5, message="earlier")]
    assert group(api).look().hindrance == "VcpuLimitExceeded"
    api.activities.insert(0, launch("i-2", 9, "InProgress"))
    assert group(api).look().hindrance == ""


def test_another_templates_version_is_another_version() -> None:
    """The template was recreated: its numbers begin again."""
    made_anew = {"InstanceId": "i-1", "LaunchTemplate": {"LaunchTemplateId": "lt-0", "Version": "7"}}
    assert server({**made_anew, "LifecycleState": "InService"}, {}, "lt-1").version == "lt-0:7"


def test_heartbeats_are_raised_before_servers_need_them_and_never_lowered() -> None:
    """A rollback launches old servers, and the old ones still drain."""
    api = AutoScalingApi()
    group(api).raise_heartbeats({"launching": 900, "terminating": 60})
    assert [(one["LifecycleHookName"], one["HeartbeatTimeout"]) for one in api.put] == [("launching", 900)]


def test_a_lost_machine_is_no_fault_of_the_release() -> None:
    """It was healthy, then EC2 took it; only the balancer's checks speak of the release."""
    api = AutoScalingApi()
    api.instances, api.health = [instance("i-1", "7")], {"i-1": "healthy"}
    servers = group(api)
    servers.look()
    api.instances, api.health = [], {}
    api.activities = [
        {
            "Description": "Terminating EC2 instance: i-1",
            "StatusCode": "InProgress",
            "StartTime": BEGAN,
            "Cause": "an instance was taken out of service in response to an EC2 health check "
            "indicating it has been terminated or stopped",
        }
    ]
    assert servers.look().failing == []


def test_without_a_refresh_only_servers_of_the_version_are_refused() -> None:
    """The first deployment's: those of a release before may still be failing."""
    api = AutoScalingApi()
    api.instances = [instance("i-1", "6", "Pending:Wait"), instance("i-2", "7", "Pending:Wait")]
    servers = group(api)
    servers.look()
    api.instances, api.activities = [], [launch("i-1", 5), launch("i-2", 5)]
    assert servers.look().refused == ["i-2"]


def test_a_launch_that_its_hook_abandoned_has_failed() -> None:
    """Whatever AWS calls it; one that was cancelled for another reason has not."""
    assert failed_launch(launch("i-1", 0))
    assert failed_launch(launch("i-1", 0, "Cancelled", "Lifecycle Action was abandoned"))
    assert failed_launch(
        launch(
            "i-1",
            0,
            "Cancelled",
            "Instance became unhealthy while waiting for instance to be in InService state. "
            "Termination Reason: Client.InvalidKMSKey.InvalidState: The KMS key is not usable",
        )
    )
    assert not failed_launch(launch("i-1", 0, "Cancelled", "the capacity was 3 and 2 are desired"))


def test_a_new_server_that_was_healthy_and_is_not_fails() -> None:
    """Also when it was replaced between two looks; an old one's illness is no news."""
    api = AutoScalingApi()
    api.instances = [instance("i-0", "6"), instance("i-1", "7"), instance("i-2", "7"), instance("i-3", "7")]
    api.health = dict.fromkeys(("i-0", "i-1", "i-2"), "healthy") | {"i-3": "unhealthy"}
    servers = group(api)
    assert servers.look().failing == []
    api.health |= {"i-0": "unhealthy", "i-1": "unhealthy"}
    api.activities = [
        {
            "Description": "Terminating EC2 instance: i-2",
            "StatusCode": "InProgress",
            "StartTime": BEGAN,
            "Cause": "an instance was taken out of service in response to an ELB system health check failure",
        }
    ]
    assert was_unhealthy(api.activities[0])
    assert servers.look().failing == ["i-1", "i-2"]
    api.health["i-1"] = "healthy"
    assert servers.look().failing == ["i-1", "i-2"]


def test_activities_are_read_on_where_a_page_ends_early() -> None:
    """A page may hold one of them; those of before the rollout are nobody's business."""
    api = AutoScalingApi()
    api.refreshes = [refresh("InProgress", DesiredConfiguration=WANTED)]
    listed = [launch("i-4", 9, "InProgress"), launch("i-3", 8), launch("i-2", 5), launch("i-1", -5)]
    asked: list[int] = []

    def describe_one(NextToken: str = "0", **_: Any) -> dict[str, Any]:
        asked.append(int(NextToken))
        return {"Activities": [listed[asked[-1]]], "NextToken": str(asked[-1] + 1)}

    api.describe_scaling_activities = describe_one  # type: ignore[method-assign]  # one a page
    assert group(api).look().refused == ["i-3", "i-2"]
    assert asked == [0, 1, 2, 3]


def test_lists_that_an_answer_leaves_out_are_empty() -> None:
    """No member of these answers is required."""
    api = AutoScalingApi()
    group_alone = {"AutoScalingGroups": [{"DesiredCapacity": 0}]}
    api.describe_auto_scaling_groups = lambda **_: group_alone  # type: ignore[method-assign]  # no servers
    for name in ("target_health", "instance_refreshes", "scaling_activities", "lifecycle_hooks"):
        setattr(api, f"describe_{name}", lambda **_: {})
    servers = group(api)
    servers.raise_heartbeats({"launching": 900})
    state = servers.look()
    assert (state.servers, state.refresh, state.refused, state.hindrance) == ([], None, [], "")


def test_a_group_that_is_gone_is_refreshed_from() -> None:
    """Someone deleted it."""
    api = AutoScalingApi()
    api.describe_auto_scaling_groups = lambda **_: {"AutoScalingGroups": []}  # type: ignore[method-assign]  # gone
    with pytest.raises(GateClosed, match=r"^There is no Auto Scaling group kit: run `pulumi refresh`"):
        group(api).look()
