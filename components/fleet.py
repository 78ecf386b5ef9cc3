"""The servers of a rollout, and what to make of them. Pure: `decide` is all that the `release` gate knows."""

from collections.abc import Sequence
from dataclasses import dataclass

ACTIVE = {"Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress"}
"""Statuses of an instance refresh that moves on by itself.
Source: EC2 Auto Scaling API, InstanceRefresh.Status. What else there is, Successful apart, has failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A server in service, as group and target group see it."""

    id: str
    version: str
    """Of the launch template."""
    health: str
    """Of the target: `healthy`, `initial`, `unhealthy`, `draining`, `unused`."""
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refresh:
    """The latest instance refresh."""

    status: str
    percentage: int
    reason: str
    recent: bool
    """Started by this deployment; an earlier one's failure is no news."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """The group at one moment."""

    desired: int
    servers: Sequence[Server]
    refresh: Refresh | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """All servers run the release and are healthy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """It moves on; `progress` says how far it is."""

    progress: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """Old servers, and nothing that replaces them: the engine was ended too early, or a rollout failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """It will not succeed any more."""

    reason: str


def decide(fleet: Fleet, version: str) -> Done | Wait | Start | Failed:
    """What to do now for all servers to be of this launch template `version` in the end."""
    refresh = fleet.refresh
    if refresh is not None and refresh.status in ACTIVE:
        return Wait(progress=progress(fleet, version))
    if refresh is not None and refresh.recent and refresh.status != "Successful":
        return Failed(
            reason=f"the instance refresh ended as {refresh.status}: {refresh.reason or 'no reason given'}"
        )
    if any(server.version != version for server in fleet.servers):
        return Start()
    healthy = [server for server in fleet.servers if server.health == "healthy"]
    if len(healthy) < len(fleet.servers) or len(healthy) < fleet.desired:
        return Wait(progress=progress(fleet, version))
    return Done()


def progress(fleet: Fleet, version: str) -> str:
    """`50 % InProgress · 1 of 2 servers serve version 7 · i-1 unhealthy (Target.Timeout)`."""
    serving = sum(server.version == version and server.health == "healthy" for server in fleet.servers)
    parts = [f"{serving} of {fleet.desired} servers serve version {version}"]
    if fleet.refresh is not None and fleet.refresh.status in ACTIVE:
        parts.insert(0, f"{fleet.refresh.percentage} % {fleet.refresh.status}")
        if fleet.refresh.reason:
            parts.append(fleet.refresh.reason)
    parts += [
        f"{server.id} {server.health}" + (f" ({server.reason})" if server.reason else "")
        for server in fleet.servers
        if server.health != "healthy"
    ]
    return " · ".join(parts)
