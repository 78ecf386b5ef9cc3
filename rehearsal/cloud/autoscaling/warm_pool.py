"""Warm pools: servers that have booted once and wait, stopped, until their Auto Scaling group needs them.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pool-instance-lifecycle.html
A stopped server's disk is gone here, unlike on AWS: it boots afresh when it is started. What becomes of the
terminating hook of a stopped server, which can't answer it, the guide does not say; here it goes at once.
"""

import logging
from typing import Any, Protocol

from rehearsal.cloud.autoscaling.launches import Launches
from rehearsal.cloud.autoscaling.lifecycle import WARMED, Member, finish
from rehearsal.cloud.autoscaling.scaling_group import Configuration
from rehearsal.cloud.ec2.body import Instances

_TERMINATING = f"{WARMED}Terminating"
_ENDING = f"{_TERMINATING}:Proceed"
log = logging.getLogger(__name__)


class GroupWithWarmPool(Protocol):
    """What a pool needs of the group's body."""

    record: Any

    def launching_hooks(self) -> list[Any]:
        """The lifecycle hooks that a new server waits for."""

    def terminating_hooks(self) -> list[Any]:
        """Those that one waits for which is to go."""

    def configuration(self) -> Configuration | None:
        """What the group launches."""


class WarmPool:
    """The pool of one group; empty where it has none."""

    def __init__(self, group: GroupWithWarmPool, ec2: Any, instances: Instances, launches: Launches) -> None:
        self._group = group
        self._record = group.record
        self._ec2 = ec2
        self._instances = instances
        self._launches = launches

    def reconcile(self, *, fill: bool) -> None:
        """Move each member on; then let the pool have its size, where it may be filled just now."""
        for member in self._members():
            self._advance(member)
        members, size = self._staying(), self._size()
        for member in members[size:]:
            self._terminate(member, "the warm pool has more servers than it is to have")
        if fill and len(members) < size and not self._launches.paused:
            self._launch(members)
        pool = self._record.warm_pool
        if pool is not None and pool.status == "PendingDelete" and not self._members():
            self._record.warm_pool = None

    def take(self, target: Configuration, cause: str) -> Member | None:
        """A waiting server of that configuration, started, for the group; AWS takes any."""
        for member in self._staying():
            if (
                member.lifecycle_state in ("Warmed:Stopped", "Warmed:Running")
                and member.configuration == target
                and member.availability_zone not in self._instances.zones.lost
            ):
                instance_id = member.instance.id
                self._record.warm_members.remove(member)
                if member.lifecycle_state == "Warmed:Stopped":
                    self._ec2.start_instances([instance_id])
                member.lifecycle_state = "Pending"
                description = f"Launching a new EC2 instance from warm pool: {instance_id}"
                member.activity = self._launches.begin_activity(description, cause)
                return member
        return None

    def renew(self, target: Configuration) -> bool:
        """Let go those of another configuration; whether none is left."""
        for member in self._staying():
            if member.configuration != target:
                self._terminate(member, "an instance refresh replaces the servers of the warm pool")
        return all(member.configuration == target for member in self._members())

    def terminate(self) -> None:
        """All of them, as the group is deleted."""
        for member in self._members():
            self._advance(member)
        for member in self._members():
            if member.lifecycle_state != _ENDING:
                self._begin_termination(member, "the group is deleted")
                self._end(member)

    def _members(self) -> list[Member]:
        return list(self._record.warm_members)

    def _staying(self) -> list[Member]:
        return [member for member in self._members() if not _leaves(member)]

    def _size(self) -> int:
        """What is prepared beyond the desired capacity, at least the pool's minimum."""
        pool, record = self._record.warm_pool, self._record
        if pool is None or pool.status == "PendingDelete":
            return 0
        prepared = pool.max_group_prepared_capacity
        most = record.max_size if prepared in (None, -1) else prepared
        return max(int(pool.min_size or 0), int(most) - int(record.desired_capacity))

    def _launch(self, members: list[Member]) -> None:
        target = self._group.configuration()
        if target is None:
            return
        cause = "the warm pool has fewer servers than it is to have"
        lasting = [*self._record.instance_states, *members]
        if member := self._launches.launch(target, cause, lasting=lasting, all_=lasting):
            member.lifecycle_state = "Warmed:Pending"
            member.activity.description = f"Launching a new EC2 instance into warm pool: {member.instance.id}"
            self._record.warm_members.append(member)

    def _advance(self, member: Member) -> None:
        instance = member.instance
        if instance.state == "terminated":
            self._forget(member)
            return
        match member.lifecycle_state:
            case "Warmed:Pending" if not member.wait_for(self._group.launching_hooks()):
                self._rest(member)
            case "Warmed:Pending:Wait" if member.hooks_outcome() == "CONTINUE":
                self._rest(member)
            case "Warmed:Pending:Wait" if member.hooks_outcome() == "ABANDON":
                reason = f"instance {instance.id} abandoned its launch: a lifecycle hook's result was ABANDON"
                self._launches.failed(member.activity, reason)
                self._end(member)
            case "Warmed:Pending:Proceed" if instance.state == "stopped":
                self._arrive(member, "Warmed:Stopped")
            case "Warmed:Terminating:Wait" if member.hooks_outcome() is not None:
                self._end(member)
        self._instances.lifecycle_states[instance.id] = member.target_lifecycle_state

    def _rest(self, member: Member) -> None:
        """It has booted: stop it, or let it run, as the pool says."""
        if self._record.warm_pool is not None and self._record.warm_pool.pool_state == "Running":
            self._arrive(member, "Warmed:Running")
        else:
            member.lifecycle_state = "Warmed:Pending:Proceed"
            self._ec2.stop_instances([member.instance.id])

    def _arrive(self, member: Member, state: str) -> None:
        member.lifecycle_state = state
        finish(member.activity, "Successful")
        log.info("group %s: instance %s waits in the warm pool", self._record.name, member.instance.id)

    def _terminate(self, member: Member, cause: str) -> None:
        runs = member.instance.state == "running"
        self._begin_termination(member, cause)
        if not (runs and member.wait_for(self._group.terminating_hooks())):
            self._end(member)

    def _begin_termination(self, member: Member, cause: str) -> None:
        if member.activity.end_time is None:
            finish(member.activity, "Cancelled", cause)
        description = f"Terminating EC2 instance: {member.instance.id}"
        member.activity = self._launches.begin_activity(description, cause)
        member.lifecycle_state = _TERMINATING

    def _end(self, member: Member) -> None:
        member.lifecycle_state = _ENDING
        self._ec2.terminate_instances([member.instance.id])

    def _forget(self, member: Member) -> None:
        if member.activity.end_time is None and _leaves(member):
            finish(member.activity, "Successful")
        elif member.activity.end_time is None:
            reason = f"instance {member.instance.id} ended by itself: {member.instance.state_reason.message}"
            self._launches.failed(member.activity, reason)
        self._record.warm_members.remove(member)
        self._instances.lifecycle_states.pop(member.instance.id, None)


def _leaves(member: Member) -> bool:
    return bool(member.lifecycle_state.startswith(_TERMINATING))
