"""ELBv2: an HAProxy stands behind each application load balancer that has a listener."""

import logging
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from rehearsal.cloud import clock
from rehearsal.cloud.acm import moto_patches as acm_patches
from rehearsal.cloud.attempts import Attempts
from rehearsal.cloud.body import CloudContext, StatusRow, every
from rehearsal.cloud.cloudwatch.metrics import MeasuredResource
from rehearsal.cloud.elbv2 import balancer_metrics, moto_patches
from rehearsal.cloud.elbv2.balancer_metrics import BalancerTraffic
from rehearsal.cloud.elbv2.balancer_view import Certificates, view
from rehearsal.cloud.elbv2.haproxy import Haproxy, HaproxyError
from rehearsal.cloud.elbv2.haproxy_config import (
    HaproxyBalancer,
    ServerLine,
    TargetGroup,
    UnsupportedError,
    backend_name,
)
from rehearsal.cloud.elbv2.targets import UNAWARE, Observation, RegisteredTarget, fail_open
from rehearsal.processes import end_all

log = logging.getLogger(__name__)


class LoadBalancers:
    """The body of ELBv2."""

    def __init__(self, context: CloudContext) -> None:
        acm_patches.patch_moto()
        moto_patches.patch_moto(context.addresses, self.targets)
        self._folder = context.folder("elbv2")
        self._context = context
        self._certificates = Certificates(self._folder / "certificates", context.authority, context.user)
        self._balancers: dict[str, _LoadBalancer] = {}
        self._attempts = Attempts()

    def reconcile(self) -> None:
        """Give new load balancers an HAProxy, end those of deleted ones, move each one step on."""
        wanted = {
            balancer.arn: (backend, balancer)
            for backend in every(elbv2_backends)
            for balancer in list(backend.load_balancers.values())
        }
        for arn in self._balancers.keys() - wanted.keys():
            end_all(self._balancers.pop(arn).processes(), within=0)
            self._attempts.forget(arn)
        for arn, (backend, balancer) in wanted.items():
            if arn not in self._balancers:
                folder = self._folder / arn.rpartition("/")[2]
                self._balancers[arn] = _LoadBalancer(
                    backend, balancer, folder, self._context, self._certificates
                )
            self._attempts.step(arn, self._balancers[arn].reconcile)

    def targets(self, target_group_arn: str) -> dict[str, RegisteredTarget] | None:
        """A target group's targets by id, those that drain too; None where no load balancer uses it."""
        for balancer in list(self._balancers.values()):
            if target_group_arn in balancer.targets:
                return balancer.targets[target_group_arn]
        return None

    def measure(self) -> Iterable[MeasuredResource]:
        """AWS/ApplicationELB since the last call."""
        return [balancer.measure() for balancer in self._balancers.values()]

    def rows(self) -> list[StatusRow]:
        """One row a load balancer."""
        return [balancer.row() for balancer in self._balancers.values()]

    def stop(self) -> None:
        """End every HAProxy, with what it is answering."""
        end_all((p for balancer in self._balancers.values() for p in balancer.processes()), within=0)


