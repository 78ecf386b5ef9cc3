"""Auto Scaling: launches, health, replacement and termination of each group's servers, in AWS's order."""

import logging
import time
from collections.abc import Iterable
from typing import Any

from moto.autoscaling.models import ASG_NAME_TAG, Activity, autoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.exceptions import ServiceException
from moto.ec2.utils import convert_tag_spec

from rehearsal.cloud import autoscaling_api, refresh_api
from rehearsal.cloud.ec2 import Instances
from rehearsal.cloud.elbv2 import LoadBalancers
from rehearsal.cloud.instance_refresh import Member as RefreshMember
from rehearsal.cloud.instance_refresh import limits, next_step
from rehearsal.cloud.lifecycle import Member, finish
from rehearsal.cloud.refresh_api import Refresh, active_refresh
from rehearsal.cloud.scaling_group import Configuration, adopt, configuration, subnet_for_next
from rehearsal.cloud.site import Row, every

_RETRY = 5.0  # seconds between a launch that failed and the next one
_LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
_TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
log = logging.getLogger(__name__)


class AutoScalingGroups:
    """The body of Auto Scaling. Its servers are EC2's (ec2.py), their health the balancers' (elbv2.py)."""

    def __init__(self, instances: Instances, balancers: LoadBalancers) -> None:
        autoscaling_api.mend_moto()
        refresh_api.mend_moto()
        self._instances = instances
        self._balancers = balancers
        self._groups: dict[int, _Group] = {}

    def reconcile(self) -> None:
        """One step of each group."""
        wanted = {
            id(record): (backend, record)
            for backend in every(autoscaling_backends)
            for record in list(backend.autoscaling_groups.values())
        }
        self._groups = {
            key: self._groups.get(key) or _Group(backend, record, self._instances, self._balancers)
            for key, (backend, record) in wanted.items()
        }
        for group in self._groups.values():
            group.reconcile()

    def rows(self) -> list[Row]:
        """One row a group."""
        return [group.row() for group in self._groups.values()]

    def stop(self) -> None:
        """Nothing runs here: EC2's body ends the servers."""


