"""What one does with a group of servers: hooks, refreshes, schedules."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from testkit.waiting import eventually
from tests.rehearsal.cloud.fleet import Fleet

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
ACTIVE = ("Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress")


def hook(name: str, transition: str, *, timeout: int, default: str) -> dict[str, Any]:
    """A LifecycleHookSpecification."""
    return {
        "LifecycleHookName": name,
        "LifecycleTransition": transition,
        "HeartbeatTimeout": timeout,
        "DefaultResult": default,
    }


def confirm(fleet: Fleet, hook_name: str, instance_id: str) -> None:
    """Let a server that waits for a hook go on."""
    fleet.autoscaling.complete_lifecycle_action(
        AutoScalingGroupName="app",
        LifecycleHookName=hook_name,
        InstanceId=instance_id,
        LifecycleActionResult="CONTINUE",
    )


def refresh(fleet: Fleet, version: str, **preferences: Any) -> None:
    """Start to replace every server by one of that version."""
    fleet.autoscaling.start_instance_refresh(
        AutoScalingGroupName="app",
        Preferences={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150, **preferences},
        DesiredConfiguration={"LaunchTemplate": {"LaunchTemplateId": fleet.template, "Version": version}},
    )


def latest_refresh(fleet: Fleet) -> dict[str, Any]:
    """As described."""
    described = fleet.autoscaling.describe_instance_refreshes(AutoScalingGroupName="app")["InstanceRefreshes"]
    latest: dict[str, Any] = described[0]
    return latest


def refreshed(fleet: Fleet) -> dict[str, Any]:
    """The latest refresh once it has ended."""

    def ended() -> dict[str, Any] | None:
        latest = latest_refresh(fleet)
        return None if latest["Status"] in ACTIVE else latest

    result: dict[str, Any] = eventually(ended, within=90)
    return result


def schedule(fleet: Fleet, name: str, **what: Any) -> None:
    """A scheduled action of the group."""
    fleet.autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName="app", ScheduledActionName=name, **what
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldRequests:
    """Requests that servers do not answer before `let_go`, which says who answered."""

    let_go: Callable[[], list[str]]


@contextmanager
def held_requests(group: Fleet) -> Iterator[HeldRequests]:
    """For the block, or until they are let go: several at each of the group's servers, which has got them."""
    servers = group.members()

    def let_go() -> list[str]:
        for server in servers:
            group.run(server, "touch /tmp/let-go")
        return [answer.result()["id"] for answer in held]

    for server in servers:
        group.run(server, "rm -f /tmp/held /tmp/let-go")
    with ThreadPoolExecutor() as asking:
        held = [asking.submit(group.ask, "/held") for _ in range(2 * len(servers))]
        try:
            eventually(lambda: all(_in_flight_at(group, server) for server in servers), within=10)
            yield HeldRequests(let_go=let_go)
        finally:
            if not all(answer.done() for answer in held):
                let_go()


def _in_flight_at(group: Fleet, server: str) -> bool:
    """Whether it has begun to answer a held request."""
    return bool(group.run(server, "cat /tmp/held")["StandardOutputContent"])


def target_lifecycle_state(group: Fleet, server: str) -> str:
    """As the server's own metadata have it."""
    path = "/latest/meta-data/autoscaling/target-lifecycle-state"
    told = group.run(
        server,
        f"""token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' \
        $AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/api/token)
        curl -sf -H "X-aws-ec2-metadata-token: $token" $AWS_EC2_METADATA_SERVICE_ENDPOINT{path}""",
    )
    return str(told["StandardOutputContent"])
