"""A target's health in the words of DescribeTargetHealth."""

import pytest

from rehearsal.cloud.elbv2.targets import FULL_WEIGHT, Observation, RegisteredTarget, fail_open


def target() -> RegisteredTarget:
    """A target that was registered just now."""
    return RegisteredTarget(id="i-1", address="127.1.0.1", port=3000, server="i-1.1")


def seen(*, up: bool = True, check: str = "L7OK", code: str = "200") -> Observation:
    """What HAProxy says of it."""
    return Observation(up=up, check=check, code=code, requests=0)


def test_a_new_target_gets_no_request_before_its_first_check() -> None:
    """HAProxy takes an unchecked server for healthy; a load balancer does not."""
    one = target()
    assert (one.state, one.weight) == ("initial", 0)
    one.observe(seen(check="INI"), now=1.0)
    assert (one.state, one.reason, one.weight) == ("initial", "Elb.InitialHealthChecking", 0)
    one.observe(seen(), now=2.0)
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
    one.observe(seen(up=False, check=check, code=code), now=1.0)
    assert (one.state, one.reason, one.description) == ("unhealthy", reason, description)


def test_a_target_that_drains_gets_requests_until_every_node_knows() -> None:
    """Its health checks go on passing, and bring it not back."""
    one = target()
    one.observe(seen(), now=90.0)
    one.drain(now=100.0, delay=10.0, unaware=3.0)
    one.observe(seen(), now=102.9)
    assert (one.state, one.reason, one.weight) == (
        "draining",
        "Target.DeregistrationInProgress",
        FULL_WEIGHT,
    )
    one.observe(seen(), now=103.0)
    assert (one.state, one.weight) == ("draining", 0)


def test_a_target_that_got_no_request_gets_none_while_it_drains() -> None:
    """It was not healthy yet."""
    one = target()
    one.drain(now=100.0, delay=10.0, unaware=3.0)
    one.observe(seen(), now=101.0)
    assert one.weight == 0


def test_deregistration_is_complete_when_nothing_is_in_flight() -> None:
    """Whether or not each node knows; `draining` is displayed until the delay is over."""
    one = target()
    one.observe(seen(), now=90.0)
    one.drain(now=100.0, delay=10.0, unaware=3.0)
    one.complete(0, now=100.5)
    assert not one.deregistered
    one.complete(2, now=101.0)
    assert not one.deregistered
    one.complete(0, now=101.0)
    assert (one.deregistered, one.state) == (True, "draining")
    assert (one.weight, one.forgotten) == (FULL_WEIGHT, False)
    assert not one.unused(now=109.9)
    assert one.unused(now=110.0)


def deregistered(*, delay: float, looked_at: float) -> RegisteredTarget:
    """A target whose deregistration was complete at 101.0, as the cloud's next look finds it."""
    one = target()
    one.observe(seen(), now=90.0)
    one.drain(now=100.0, delay=delay, unaware=3.0)
    one.complete(0, now=101.0)
    one.observe(seen(), now=looked_at)
    one.complete(0, now=looked_at)
    assert (one.deregistered, one.weight, one.forgotten) == (True, 0, False), "the balancer still has to hear"
    return one


def test_what_is_sent_after_a_deregistration_was_complete_is_answered() -> None:
    """Only then do the balancer's nodes end their connections to the target."""
    one = deregistered(delay=10.0, looked_at=103.0)
    one.complete(1, now=104.0)
    assert not one.forgotten
    one.complete(0, now=105.0)
    assert one.forgotten


def test_what_was_sent_up_to_a_leap_of_the_clock_is_answered() -> None:
    """The balancer hears at the first look after it: the time until the next ones is for the answers."""
    one = deregistered(delay=300.0, looked_at=200.0)
    one.observe(seen(), now=200.5)
    one.complete(0, now=200.5)
    assert not one.forgotten
    one.observe(seen(), now=201.0)
    one.complete(0, now=201.0)
    assert one.forgotten


@pytest.mark.parametrize("unaware", [3.0, 60.0])
def test_deregistration_is_complete_when_the_delay_is_over(unaware: float) -> None:
    """With requests in flight, and with nodes that do not know."""
    one = target()
    one.observe(seen(), now=90.0)
    one.drain(now=100.0, delay=10.0, unaware=unaware)
    one.complete(3, now=109.9)
    assert not one.deregistered
    one.observe(seen(), now=110.0)
    one.complete(3, now=110.0)
    assert (one.deregistered, one.weight, one.unused(now=110.0)) == (True, 0, True)


def test_only_unhealthy_targets_get_requests_only_where_there_is_no_other() -> None:
    """The balancer fails open; one that drains or is new yet does not count as healthy, nor gets any."""
    healthy, ill, drains = target(), target(), target()
    healthy.observe(seen(), now=1.0)
    ill.observe(seen(up=False, check="L7STS", code="503"), now=1.0)
    drains.drain(now=1.0, delay=60.0, unaware=3.0)
    fail_open([healthy, ill, drains])
    assert (healthy.weight, ill.weight, drains.weight) == (FULL_WEIGHT, 0, 0)
    healthy.observe(seen(up=False, check="L4CON"), now=2.0)
    fail_open([healthy, ill, drains])
    assert (healthy.weight, ill.weight, drains.weight) == (FULL_WEIGHT, FULL_WEIGHT, 0)
    healthy.observe(seen(), now=3.0)
    fail_open([healthy, ill, drains])
    assert (healthy.weight, ill.weight, drains.weight) == (FULL_WEIGHT, 0, 0)
