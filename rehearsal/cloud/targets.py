"""A target of a target group, from its registration until it is drained. Pure: observations in, state out."""

from dataclasses import dataclass, field

FULL_WEIGHT = 100
_SETTLE = 1.0  # seconds between deregistration and the first look at whether requests are in flight

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
class Target:
    """A target and its state in the words of DescribeTargetHealth."""

    id: str
    address: str
    port: int
    server: str
    """HAProxy's name for it; another one each time that it is registered."""
    state: str = "initial"
    reason: str | None = "Elb.RegistrationInProgress"
    description: str | None = "Target registration is in progress"
    _drain_began: float = field(default=0.0)
    _drain_ends: float = field(default=0.0)

    @property
    def where(self) -> str:
        """Address and port."""
        return f"{self.address}:{self.port}"

    @property
    def weight(self) -> int:
        """Requests go to healthy targets alone; a new one has to pass its first health check."""
        return FULL_WEIGHT if self.state == "healthy" else 0

    def drain(self, *, now: float, delay: float) -> None:
        """No new request for it; those in flight have `delay` seconds."""
        self.state, self.reason = "draining", "Target.DeregistrationInProgress"
        self.description = "Target deregistration is in progress"
        self._drain_began, self._drain_ends = now, now + delay

    def observe(self, seen: Observation) -> None:
        """A look at the health checks; nothing brings back a target that drains."""
        if self.state == "draining":
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

    def drained(self, requests: int, *, now: float) -> bool:
        """Whether it may go: its delay is over, or nothing is in flight any more."""
        if self.state != "draining":
            return False
        return now >= self._drain_ends or (requests == 0 and now >= self._drain_began + _SETTLE)