class _Group:
    """One Auto Scaling group."""

    def __init__(self, backend: Any, record: Any, instances: Instances, balancers: LoadBalancers) -> None:
        self._backend = backend
        self._record = record
        self._instances = instances
        self._balancers = balancers
        self._launch_after = 0.0

    def row(self) -> Row:
        record = self._record
        in_service = len(record.active_instances())
        state = record.status or f"{in_service} of {record.desired_capacity} in service"
        return Row(kind="Auto Scaling group", name=record.name, address="", pid=None, state=state)

    def reconcile(self) -> None:
        """See what became of each member, move it on, then launch and terminate."""
        for member in self._members():
            self._advance(member)
        if self._record.status == "Delete in progress":
            self._delete()
            return
        self._replace_unhealthy()
        if (refresh := active_refresh(self._record)) is not None:
            self._refresh(refresh)
        self._scale(surplus_allowed=active_refresh(self._record) is not None)

    # Members -------------------------------------------------------------------------------------------

    def _members(self) -> list[Member]:
        return list(self._record.instance_states)

    def _staying(self) -> list[Member]:
        return [member for member in self._members() if not member.terminating]

    def _advance(self, member: Member) -> None:
        instance = member.instance
        if instance.state in ("terminated", "stopped"):
            self._forget(member)
            return
        match member.lifecycle_state:
            case "Pending" if not member.wait_for(self._hooks(_LAUNCHING)):
                self._put_in_service(member)
            case "Pending:Wait" if member.hooks_outcome() == "CONTINUE":
                self._put_in_service(member)
            case "Pending:Wait" if member.hooks_outcome() == "ABANDON":
                self._abandon(member)
            case "InService":
                self._watch(member)
            case "Terminating" if self._drained(member) and not member.wait_for(self._hooks(_TERMINATING)):
                self._terminate_instance(member)
            case "Terminating:Wait" if member.hooks_outcome() is not None:
                self._terminate_instance(member)
        if member.termination is not None and not member.terminating:
            self._begin_termination(member, member.termination)
        self._instances.lifecycle_states[instance.id] = member.target_lifecycle_state

    def _hooks(self, transition: str) -> list[Any]:
        hooks = self._backend.describe_lifecycle_hooks(self._record.name)
        return [hook for hook in hooks if hook.lifecycle_transition == transition]

    def _put_in_service(self, member: Member) -> None:
        if not self._suspended("AddToLoadBalancer"):
            for arn in self._target_groups():
                group = self._backend.elbv2_backend.target_groups[arn]
                self._backend.elbv2_backend.register_targets(
                    arn, [{"Id": member.instance.id, "Port": group.port}]
                )
        member.lifecycle_state = "InService"
        member.in_service_since = time.monotonic()
        finish(member.activity, "Successful")
        log.info("group %s: instance %s is in service", self._record.name, member.instance.id)

    def _abandon(self, member: Member) -> None:
        reason = f"instance {member.instance.id} abandoned its launch: a lifecycle hook's result was ABANDON"
        self._launch_failed(member, reason)
        member.lifecycle_state = "Terminating:Proceed"
        self._backend.ec2_backend.terminate_instances([member.instance.id])

    def _launch_failed(self, member: Member, reason: str) -> None:
        log.warning("group %s: %s", self._record.name, reason)
        finish(member.activity, "Failed", reason)
        self._launch_after = time.monotonic() + _RETRY
        self._fail_refresh(member, reason)

    def _fail_refresh(self, member: Member, reason: str) -> None:
        refresh = active_refresh(self._record)
        if refresh is not None and refresh.is_new(member):
            refresh.fail(reason)

    def _watch(self, member: Member) -> None:
        """Healthy for all that the group asks: a warm-up counts from then on."""
        if self._healthy(member):
            member.healthy_since = member.healthy_since or time.monotonic()
        else:
            member.healthy_since = None

    def _healthy(self, member: Member) -> bool:
        if member.health_status != "Healthy":
            return False
        states = {self._target_state(arn, member) for arn in self._target_groups()}
        return self._record.health_check_type != "ELB" or states <= {"healthy", "unused"}

    def _target_state(self, arn: str, member: Member) -> str:
        targets = self._balancers.targets(arn)
        if targets is None:
            return "unused"
        target = targets.get(member.instance.id)
        return target.state if target else "initial"

    def _target_groups(self) -> list[str]:
        known = self._backend.elbv2_backend.target_groups
        return [arn for arn in self._record.target_group_arns if arn in known]

    def _begin_termination(self, member: Member, cause: str) -> None:
        """Take it from the balancers; what it is answering is finished first."""
        instance_id = member.instance.id
        log.info("group %s: instance %s is terminated: %s", self._record.name, instance_id, cause)
        if member.activity.end_time is None:
            finish(member.activity, "Cancelled", cause)
        member.activity = self._begin_activity(f"Terminating EC2 instance: {instance_id}", cause)
        member.lifecycle_state = "Terminating"
        for arn in self._target_groups():
            if instance_id in self._backend.elbv2_backend.target_groups[arn].targets:
                self._backend.elbv2_backend.deregister_targets(arn, [{"Id": instance_id}])

    def _drained(self, member: Member) -> bool:
        return all(
            member.instance.id not in (self._balancers.targets(arn) or {}) for arn in self._target_groups()
        )

    def _terminate_instance(self, member: Member) -> None:
        member.lifecycle_state = "Terminating:Proceed"
        self._backend.ec2_backend.terminate_instances([member.instance.id])

    def _forget(self, member: Member) -> None:
        """Its instance is gone: as was wanted, or by itself."""
        instance = member.instance
        if member.terminating:
            if member.activity.end_time is None:
                finish(member.activity, "Successful")
        else:
            reason = f"instance {instance.id} ended by itself: {instance.state_reason.message}"
            if member.lifecycle_state.startswith("Pending"):
                self._launch_failed(member, reason)
            else:
                self._fail_refresh(member, reason)
                finish(self._begin_activity(f"Terminating EC2 instance: {instance.id}", reason), "Successful")
            for arn in self._target_groups():
                if instance.id in self._backend.elbv2_backend.target_groups[arn].targets:
                    self._backend.elbv2_backend.deregister_targets(arn, [{"Id": instance.id}])
        self._record.instance_states.remove(member)
        self._instances.lifecycle_states.pop(instance.id, None)

    # The group -----------------------------------------------------------------------------------------

    def _replace_unhealthy(self) -> None:
        if self._suspended("ReplaceUnhealthy") or self._suspended("HealthCheck"):
            return
        grace = float(self._record.health_check_grace_period or 0)
        for member in self._staying():
            if member.lifecycle_state != "InService":
                continue
            by_balancer = self._record.health_check_type == "ELB" and "unhealthy" in {
                self._target_state(arn, member) for arn in self._target_groups()
            }
            if by_balancer and time.monotonic() - member.in_service_since > grace:
                member.health_status = "Unhealthy"
            if member.health_status == "Unhealthy":
                cause = (
                    f"instance {member.instance.id} was taken out of service in response to a health check"
                )
                self._fail_refresh(member, cause)
                self._begin_termination(member, cause)

    def _scale(self, *, surplus_allowed: bool) -> None:
        staying, desired = self._staying(), int(self._record.desired_capacity)
        if len(staying) < desired:
            self._launch(desired - len(staying), f"the capacity is {len(staying)} of {desired} desired")
        elif len(staying) > desired and not surplus_allowed and not self._suspended("Terminate"):
            cause = f"the capacity was {len(staying)} and {desired} are desired"
            for member in self._dispensable()[: len(staying) - desired]:
                self._begin_termination(member, cause)

    def _dispensable(self) -> list[Member]:
        """Those that scale-in takes first: not in service, of another configuration, the oldest."""
        current = configuration(self._record)
        candidates = [member for member in self._staying() if not member.protected_from_scale_in]
        return sorted(
            candidates,
            key=lambda member: (
                member.lifecycle_state == "InService",
                member.configuration == current,
                member.instance.launch_time,
            ),
        )

    def _launch(self, count: int, cause: str) -> None:
        if time.monotonic() < self._launch_after or self._suspended("Launch"):
            return
        refresh = active_refresh(self._record)
        launched_with = refresh.target if refresh else configuration(self._record)
        for _ in range(count):
            activity = self._begin_activity("Launching a new EC2 instance", cause)
            try:
                instance = self._run_instance(launched_with)
            except ServiceException as error:
                log.error("group %s cannot launch: %s", self._record.name, error)
                finish(activity, "Failed", str(error))
                self._launch_after = time.monotonic() + _RETRY
                if refresh:
                    refresh.fail(str(error))
                return
            activity.description = f"Launching a new EC2 instance: {instance.id}"
            instance.autoscaling_group = self._record
            self._record.instance_states.append(Member(instance, self._record, launched_with, activity))

    def _run_instance(self, launched_with: Configuration) -> Any:
        ec2 = self._backend.ec2_backend
        template = {"LaunchTemplateId": launched_with.template_id, "Version": launched_with.version}
        data = ec2._get_template_from_args(template).data
        subnet = subnet_for_next(self._record)
        tags = {**self._record.get_propagated_tags(), ASG_NAME_TAG: self._record.name}
        reservation = ec2.run_instances(
            data.get("ImageId", ""),
            1,
            None,
            [],
            launch_template=template,
            instance_type=launched_with.instance_type,
            is_instance_type_default=False,
            region_name=self._record.region,
            subnet_id=subnet,
            placement=None if subnet else self._record.availability_zones[0],
            nics=[{**interface, "SubnetId": subnet} for interface in data.get("NetworkInterfaces", [])],
            tags={
                "instance": tags,
                "volume": convert_tag_spec(data.get("TagSpecifications", [])).get("volume", {}),
            },
        )
        return reservation.instances[0]

    def _begin_activity(self, description: str, cause: str) -> Any:
        activity: Any = Activity(description, cause, self._record)
        activity.end_time = activity.status_message = None
        self._record.activities.append(activity)
        return activity

    def _suspended(self, process: str) -> bool:
        return any(suspended["ProcessName"] == process for suspended in self._record.suspended_processes)

    def _delete(self) -> None:
        """At once, as with ForceDelete: no hook is waited for."""
        running = [
            member.instance.id
            for member in self._members()
            if member.instance.state in ("pending", "running")
        ]
        if running:
            self._backend.ec2_backend.terminate_instances(running)
            for member in self._members():
                member.lifecycle_state = "Terminating:Proceed"
        if not self._members():
            self._backend.autoscaling_groups.pop(self._record.name, None)
            for hook in self._backend.describe_lifecycle_hooks(self._record.name):
                self._backend.delete_lifecycle_hook(self._record.name, hook.name)

    # Instance refresh ----------------------------------------------------------------------------------

    def _refresh(self, refresh: Refresh) -> None:
        if refresh.status == "Pending":
            refresh.status = "InProgress"
        if refresh.status == "InProgress" and (alarm := self._alarm(refresh)):
            refresh.fail(f"the alarm {alarm} is in the ALARM state")
            return
        staying = self._staying()
        members = [self._as_refresh_sees(member, refresh) for member in staying]
        refresh.progress(sum(not member.replaced for member in members))
        desired = int(self._record.desired_capacity)
        preferences = refresh.preferences
        within = limits(
            desired,
            min_healthy_percentage=int(preferences["MinHealthyPercentage"]),
            max_healthy_percentage=int(preferences["MaxHealthyPercentage"]),
        )
        step = next_step(members, desired=desired, within=within)
        if step.finished:
            self._finish_refresh(refresh)
        if step.launch:
            self._launch(step.launch, f"instance refresh {refresh.instance_refresh_id}")
        for member in staying:
            if member.instance.id in step.terminate:
                self._begin_termination(member, f"instance refresh {refresh.instance_refresh_id} replaces it")

    def _as_refresh_sees(self, member: Member, refresh: Refresh) -> RefreshMember:
        replaced = refresh.is_new(member)
        warmup = self._warmup(refresh) if replaced else 0.0
        return RefreshMember(id=member.instance.id, replaced=replaced, ready=member.ready(warmup))

    def _warmup(self, refresh: Refresh) -> float:
        given = (
            refresh.preferences.get("InstanceWarmup"),
            self._record.default_instance_warmup,
            self._record.health_check_grace_period,
        )
        return float(next(value for value in (*given, 0) if value is not None))

    def _finish_refresh(self, refresh: Refresh) -> None:
        refresh.progress(0)
        if refresh.status == "RollbackInProgress":
            refresh.end("RollbackSuccessful")
            return
        if refresh.desired_configuration:
            adopt(self._record, refresh.desired_configuration)
        refresh.end("Successful")

    def _alarm(self, refresh: Refresh) -> str | None:
        alarms = cloudwatch_backends[self._backend.account_id][self._backend.region_name].alarms
        watched: Iterable[str] = (refresh.preferences.get("AlarmSpecification") or {}).get("Alarms", [])
        return next(
            (name for name in watched if name in alarms and alarms[name].state_value == "ALARM"), None
        )
