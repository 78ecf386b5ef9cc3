"""What moto's ELBv2 lacks for load balancers that are real: a name that resolves, states, targets' health."""

from collections.abc import Callable
from typing import Any

from moto.elbv2.exceptions import TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeListener, FakeLoadBalancer

from rehearsal.cloud.addresses import Addresses
from rehearsal.cloud.elbv2.targets import RegisteredTarget
from rehearsal.cloud.moto_patch import patch

_create = ELBv2Backend.create_load_balancer
_make_listener = FakeListener.__init__
TargetsOf = Callable[[str], dict[str, RegisteredTarget] | None]
"""The targets of a target group by id; None for one that no load balancer uses."""


def patch_moto(addresses: Addresses, targets_of: TargetsOf) -> None:
    """Replace what falls short; once a process."""

    def create_load_balancer(backend: Any, *args: Any, **kwargs: Any) -> Any:
        balancer: Any = _create(backend, *args, **kwargs)
        balancer.dns_name = addresses.take()
        balancer.reason = None
        return balancer

    def describe_target_health(
        backend: Any, target_group_arn: str, targets: list[dict[str, Any]]
    ) -> list[FakeHealthStatus]:
        group = backend.target_groups.get(target_group_arn)
        if group is None:
            raise TargetGroupNotFoundError()
        known = targets_of(target_group_arn)
        if known is None:
            wanted = [target["Id"] for target in targets] or list(group.targets)
            return [_not_in_use(group, target_id) for target_id in wanted]
        wanted = [target["Id"] for target in targets] or list({**dict(known), **group.targets})
        return [_health(group, target_id, known.get(target_id)) for target_id in wanted]

    patch(FakeListener, __init__=_make_listener_without_tls)
    patch(
        FakeLoadBalancer,
        # Its body says when it is active; moto would at the first look.
        activate=lambda _: None,
        load_balancer_state=property(lambda balancer: {"Code": balancer.state, "Reason": balancer.reason}),
    )
    patch(
        ELBv2Backend,
        create_load_balancer=create_load_balancer,
        describe_target_health=describe_target_health,
    )


def _make_listener_without_tls(listener: Any, *args: Any, **kwargs: Any) -> None:
    """Only a listener of HTTPS or TLS has a policy for it."""
    _make_listener(listener, *args, **kwargs)
    if listener.protocol not in ("HTTPS", "TLS"):
        listener.ssl_policy = None


def _health(group: Any, target_id: str, target: RegisteredTarget | None) -> FakeHealthStatus:
    if target is not None:
        return _status(group, target_id, target.state, target.reason, target.description)
    if target_id in group.targets:
        return _status(
            group, target_id, "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
        )
    return _status(
        group,
        target_id,
        "unused",
        "Target.NotRegistered",
        "Target is not registered to the target group",
    )


def _not_in_use(group: Any, target_id: str) -> FakeHealthStatus:
    description = "Target group is not configured to receive traffic from the load balancer"
    return _status(group, target_id, "unused", "Target.NotInUse", description)


def _status(
    group: Any, target_id: str, state: str, reason: str | None, description: str | None
) -> FakeHealthStatus:
    port = group.targets.get(target_id, {}).get("Port", group.port)
    health_port = str(port) if group.health_check_port == "traffic-port" else group.health_check_port
    return FakeHealthStatus(target_id, port, health_port, state, reason, description)
