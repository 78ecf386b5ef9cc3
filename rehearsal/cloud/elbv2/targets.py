"""A target of a target group, from its registration until it is unused. Pure: observations in, state out.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#deregistration-delay
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from collections.abc import Collection
from dataclasses import dataclass, field

FULL_WEIGHT = 100
UNAWARE = (1.0, 5.0)
"""Seconds, at least and at most, that a deregistered target still gets new requests.

A load balancer has many nodes, which learn of it one after another. AWS names no figure; users see seconds:
https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/1064
"""
_SETTLE = 1.0  # seconds from a change of who gets requests to a look at whether any is in flight

_CHECK_FAILURES = {
    "L7STS": ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [{code}]"),
    "L4TOUT": ("Target.Timeout", "Request timed out"),
    "L6TOUT": ("Target.Timeout", "Request timed out"),
    "L7TOUT": ("Target.Timeout", "Request timed out"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What HAProxy says of a server: UP or DOWN, its last check, and its requests in flight."""

    up: bool
    check: str
    code: str
    requests: int


@dataclass(kw_only=True, slots=True)
class RegisteredTarget:
    """A target and its state in the words of DescribeTargetHealth."""

    id: str
    address: str
    port: int
    server: str
    """HAProxy's name for it; another one each time that it is registered."""
    state: str = "initial"
    reason: str | None = "Elb.RegistrationInProgress"
    description: str | None = "Target registration is in progress"
    fails_open: bool = False
    """Whether it gets requests although it is unhealthy, as all of its target group are."""
    deregistered: bool = False
    """Whether its deregistration is complete.

    It is displayed as draining until its delay is over all the same, and some nodes still send it requests.
    """
    forgotten: bool = False
    """Whether it is deregistered, each node knows, and what they sent meanwhile is answered too."""
    _gets_requests: bool = field(default=False)
    _drain_began: float = field(default=0.0)
    _aware_at: float = field(default=0.0)
    _drain_ends: float = field(default=0.0)

    @property
    def where(self) -> str:
        """Address and port."""
        return f"{self.address}:{self.port}"

    @property
    def weight(self) -> int:
        """A new target has to pass its first health check; one that drains gets requests for a while yet."""
        return FULL_WEIGHT if self.state == "healthy" or self.fails_open or self._gets_requests else 0

    def drain(self, *, now: float, delay: float, unaware: float) -> None:
        """No new request after `unaware` seconds; those in flight have `delay` seconds."""
        self._gets_requests = self.weight > 0
        self.state, self.reason = "draining", "Target.DeregistrationInProgress"
        self.description = "Target deregistration is in progress"
        self._drain_began, self._aware_at = now, now + min(unaware, delay)
        self._drain_ends = now + delay

    def observe(self, seen: Observation, *, now: float) -> None:
        """A look at the health checks; nothing brings back a target that drains."""
        if self.state == "draining":
            if self._gets_requests and now >= self._aware_at:
                # From now on, however late: a clock that was advanced has passed it long since.
                self._gets_requests, self._aware_at = False, now
            return
        if seen.up and seen.check.startswith("L7OK"):
            self.state, self.reason, self.description = "healthy", None, None
        elif seen.up and self.state == "initial":
            self.reason, self.description = "Elb.InitialHealthChecking", "Initial health checks in progress"
        elif not seen.up:
            self.state = "unhealthy"
            reason, description = _CHECK_FAILURES.get(
                seen.check.removeprefix("* "), ("Target.FailedHealthChecks", "Health checks failed")
            )
            self.reason, self.description = reason, description.format(code=seen.code)

    def complete(self, requests: int, *, now: float) -> None:
        """Its deregistration, when its delay is over or nothing is in flight any more."""
        if self.state != "draining":
            return
        is_over = now >= self._drain_ends
        quiet = requests == 0 and now >= self._drain_began + _SETTLE
        self.deregistered = self.deregistered or quiet or is_over
        answered = requests == 0 and now >= self._aware_at + _SETTLE
        self.forgotten = self.forgotten or is_over or (self.deregistered and answered)

    def unused(self, *, now: float) -> bool:
        """Whether the target group knows it no longer."""
        return self.deregistered and now >= self._drain_ends


def fail_open(targets: Collection[RegisteredTarget]) -> None:
    """With none but unhealthy targets registered, all of them get requests."""
    registered = [target for target in targets if target.state != "draining"]
    all_are_unhealthy = all(target.state == "unhealthy" for target in registered)
    for target in targets:
        target.fails_open = all_are_unhealthy and target.state == "unhealthy"
