"""Names and tags, decided once.

A component's name is the stack's prefix; its children are that plus a stable suffix. Tags that every resource
carries go into the provider; `Name`, which AWS's consoles show, is the only one a component sets itself.
"""

from collections.abc import Mapping


def prefix(project: str, stack: str) -> str:
    """What every name begins with: `evenkeel-prod`.

    AWS's shortest limit, 32 characters, is a load balancer's and a target group's.
    """
    return f"{project}-{stack}"


def servers(project: str, stack: str) -> str:
    """The Auto Scaling group of the app's servers."""
    return f"{prefix(project, stack)}-app"


def parameters(project: str, stack: str) -> str:
    """The path that the stack's SSM parameters begin with: `/evenkeel/prod`."""
    return f"/{project}/{stack}"


def gates(project: str, stack: str) -> dict[str, str]:
    """The SSM parameter of each gate."""
    return {gate: f"{parameters(project, stack)}/{gate}" for gate in ("schema", "release", "verified")}


def default_tags(project: str, stack: str, extra: Mapping[str, str]) -> dict[str, str]:
    """The tags of every resource; `extra` are the stack's own."""
    return {**extra, "Project": project, "Stack": stack, "ManagedBy": "pulumi"}


def named(name: str) -> dict[str, str]:
    """The `Name` tag of a resource whose name is not an argument of its own."""
    return {"Name": name}
