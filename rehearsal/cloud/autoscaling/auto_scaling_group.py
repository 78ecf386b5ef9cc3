"""An Auto Scaling group: its servers are launched, watched, replaced and terminated in AWS's order."""

import logging
from typing import Any

from moto.core.exceptions import ServiceException

from rehearsal.cloud import clock
from rehearsal.cloud.autoscaling import (
    refresh_execution,
    replacement,
    scheduled_actions,
)
from rehearsal.cloud.autoscaling.launches import Launches
from rehearsal.cloud.autoscaling.lifecycle import Member, finish
from rehearsal.cloud.autoscaling.refresh_record import active_refresh, replacing_refresh
from rehearsal.cloud.autoscaling.scaling_group import Configuration, configuration
from rehearsal.cloud.autoscaling.target_registration import Registration
from rehearsal.cloud.autoscaling.termination_policy import first_to_go
from rehearsal.cloud.autoscaling.warm_pool import WarmPool
from rehearsal.cloud.body import StatusRow
from rehearsal.cloud.ec2.body import Instances
from rehearsal.cloud.elbv2.body import LoadBalancers

_LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
_TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
log = logging.getLogger(__name__)


class AutoScalingGroup:
    """One Auto Scaling group."""

    def __init__(self, backend: Any, record: Any, instances: Instances, balancers: LoadBalancers) -> None:
        self._backend = backend
        self.record = record
        self._instances = instances
        self._registration = Registration(backend, record, balancers)
        self._launches = Launches(record)
        self._pool = WarmPool(self, backend.ec2_backend, instances, self._launches)

    def row(self) -> StatusRow:
        """The group, and how many of its servers are in service."""
        record = self.record
        in_service = len(record.active_instances())
        state = record.status or f"{in_service} of {record.desired_capacity} in service"
        return StatusRow(kind="Auto Scaling group", name=record.name, address="", pid=None, state=state)

    def reconcile(self) -> None:
        """See what became of each member, move it on, then launch and terminate."""
        for member in self._members():
            self._advance(member)
        if self.record.status == "Delete in progress":
            self._delete()
            return
        self._find_unhealthy()
        replacement.find(self, self._instances.notices, self._instances.zones.lost)
        if (refresh := active_refresh(self.record)) is not None:
            refresh_execution.advance(refresh, self)
        if replacing_refresh(self.record) is None:
            replacement.advance(self)
            self._scale_in()
        complete = len(self.staying()) >= int(self.record.desired_capacity)
        self._pool.reconcile(fill=complete and active_refresh(self.record) is None)

    def _members(self) -> list[Member]:
        return list(self.record.instance_states)

    def staying(self) -> list[Member]:
        """Members that are not being terminated."""
        return [member for member in self._members() if not member.terminating]

    @property
    def settled(self) -> bool:
        """Whether no member is on its way in or out."""
        return all(member.lifecycle_state == "InService" for member in self._members())

    def _advance(self, member: Member) -> None:
        instance = member.instance
        if instance.state in ("terminated", "stopped"):
            self._forget(member)
            return
        match member.lifecycle_state:
            case "Pending" if not member.wait_for(self.launching_hooks()):
                self._put_in_service(member)
            case "Pending:Wait" if member.hooks_outcome() == "CONTINUE":
                self._put_in_service(member)
            case "Pending:Wait" if member.hooks_outcome() == "ABANDON":
                self._abandon(member)
            case "InService":
                self._watch(member)
            case "Terminating" if self._registration.drained(instance.id) and not member.wait_for(
                self.terminating_hooks()
            ):
                self._terminate_instance(member)
            case "Terminating:Wait" if member.hooks_outcome() is not None:
                self._terminate_instance(member)
        if member.termination is not None and not member.terminating:
            self.begin_termination(member, member.termination)
        self._instances.lifecycle_states[instance.id] = member.target_lifecycle_state

    def launching_hooks(self) -> list[Any]:
        """What a new server waits for."""
        return self._hooks(_LAUNCHING)

    def terminating_hooks(self) -> list[Any]:
        """What one waits for that is to go, once it is drained."""
        return self._hooks(_TERMINATING)

    def renew_pool(self, target: Configuration) -> bool:
        """Let the warm pool have no server of another configuration; whether that is so."""
        return self._pool.renew(target)

    def _hooks(self, transition: str) -> list[Any]:
        hooks = self._backend.describe_lifecycle_hooks(self.record.name)
        return [hook for hook in hooks if hook.lifecycle_transition == transition]

    def _put_in_service(self, member: Member) -> None:
        if not self.suspended("AddToLoadBalancer"):
            self._registration.register(member.instance.id)
        member.lifecycle_state = "InService"
        member.in_service_since = clock.monotonic()
        finish(member.activity, "Successful")
        log.info("group %s: instance %s is in service", self.record.name, member.instance.id)

    def _abandon(self, member: Member) -> None:
        reason = f"instance {member.instance.id} abandoned its launch: a lifecycle hook's result was ABANDON"
        self._launch_failed(member, reason)
        self._terminate_instance(member)

    def _launch_failed(self, member: Member, reason: str) -> None:
        self._launches.failed(member.activity, reason)
        self._hinder_refresh(member, reason)

    def _hinder_refresh(self, member: Member, reason: str) -> None:
        refresh = active_refresh(self.record)
        if refresh is not None and refresh.is_new(member):
            refresh.hinder(reason)

    def _watch(self, member: Member) -> None:
        """Healthy for all that the group asks: a warm-up counts from then on."""
        if self._healthy(member):
            member.healthy_since = member.healthy_since or clock.monotonic()
        else:
            member.healthy_since = None

    def _healthy(self, member: Member) -> bool:
        by_balancer = self.record.health_check_type != "ELB" or (
            self._registration.states(member.instance.id) <= {"healthy"}
        )
        return by_balancer and member.health_status == "Healthy"

    def begin_termination(self, member: Member, cause: str) -> None:
        """Take it from the balancers; what it is answering is finished first."""
        instance_id = member.instance.id
        log.info("group %s: instance %s is terminated: %s", self.record.name, instance_id, cause)
        if member.activity.end_time is None:
            finish(member.activity, "Cancelled", cause)
        member.activity = self._launches.begin_activity(f"Terminating EC2 instance: {instance_id}", cause)
        member.lifecycle_state = "Terminating"
        self._registration.deregister(instance_id)

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
                self._hinder_refresh(member, reason)
                cause = (
                    f"instance {instance.id} was taken out of service in response to an EC2 health check"
                    " indicating it has been terminated or stopped"
                )
                activity = self._launches.begin_activity(f"Terminating EC2 instance: {instance.id}", cause)
                finish(activity, "Successful")
        self._registration.deregister(instance.id)
        self.record.instance_states.remove(member)
        self._instances.lifecycle_states.pop(instance.id, None)

    def _find_unhealthy(self) -> None:
        if self.suspended("ReplaceUnhealthy") or self.suspended("HealthCheck"):
            return
        grace = float(self.record.health_check_grace_period or 0)
        for member in self.staying():
            if member.lifecycle_state != "InService" or member.replacement is not None:
                continue
            by_balancer = self.record.health_check_type == "ELB" and (
                "unhealthy" in self._registration.states(member.instance.id)
            )
            if by_balancer and clock.monotonic() - member.in_service_since > grace:
                member.health_status = "Unhealthy"
            if member.health_status == "Unhealthy":
                check = "an ELB system health check failure" if by_balancer else "a user health-check"
                cause = f"instance {member.instance.id} was taken out of service in response to {check}"
                self._hinder_refresh(member, cause)
                replacement.replace_unhealthy(self, member, cause)

    def _scale_in(self) -> None:
        """What is too many goes, unless a cancelled refresh still settles."""
        lasting = [member for member in self.staying() if member.replacement is None]
        surplus = len(lasting) - int(self.record.desired_capacity)
        if surplus > 0 and active_refresh(self.record) is None and not self.suspended("Terminate"):
            cause = f"the capacity was {len(lasting)} and {self.record.desired_capacity} are desired"
            for member in first_to_go(lasting, surplus, self.configuration()):
                self.begin_termination(member, f"{self.record.capacity_cause or 'a request'}: {cause}")

    def configuration(self) -> Configuration | None:
        """What it launches; None where the launch template is gone, which only a launch minds."""
        try:
            return configuration(self.record)
        except ServiceException:
            return None

    def launch(self, count: int, cause: str) -> None:
        """So many servers, unless a launch failed just now."""
        if self.suspended("Launch"):
            return
        refresh, replacing = active_refresh(self.record), replacing_refresh(self.record)
        target = refresh.target if refresh and refresh.status != "Cancelling" else self.configuration()
        for _ in range(count):
            if target is None or self._launches.paused:
                return
            staying = self.staying()
            lasting = [
                member
                for member in staying
                if (member.replacement is None if replacing is None else replacing.is_new(member))
            ]
            member = self._pool.take(target, cause) or self._launches.launch(
                target, cause, lasting=lasting, all_=staying
            )
            if member is not None:
                self.record.instance_states.append(member)

    def suspended(self, process: str) -> bool:
        """Whether SuspendProcesses named it."""
        return any(suspended["ProcessName"] == process for suspended in self.record.suspended_processes)

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
        self._pool.terminate()
        if not self._members() and not self.record.warm_members:
            self._backend.autoscaling_groups.pop(self.record.name, None)
            for hook in self._backend.describe_lifecycle_hooks(self.record.name):
                self._backend.delete_lifecycle_hook(self.record.name, hook.name)
            for policy in self._backend.describe_policies(autoscaling_group_name=self.record.name):
                self._backend.delete_policy(policy.name)
            scheduled_actions.forget(self._backend, self.record.name)
