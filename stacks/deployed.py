"""What the stack has deployed, as its state says; nothing before the first deployment."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

READ = "pulumi:pulumi:readStackResourceOutputs"
"""The engine's own function, which every backend answers from the stack's state."""
ATTEMPTS, PAUSE = 20, 0.1
"""How often the state is read, and the seconds between two attempts. The engine saves the state meanwhile,
and the file backend does not write a file's attributes at once: a reader is then told `EOF`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeployedResource:
    """A resource. Its kind is its component's type and its own: `evenkeel:index:Network$aws:ec2/vpc:Vpc`."""

    kind: str
    name: str
    properties: Mapping[str, Any]


def deployed() -> list[DeployedResource]:
    """All resources that are deployed now, before this program changes any."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    outputs: dict[str, Any] = state_of(stack).get("outputs", {})
    return [resource(urn, state["outputs"]) for urn, state in outputs.items()]


def parameter(resources: Sequence[DeployedResource], name: str) -> str:
    """What an SSM parameter that is no secret has; empty where it is not deployed."""
    found = [item.properties for item in resources if item.kind.endswith("$aws:ssm/parameter:Parameter")]
    return next((str(item.get("insecureValue") or "") for item in found if item.get("name") == name), "")


def state_of(stack: str) -> dict[str, Any]:
    """What `READ` answers, once the state can be read."""
    for _ in range(ATTEMPTS - 1):
        try:
            return read(stack)
        except Exception as error:
            if "failed to load checkpoint: EOF" not in str(error):
                raise
            time.sleep(PAUSE)
    return read(stack)


def read(stack: str) -> dict[str, Any]:
    """What `READ` answers; nothing for a stack without a state."""
    return pulumi.runtime.invoke(READ, {"stackName": stack}).value or {}


def resource(urn: str, properties: Mapping[str, Any]) -> DeployedResource:
    """A resource by its URN: `urn:pulumi:STACK::PROJECT::KIND::NAME`."""
    _, _, kind, name = urn.split("::", 3)
    return DeployedResource(kind=kind, name=name, properties=properties)
