"""What the stack has deployed, as its state says; nothing before the first deployment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

READ = "pulumi:pulumi:readStackResourceOutputs"
"""The engine's own function, which every backend answers from the stack's state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployed:
    """A resource. Its kind is its component's type and its own: `evenkeel:index:Network$aws:ec2/vpc:Vpc`."""

    kind: str
    name: str
    properties: Mapping[str, Any]


def deployed() -> list[Deployed]:
    """All resources that are deployed now, before this program changes any."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    state: dict[str, Any] = pulumi.runtime.invoke(READ, {"stackName": stack}).value or {}
    return [resource(urn, one["outputs"]) for urn, one in state.get("outputs", {}).items()]


def resource(urn: str, properties: Mapping[str, Any]) -> Deployed:
    """A resource by its URN: `urn:pulumi:STACK::PROJECT::KIND::NAME`."""
    _, _, kind, name = urn.split("::", 3)
    return Deployed(kind=kind, name=name, properties=properties)
