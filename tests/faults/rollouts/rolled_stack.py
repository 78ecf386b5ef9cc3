"""The deployed stack in a rollout: its servers, its gates, and an `up` of other settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

from testkit.checkout import Checkout, succeed
from testkit.deployer import UP, Deployer
from testkit.deployment import Deployment
from tests.faults.rollouts.servers import StackServers

STACK = "stacks/Pulumi.local.yaml"


class RolledStack:
    """What AWS says of the stack, and who deploys it."""

    def __init__(self, checkout: Checkout, deployment: Deployment, logs: Path) -> None:
        self.checkout = checkout
        self.url: str = deployment.outputs["url"]
        self._outputs = deployment.outputs
        self._environment = checkout.environment("--stack=local")
        self._logs = logs
        self._deployers: list[Deployer] = []
        self._autoscaling = boto3.client("autoscaling")
        self._group = StackServers(deployment)

    @contextmanager
    def settings(self, *, environment: str, warmup: int = 15) -> Iterator[None]:
        """The stack file with a variable of the app's, `NAME: value`: a new launch template version."""
        text = (self.checkout.folder / STACK).read_text()
        others, given = "    environment: {", "    instance_warmup: 15\n"
        assert others in text
        assert given in text
        text = text.replace(others, f"{others}{environment}, ")
        with self.checkout.changed(STACK, text.replace(given, f"    instance_warmup: {warmup}\n")):
            yield

    def up(self) -> Deployer:
        """`pulumi up`, started."""
        return self._start(*UP)

    @contextmanager
    def expired_credentials(self) -> Iterator[None]:
        """The deployer's are no longer good; then they are again."""
        key = self._environment["AWS_ACCESS_KEY_ID"]
        succeed(self.checkout.rehearsal("fault", "credentials-expiry", key))
        try:
            yield
        finally:
            succeed(self.checkout.rehearsal("fault", "credentials-renewal", key))

    def unlock(self) -> None:
        """A killed engine leaves its stack locked."""
        self._start("cancel", "--yes", "--stack", "local").succeeded()

    def _start(self, *arguments: str) -> Deployer:
        log = self._logs / f"{len(self._deployers)}.log"
        deployer = Deployer(
            ["pulumi", *arguments], folder=self.checkout.folder, environment=self._environment, log=log
        )
        self._deployers.append(deployer)
        return deployer

    def clear(self) -> None:
        """Ends what a failed test left."""
        for deployer in self._deployers:
            deployer.kill()
        self.unlock()

    def servers(self, lifecycle: str = "InService") -> dict[str, str]:
        """Launch template versions by the ids of the servers in a state."""
        return {
            one["InstanceId"]: one["LaunchTemplate"]["Version"]
            for one in self._group.described()["Instances"]
            if one["LifecycleState"].startswith(lifecycle)
        }

    def pinned(self) -> str:
        """The launch template version that the group itself would launch."""
        policy = self._group.described()["MixedInstancesPolicy"]
        version: str = policy["LaunchTemplate"]["LaunchTemplateSpecification"]["Version"]
        return version

    def refreshes(self) -> list[str]:
        """The statuses of all instance refreshes, the latest first."""
        answer = self._autoscaling.describe_instance_refreshes(AutoScalingGroupName=self._name)
        return [one["Status"] for one in answer["InstanceRefreshes"]]

    def gate(self, name: str) -> str:
        """What a gate has recorded."""
        parameter = boto3.client("ssm").get_parameter(Name=self._outputs["gates"][name])
        value: str = parameter["Parameter"]["Value"]
        return value

    @property
    def _name(self) -> str:
        name: str = self._outputs["auto_scaling_group"]
        return name
