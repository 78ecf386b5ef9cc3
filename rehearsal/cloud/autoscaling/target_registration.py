"""An Auto Scaling group's servers as targets of the group's target groups."""

from typing import Any

from rehearsal.cloud.elbv2.body import LoadBalancers


class Registration:
    """Registers servers, takes them back, and says what the balancers think of them."""

    def __init__(self, backend: Any, group: Any, balancers: LoadBalancers) -> None:
        self._elbv2 = backend.elbv2_backend
        self._group = group
        self._balancers = balancers

    def register(self, instance_id: str) -> None:
        """The balancers may send requests once their health checks pass."""
        for group in self._target_groups():
            self._elbv2.register_targets(group.arn, [{"Id": instance_id, "Port": group.port}])

    def deregister(self, instance_id: str) -> None:
        """No new request; what is in flight has the deregistration delay."""
        for group in self._target_groups():
            if instance_id in group.targets:
                self._elbv2.deregister_targets(group.arn, [{"Id": instance_id}])

    def drained(self, instance_id: str) -> bool:
        """Whether nothing is in flight to it or its delay is over, whatever state is still displayed.

        That is what Auto Scaling waits for:
        https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/config-conn-drain.html
        """
        return not any(
            instance_id in group.targets or self._is_deregistering(group, instance_id)
            for group in self._target_groups()
        )

    def _is_deregistering(self, group: Any, instance_id: str) -> bool:
        target = (self._balancers.targets(group.arn) or {}).get(instance_id)
        return target is not None and not target.deregistered

    def states(self, instance_id: str) -> set[str]:
        """Its states in the groups that a balancer uses."""
        known = [self._balancers.targets(group.arn) for group in self._target_groups()]
        registered = [targets.get(instance_id) for targets in known if targets is not None]
        return {target.state if target else "initial" for target in registered}

    def _target_groups(self) -> list[Any]:
        known = self._elbv2.target_groups
        return [known[arn] for arn in self._group.target_group_arns if arn in known]
