"""Moves an instance refresh on: what instance_refresh.py decides, done to a group."""

from collections.abc import Iterable
from typing import Any, Protocol

from moto.cloudwatch.models import cloudwatch_backends

from rehearsal.cloud.autoscaling.lifecycle import Member
from rehearsal.cloud.autoscaling.refresh_decisions import RefreshedMember as RefreshMember
from rehearsal.cloud.autoscaling.refresh_decisions import next_step, refresh_limits
from rehearsal.cloud.autoscaling.refresh_record import REPLACING, Refresh
from rehearsal.cloud.autoscaling.scaling_group import Configuration, adopt, warmup


class RefreshedGroup(Protocol):
    """What a refresh needs of the group's body."""

    record: Any

    @property
    def settled(self) -> bool:
        """Whether no member is on its way in or out."""

    def staying(self) -> list[Member]:
        """Members that are not being terminated."""

    def launch(self, count: int, cause: str) -> None:
        """Launch with the refresh's configuration."""

    def begin_termination(self, member: Member, cause: str) -> None:
        """Drain and terminate."""

    def renew_pool(self, target: Configuration) -> bool:
        """Let the warm pool have no server of another configuration; whether that is so."""


def advance(refresh: Refresh, group: RefreshedGroup) -> None:
    """One step."""
    match refresh.status:
        case "Pending":
            refresh.begin()
        case "Cancelling" if group.settled:
            refresh.end("Cancelled", "Cancelled by user")
    # After that, so that `Cancelling` shows for a step; before all that decides what to replace.
    refresh.heed_requests()
    if refresh.status in ("InProgress", "Baking") and (alarm := _alarm(refresh, group.record)):
        refresh.fail(f"the alarm {alarm} is in the ALARM state")
    elif refresh.status == "Baking" and not refresh.bake():
        _succeed(refresh, group.record)
    elif refresh.status in REPLACING:
        _replace(refresh, group)


def _replace(refresh: Refresh, group: RefreshedGroup) -> None:
    staying = group.staying()
    members = [_seen(member, refresh, group.record) for member in staying]
    refresh.progress(
        sum(not member.replaced for member in members),
        ready=sum(member.replaced and member.ready for member in members),
    )
    desired = int(group.record.desired_capacity)
    within = refresh_limits(
        desired,
        min_healthy_percentage=int(refresh.preferences["MinHealthyPercentage"]),
        max_healthy_percentage=int(refresh.preferences["MaxHealthyPercentage"]),
    )
    step = next_step(members, desired=desired, within=within)
    if step.finished:
        # AWS: first what is in service, then the warm pool.
        if group.renew_pool(refresh.target):
            _finish(refresh, group.record)
    elif refresh.stuck:
        refresh.fail(refresh.status_reason or "the servers that are to be replaced have not been for an hour")
        return
    if step.launch:
        group.launch(step.launch, f"instance refresh {refresh.instance_refresh_id}")
    for member in staying:
        if member.instance.id in step.terminate:
            group.begin_termination(member, f"instance refresh {refresh.instance_refresh_id} replaces it")


def _seen(member: Member, refresh: Refresh, record: Any) -> RefreshMember:
    replaced = refresh.is_new(member)
    ready = member.ready(_warmup(refresh, record) if replaced else 0)
    return RefreshMember(id=member.instance.id, replaced=replaced, ready=ready)


def _warmup(refresh: Refresh, record: Any) -> float:
    given = refresh.preferences.get("InstanceWarmup")
    return warmup(record) if given is None else float(given)


def _finish(refresh: Refresh, record: Any) -> None:
    refresh.progress(0, ready=int(record.desired_capacity))
    if refresh.status == "RollbackInProgress":
        refresh.end("RollbackSuccessful")
    elif not refresh.bake():
        _succeed(refresh, record)


def _succeed(refresh: Refresh, record: Any) -> None:
    """Only now the group's own configuration changes."""
    if refresh.desired_configuration:
        adopt(record, refresh.desired_configuration)
    refresh.status_reason = None
    refresh.end("Successful")


def _alarm(refresh: Refresh, record: Any) -> str | None:
    alarms = cloudwatch_backends[record.account_id][record.region].alarms
    watched: Iterable[str] = (refresh.preferences.get("AlarmSpecification") or {}).get("Alarms", [])
    present = ((name, alarms.get(name)) for name in watched)
    return next((name for name, alarm in present if alarm and alarm.state_value == "ALARM"), None)
