"""Auto Scaling: launches, health, replacement and termination of each group's servers, in AWS's order."""

from typing import Any

from moto.autoscaling.models import autoscaling_backends

from rehearsal.cloud.attempts import Attempts
from rehearsal.cloud.autoscaling import (
    moto_patches,
    refresh_patches,
    scaling_policies,
    scheduled_actions,
    warm_pool_patches,
)
from rehearsal.cloud.autoscaling.auto_scaling_group import AutoScalingGroup
from rehearsal.cloud.body import StatusRow, every
from rehearsal.cloud.ec2.body import Instances
from rehearsal.cloud.elbv2.body import LoadBalancers


class AutoScalingGroups:
    """The body of Auto Scaling. Its servers are EC2's (ec2.py), their health the balancers' (elbv2.py)."""

    def __init__(self, instances: Instances, balancers: LoadBalancers) -> None:
        moto_patches.patch_moto()
        refresh_patches.patch_moto()
        scaling_policies.patch_moto()
        warm_pool_patches.patch_moto()
        scheduled_actions.patch_moto()
        self._instances = instances
        self._balancers = balancers
        self._groups: dict[Any, AutoScalingGroup] = {}
        self._attempts = Attempts()

    def reconcile(self) -> None:
        """What is scheduled, then one step of each group."""
        self._attempts.step("scheduled actions", scheduled_actions.run_due)
        self._groups = {
            record: self._groups.get(record)
            or AutoScalingGroup(backend, record, self._instances, self._balancers)
            for backend in every(autoscaling_backends)
            for record in list(backend.autoscaling_groups.values())
        }
        for group in self._groups.values():
            self._attempts.step(group.record.arn, group.reconcile)

    def rows(self) -> list[StatusRow]:
        """One row a group."""
        return [group.row() for group in self._groups.values()]

    def stop(self) -> None:
        """Nothing runs here: EC2's body ends the servers."""
