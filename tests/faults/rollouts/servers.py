"""The group's servers as AWS tells of them, and what an operator does to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3

from pytest_evenkeel.server import PM2
from rehearsal import daemon
from rehearsal.access_key import AccessKey
from testkit.deployment import Deployment
from testkit.waiting import eventually


class StackServers:
    """Of the deployed stack; its AWS clients belong to the thread that made it."""

    def __init__(self, deployment: Deployment) -> None:
        self._endpoint = deployment.environment["AWS_ENDPOINT_URL"]
        self._key = AccessKey.of_environment(deployment.environment)
        self._group: str = deployment.outputs["auto_scaling_group"]
        self._target_group: str = deployment.outputs["target_group"]
        session = boto3.Session()
        self._autoscaling = session.client("autoscaling")
        self._balancing = session.client("elbv2")
        self._ssm = session.client("ssm")

    def in_state(self, state: str) -> set[str]:
        """Ids of the members in that lifecycle state."""
        return {one["InstanceId"] for one in self.described()["Instances"] if one["LifecycleState"] == state}

    @property
    def members(self) -> set[str]:
        """Ids of all members, whatever their state."""
        return {one["InstanceId"] for one in self.described()["Instances"]}

    @property
    def desired(self) -> int:
        return int(self.described()["DesiredCapacity"])

    @property
    def healthy(self) -> set[str]:
        """Ids of those that the balancer sends requests to."""
        return {server for server, state in self.health().items() if state == "healthy"}

    def health(self) -> dict[str, str]:
        """The state of each target."""
        targets = self._balancing.describe_target_health(TargetGroupArn=self._target_group)
        return {
            one["Target"]["Id"]: one["TargetHealth"]["State"] for one in targets["TargetHealthDescriptions"]
        }

    def settled(self, count: int) -> set[str]:
        """Waits until the group is so many healthy servers and nothing else."""

        def as_wanted() -> bool:
            members = self.members
            return len(members) == count and members == self.in_state("InService") == self.healthy

        eventually(as_wanted)
        return self.healthy

    def resize(self, count: int) -> set[str]:
        """Sets the desired capacity and waits until it is so."""
        self._autoscaling.set_desired_capacity(AutoScalingGroupName=self._group, DesiredCapacity=count)
        return self.settled(count)

    @contextmanager
    def deregistration_delay(self, seconds: int) -> Iterator[None]:
        """The balancer gives requests in flight so long, for the block."""
        key = "deregistration_delay.timeout_seconds"
        group = {"TargetGroupArn": self._target_group}
        before = self._balancing.describe_target_group_attributes(**group)["Attributes"]
        (usual,) = [attribute for attribute in before if attribute["Key"] == key]
        change = self._balancing.modify_target_group_attributes
        change(**group, Attributes=[{"Key": key, "Value": str(seconds)}])
        try:
            yield
        finally:
            change(**group, Attributes=[usual])

    def terminate(self, server: str) -> None:
        """Ends one in order; the group puts another in its place."""
        self._autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId=server, ShouldDecrementDesiredCapacity=False
        )

    def replace(self, server: str) -> None:
        """Ends one in order, and waits until the group is whole again."""
        self.terminate(server)
        eventually(lambda: server not in self.members)
        self.settled(self.desired)

    def lose(self, server: str) -> None:
        """Ends one at once, as a machine that fails."""
        daemon.inject(self._endpoint, self._key, "instance-loss", server)

    def run(self, server: str, command: str) -> str:
        """What a shell command prints there; AssertionError when it fails."""
        sent = self._ssm.send_command(
            InstanceIds=[server], DocumentName="AWS-RunShellScript", Parameters={"commands": [command]}
        )["Command"]["CommandId"]

        def ended() -> dict[str, Any] | None:
            found: dict[str, Any] = self._ssm.get_command_invocation(CommandId=sent, InstanceId=server)
            return None if found["Status"] in ("Pending", "InProgress") else found

        invocation = eventually(ended)
        assert invocation["ResponseCode"] == 0, invocation["StandardErrorContent"]
        return str(invocation["StandardOutputContent"])

    def reload(self, server: str) -> None:
        """Every worker is replaced by PM2."""
        self.run(server, f"{PM2} reload app")

    def described(self) -> dict[str, Any]:
        """The group, as DescribeAutoScalingGroups tells of it."""
        groups = self._autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self._group])
        described: dict[str, Any] = groups["AutoScalingGroups"][0]
        return described
