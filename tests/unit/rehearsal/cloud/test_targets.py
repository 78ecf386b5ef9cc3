"""A target's health in the words of DescribeTargetHealth."""

import pytest

from rehearsal.cloud.targets import FULL_WEIGHT, Observation, Target


def target() -> Target:
    """A target that was registered just now."""
    return Target(id="i-1", address="127.1.0.1", port=3000, server="i-1.1")


def seen(*, up: bool = True, check: str = "L7OK", code: str = "200") -> Observation:
    """What HAProxy says of it."""
    return Observation(up=up, check=check, code=code, requests=0)


def test_a_new_target_gets_no_request_before_its_first_check() -> None:
    """HAProxy takes an unchecked server for healthy; a load balancer does not."""
    one = target()
    assert (one.state, one.weight) == ("initial", 0)
    one.observe(seen(check="INI"))
    assert (one.state, one.reason, one.weight) == ("initial", "Elb.InitialHealthChecking", 0)
    one.observe(seen())
    assert (one.state, one.reason, one.weight) == ("healthy", None, FULL_WEIGHT)


@pytest.mark.parametrize(
    ("check", "code", "reason", "description"),
    [
        ("L7STS", "503", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]"),
        ("* L7TOUT", "", "Target.Timeout", "Request timed out"),
        ("L4CON", "", "Target.FailedHealthChecks", "Health checks failed"),
    ],
)
def test_an_unhealthy_target_says_why(check: str, code: str, reason: str, description: str) -> None:
    """With ELBv2's own reason codes."""
    one = target()
    one.observe(seen(up=False, check=check, code=code))
    assert (one.state, one.reason, one.description) == ("unhealthy", reason, description)


def test_nothing_brings_back_a_target_that_drains() -> None:
    """Its health checks go on passing, and it gets no new request."""
    one = target()
    one.drain(now=100.0, delay=10.0)
    one.observe(seen())
    assert (one.state, one.reason, one.weight) == ("draining", "Target.DeregistrationInProgress", 0)


def test_a_target_drains_until_nothing_is_in_flight_or_its_delay_is_over() -> None:
    """Deregistration ends early without requests, and in time with them."""
    one = target()
    one.drain(now=100.0, delay=10.0)
    assert not one.drained(0, now=100.5)
    assert one.drained(0, now=101.0)
    assert not one.drained(3, now=109.9)
    assert one.drained(3, now=110.0)