class _LoadBalancer:
    """One load balancer: what moto's records ask for, the HAProxy that does it, and its targets."""

    def __init__(
        self, backend: Any, balancer: Any, folder: Path, context: CloudContext, certificates: Certificates
    ) -> None:
        self.targets: dict[str, dict[str, RegisteredTarget]] = {}
        self._backend = backend
        self._record = balancer
        self._certificates = certificates
        self._check_pace = context.check_pace
        self._haproxy = Haproxy(folder, context, certificates=certificates.folder)
        self._loaded: HaproxyBalancer | None = None
        self._leaving: list[tuple[str, str]] = []
        self._registrations = 0
        self._traffic = BalancerTraffic()

    def processes(self) -> list[Any]:
        """Its HAProxy, when there is one."""
        return [self._haproxy.process] if self._haproxy.process else []

    def row(self) -> StatusRow:
        record, process = self._record, self._haproxy.process
        ports = ",".join(str(listener.port) for listener in record.listeners.values())
        address = f"{record.dns_name}:{ports}" if ports else record.dns_name
        pid = process.pid if process else None
        return StatusRow(kind="load balancer", name=record.name, address=address, pid=pid, state=record.state)

    def measure(self) -> MeasuredResource:
        """What it counted since the last call, by target group."""
        balancer = balancer_metrics.suffix(self._record.arn)
        data = balancer_metrics.balancer_data(balancer, self._traffic.take_own_errors())
        for arn, targets in self.targets.items():
            data += balancer_metrics.target_group_data(
                balancer,
                balancer_metrics.suffix(arn),
                self._traffic.take_tallies(backend_name(arn)),
                targets.values(),
            )
        return MeasuredResource(
            account=self._backend.account_id,
            region=self._backend.region_name,
            namespace=balancer_metrics.NAMESPACE,
            data=data,
        )

    def reconcile(self) -> None:
        """One step; a configuration that can't be is the load balancer's `failed` state."""
        try:
            wanted = view(self._backend, self._record, self._certificates, check_pace=self._check_pace)
            if wanted.listeners:
                self._balance(wanted)
            self._record.state, self._record.reason = "active", None
        except (UnsupportedError, HaproxyError) as error:
            if self._record.reason != str(error):
                log.error("load balancer %s: %s", self._record.name, error)
            self._record.state, self._record.reason = "failed", str(error)

    def _balance(self, wanted: HaproxyBalancer) -> None:
        if wanted != self._loaded or not self._haproxy.alive:
            self._load(wanted)
        elif self._haproxy.settled:
            self._register(wanted)
            self._deregister()
            self._observe(wanted)

    def _load(self, wanted: HaproxyBalancer) -> None:
        """Every target is in the file, so that new workers start with what the old ones knew."""
        self._loaded = wanted
        groups = {group.arn: group for group in wanted.target_groups}
        self.targets = {arn: self.targets.get(arn, {}) for arn in groups}
        self._leaving.clear()
        self._haproxy.load(
            wanted,
            {
                arn: [
                    ServerLine(name=target.server, where=target.where, weight=target.weight)
                    for target in targets.values()
                    if not target.forgotten
                ]
                for arn, targets in self.targets.items()
            },
        )

    def _register(self, wanted: HaproxyBalancer) -> None:
        for group in wanted.target_groups:
            targets = self.targets[group.arn]
            for target_id, registered in list(self._backend.target_groups[group.arn].targets.items()):
                known = targets.get(target_id)
                if known is None or known.state == "draining":
                    if known is not None and not known.forgotten:
                        self._leaving.append((group.backend, known.server))
                    if target := self._target(target_id, int(registered["Port"])):
                        targets[target_id] = target
                        self._add(group, target)

    def _target(self, target_id: str, port: int) -> RegisteredTarget | None:
        address = target_id
        if target_id.startswith("i-"):
            ec2 = ec2_backends[self._backend.account_id][self._backend.region_name]
            instance = ec2.get_instance_by_id(target_id)
            if instance is None or instance.private_ip_address is None:
                return None
            address = instance.private_ip_address
        self._registrations += 1
        return RegisteredTarget(
            id=target_id, address=address, port=port, server=f"{target_id}.{self._registrations}"
        )

    def _add(self, group: TargetGroup, target: RegisteredTarget) -> None:
        server = f"{group.backend}/{target.server}"
        self._command(
            f"add server {server} {target.where} weight {target.weight} {group.health_check.options}"
        )
        self._command(f"enable health {server}")
        self._command(f"enable server {server}")

    def _deregister(self) -> None:
        for arn, targets in self.targets.items():
            group = self._backend.target_groups[arn]
            for target in list(targets.values()):
                if target.id not in group.targets and target.state != "draining":
                    delay = float(group.attributes["deregistration_delay.timeout_seconds"])
                    # By its name, which is another one at each registration.
                    unaware = Random(target.server).uniform(*UNAWARE)
                    target.drain(now=clock.monotonic(), delay=delay, unaware=unaware)

    def _observe(self, wanted: HaproxyBalancer) -> None:
        statistics = self._haproxy.statistics()
        self._traffic.see(statistics)
        for group in wanted.target_groups:
            targets, now = self.targets[group.arn], clock.monotonic()
            weights = {target.server: target.weight for target in targets.values()}
            for target in list(targets.values()):
                if target.unused(now=now):
                    del targets[target.id]
                elif not target.forgotten:
                    self._look(group, target, statistics[group.backend, target.server], now)
            fail_open(targets.values())
            for target in targets.values():
                if target.weight != weights[target.server] and not target.forgotten:
                    self._weigh(group.arn, target)
                if target.fails_open:
                    # Else HAProxy sends it nothing; by the next failed checks it would be down again.
                    self._command(f"set server {group.backend}/{target.server} health up")
        self._remove()

    def _look(self, group: TargetGroup, target: RegisteredTarget, row: dict[str, str], now: float) -> None:
        in_flight = int(row["scur"]) + int(row["qcur"])
        seen = Observation(
            up=row["status"].startswith("UP"),
            check=row["check_status"],
            code=row["check_code"],
            requests=in_flight,
        )
        target.observe(seen, now=now)
        target.complete(in_flight, now=now)
        if target.forgotten:
            self._leaving.append((group.backend, target.server))

    def _remove(self) -> None:
        """HAProxy lets a server go once its last connection, even an idle one, is closed."""
        for backend, server in list(self._leaving):
            name = f"{backend}/{server}"
            self._command(f"set server {name} state maint")
            self._command(f"shutdown sessions server {name}")
            if "deleted" in self._haproxy.ask(f"del server {name}"):
                self._leaving.remove((backend, server))

    def _weigh(self, target_group_arn: str, target: RegisteredTarget) -> None:
        server = f"{backend_name(target_group_arn)}/{target.server}"
        self._command(f"set server {server} weight {target.weight}")

    def _command(self, command: str) -> None:
        answer = self._haproxy.ask(command).strip()
        if answer and not answer.startswith("New server registered"):
            log.warning("load balancer %s: %s: %s", self._record.name, command, answer)
