"""What a rollout does next, given the servers it sees. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

ENDING = {"Cancelling", "RollbackInProgress"}
ACTIVE = {"Pending", "InProgress", "Baking", *ENDING}
"""Statuses of an instance refresh that moves on by itself, and those in which it can't be ended otherwise.
Source: EC2 Auto Scaling API, InstanceRefresh.Status. What else there is, Successful apart, has failed."""
REFUSALS = 2
"""Failed launches after which the release is to blame: a single one may be bad hardware."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerState:
    """A server of the group, as group and target group see it."""

    id: str
    version: str
    """Of the launch template."""
    lifecycle: str = "InService"
    """`Pending:Wait`, `InService`, `Terminating`, …"""
    health: str
    """Of the target: `healthy`, `initial`, `unhealthy`, `draining`, `unused`."""
    reason: str = ""

    @property
    def in_service(self) -> bool:
        """Whether the group counts it as a member; the balancer may still find it unhealthy."""
        return self.lifecycle == "InService"

    @property
    def serves(self) -> bool:
        """Whether the group and the balancer both count on it."""
        return self.in_service and self.health == "healthy"

    @property
    def waits_for(self) -> str:
        """What it does, where it does not serve."""
        if self.lifecycle.startswith("Pending"):
            return f"{self.id} starts"
        if self.lifecycle.startswith("Terminating"):
            return f"{self.id} {'shuts down' if ':' in self.lifecycle else 'drains'}"
        return f"{self.id} {self.health}" + (f" ({self.reason})" if self.reason else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshState:
    """The latest instance refresh."""

    status: str
    percentage: int
    reason: str
    version: str
    """Of the launch template, that it replaces servers by."""
    watched: bool
    """It was seen under way by this deployment; an earlier one's failure is no news."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupState:
    """The group at one moment."""

    desired: int
    servers: Sequence[ServerState]
    refresh: RefreshState | None
    refused: Sequence[str] = ()
    """Ids of servers of the new version that did not get as far as to be in service."""
    failing: Sequence[str] = ()
    """Ids of servers of the new version that were healthy and then were not."""
    hindrance: str = ""
    """Why the latest launch came to nothing, in AWS's words."""

    @property
    def in_service(self) -> list[ServerState]:
        """The members that the group counts, of whatever version, healthy or not."""
        return [server for server in self.servers if server.in_service]

    def is_barren(self, version: str) -> bool:
        """Whether AWS could not launch a server of the version, and there is none."""
        return bool(self.hindrance) and all(server.version != version for server in self.servers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """All servers run the release and are healthy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Nothing:
    """No server is in service, so there is nothing to protect: the group may launch directly."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """It moves on by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """Old servers, and nothing that replaces them: an instance refresh has to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancel:
    """An instance refresh to another version, which a killed engine left, is in the way."""

    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RollBack:
    """The release is bad; the group is to go back to its own configuration."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """It will not succeed any more."""

    reason: str


Step = Done | Nothing | Wait | Start | Cancel | RollBack | Failed


def decide(state: GroupState, version: str) -> Step:
    """What to do now for all servers to be of this launch template `version` in the end."""
    refresh = state.refresh
    refused = f"{len(state.refused)} launches of version {version} failed"
    if refresh is not None and refresh.status in ACTIVE:
        if refresh.status in ENDING:
            return Wait()
        if refresh.version != version:
            return Cancel(version=refresh.version)
        if state.failing:
            return RollBack(reason=f"{state.failing[0]} was healthy, then failed its health checks")
        return RollBack(reason=refused) if len(state.refused) >= REFUSALS else Wait()
    ours = refresh is not None and refresh.watched and refresh.version == version
    if refresh is not None and ours and refresh.status != "Successful":
        reason = refresh.reason or "no reason given"
        return Failed(reason=f"the instance refresh ended as {refresh.status}: {reason}")
    if len(state.refused) >= REFUSALS:
        return Failed(reason=refused)
    if not state.in_service:
        return Nothing()
    if any(server.version != version for server in state.in_service):
        return Start()
    if len(state.failing) >= REFUSALS:
        return Failed(reason=f"{len(state.failing)} servers were healthy, then failed their health checks")
    serving = sum(server.serves for server in state.servers)
    return Wait() if serving < max(state.desired, len(state.in_service)) else Done()


def overdue(step: Step, state: GroupState, version: str, reason: str, *, rolling_back: bool) -> Step:
    """What a step becomes when the time is over: rolled back, or, when that is late too, given up."""
    if isinstance(step, Done | Failed):
        return step
    refresh = state.refresh
    ours = refresh is not None and refresh.status in ACTIVE - ENDING and refresh.version == version
    return RollBack(reason=reason) if ours and not rolling_back else Failed(reason=reason)


def progress(state: GroupState, version: str) -> str:
    """`50 % InProgress · 1 of 2 servers serve version 7 · i-1 unhealthy (Target.Timeout)`."""
    parts = [f"{serving(state, version)} of {state.desired} servers serve version {version}"]
    if state.refresh is not None and state.refresh.status in ACTIVE:
        parts.insert(0, f"{state.refresh.percentage} % {state.refresh.status}")
        if state.refresh.reason:
            parts.append(state.refresh.reason)
    if state.hindrance:
        parts.append(f"the last launch failed: {state.hindrance}")
    parts += [server.waits_for for server in state.servers if not server.serves]
    return " · ".join(parts)


def serving(state: GroupState, version: str) -> int:
    """How many servers of the version serve."""
    return sum(server.version == version and server.serves for server in state.servers)


def news(before: GroupState | None, now: GroupState, version: str) -> list[str]:
    """The real steps between two looks, a line each."""
    if before is None:
        return []
    was = {server.id: server for server in before.servers}
    lines = []
    for server in now.servers:
        earlier = was.get(server.id)
        if server.version == version and server.serves and not (earlier and earlier.serves):
            of = f"{serving(now, version)} of {now.desired}"
            lines.append(f"{server.id} serves, {of} at version {version}")
        if earlier and earlier.in_service and server.lifecycle.startswith("Terminating"):
            lines.append(f"{server.id} of version {server.version} drains")
    lines += [f"{name} did not come into service" for name in now.refused if name not in before.refused]
    return lines + [f"{name} fails its health checks" for name in now.failing if name not in before.failing]
