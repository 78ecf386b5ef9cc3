"""AWS/EC2: the CPU time of the processes in each server."""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from moto.ec2.models import ec2_backends

from rehearsal.cloud import clock
from rehearsal.cloud.autoscaling.scaling_group import warmup
from rehearsal.cloud.body import every
from rehearsal.cloud.cloudwatch.metrics import MeasuredResource, datum
from rehearsal.cloud.ec2.body import Instances

_CPUS = os.cpu_count() or 1  # every server has all of this machine's
_TICK = os.sysconf("SC_CLK_TCK")


class ServerMetrics:
    """CPUUtilization of each instance, and of the group that it belongs to."""

    def __init__(self, instances: Instances) -> None:
        self._instances = instances
        self._before: dict[str, tuple[float, float]] = {}

    def measure(self) -> Iterable[MeasuredResource]:
        """Since the last call."""
        before, self._before = self._before, {}
        for backend in every(ec2_backends):
            for reservation in list(backend.reservations.values()):
                for instance in reservation.instances:
                    used = self._cpu_time(instance.id)
                    if used is None:
                        continue
                    now = time.monotonic()
                    self._before[instance.id] = now, used
                    if instance.id in before:
                        began, had = before[instance.id]
                        percent = min(100.0, max(0.0, used - had) / (now - began) / _CPUS * 100)
                        yield _measured(backend, instance, percent)

    def _cpu_time(self, instance_id: str) -> float | None:
        """Seconds; None where nothing runs."""
        server = self._instances.server(instance_id)
        init = server.init if server else None
        return None if init is None else cpu_time(init)


def _measured(backend: Any, instance: Any, percent: float) -> MeasuredResource:
    dimensions = [{"InstanceId": instance.id}]
    group = getattr(instance, "autoscaling_group", None)
    if group is not None and counts(group, instance.id):
        dimensions.append({"AutoScalingGroupName": group.name})
    return MeasuredResource(
        account=backend.account_id,
        region=backend.region_name,
        namespace="AWS/EC2",
        data=[datum("CPUUtilization", one, "Percent", percent) for one in dimensions],
    )


def counts(group: Any, instance_id: str) -> bool:
    """Whether it is a member in service that has warmed up: others do not share the group's work yet."""
    return any(
        member.lifecycle_state == "InService" and clock.monotonic() - member.in_service_since >= warmup(group)
        for member in list(group.instance_states)
        if member.instance.id == instance_id
    )


def cpu_time(pid: int) -> float:
    """Seconds of a process, its children, theirs, and of those that they waited for."""
    process = Path(f"/proc/{pid}")
    try:
        # After the name in parentheses, which may hold anything: utime is the 12th field, cstime the 15th.
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        children = [
            int(child)
            for task in (process / "task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / _TICK + sum(cpu_time(child) for child in children)
