"""Outputs that resolve only after other resources are ready."""

from typing import Any

import pulumi


def after(value: pulumi.Output[str], *ready: pulumi.Output[Any]) -> pulumi.Output[str]:
    """`value`, known once `ready` are: a resource may exist before it can be used."""
    return pulumi.Output.all(value, *ready).apply(lambda values: str(values[0]))
