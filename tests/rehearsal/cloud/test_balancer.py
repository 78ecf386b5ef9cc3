"""ELBv2 in rehearsal: HAProxy balances as the API says, and no change costs a request."""

import ssl
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from rehearsal.cloud.elbv2.targets import UNAWARE
from testkit.load import Load
from testkit.waiting import eventually
from tests.rehearsal.cloud.fleet import Fleet
from tests.rehearsal.cloud.running import CHECK_PACE, RunningCloud
from tests.rehearsal.cloud.server_group import held_requests


@pytest.fixture(scope="module")
def fleet(cloud: RunningCloud) -> Fleet:
    """Two healthy servers behind the balancer."""
    fleet = Fleet(cloud)
    fleet.create_group("app", size=2)
    delay_deregistrations(fleet, 8)
    fleet.wait_for_healthy(2)
    # Targets are registered by hand from now on.
    fleet.autoscaling.suspend_processes(
        AutoScalingGroupName="app", ScalingProcesses=["ReplaceUnhealthy", "AddToLoadBalancer"]
    )
    return fleet


def test_requests_go_round_robin_and_tell_who_asked(fleet: Fleet) -> None:
    """Both servers answer in turn; they learn the client's address, protocol and port."""
    answers = [fleet.ask() for _ in range(4)]
    assert {answer["id"] for answer in answers[:2]} == set(fleet.members())
    headers = answers[0]["headers"]
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("http", "8080")


def test_targets_come_and_go_without_a_failed_request(fleet: Fleet) -> None:
    """Deregistered and registered again, three times, under load; its states are those of ELBv2."""
    leaving = fleet.members()[0]
    with Load(fleet.url, path="/") as load:
        for _ in range(3):
            fleet.elb.deregister_targets(TargetGroupArn=fleet.target_group, Targets=[{"Id": leaving}])
            eventually(lambda: fleet.health().get(leaving) == "draining", within=2)
            eventually(lambda: leaving not in fleet.health(), within=15)
            fleet.elb.register_targets(TargetGroupArn=fleet.target_group, Targets=[{"Id": leaving}])
            assert fleet.health()[leaving] == "initial"
            eventually(lambda: fleet.health()[leaving] == "healthy", within=10)
        outcome = load.stop()
    assert outcome.failed == 0, outcome.failures


def test_a_request_in_flight_outlives_its_targets_deregistration(fleet: Fleet) -> None:
    """A drain waits for it, up to the deregistration delay."""
    leaving = fleet.members()[0]
    delay_deregistrations(fleet, 3000)
    with held_requests(fleet) as held:
        fleet.elb.deregister_targets(TargetGroupArn=fleet.target_group, Targets=[{"Id": leaving}])
        eventually(lambda: fleet.health()[leaving] == "draining", within=2)
        fleet.cloud.advance(1500)
        assert set(held.let_go()) == set(fleet.members())
    assert fleet.health()[leaving] == "draining"
    fleet.cloud.advance(1500)
    assert leaving not in fleet.health()
    delay_deregistrations(fleet, 8)
    fleet.elb.register_targets(TargetGroupArn=fleet.target_group, Targets=[{"Id": leaving}])
    fleet.wait_for_healthy(2)


def test_a_target_gets_new_requests_for_some_seconds_after_its_deregistration(fleet: Fleet) -> None:
    """The balancer's nodes learn of it one after another; then it gets none, though it is still shown."""
    leaving = fleet.members()[0]
    delay_deregistrations(fleet, 3000)
    target = {"TargetGroupArn": fleet.target_group, "Targets": [{"Id": leaving}]}

    def new_requests() -> int:
        """How many it answered that were sent later than DeregisterTargets had answered."""
        over, after = threading.Event(), threading.Event()
        answered: list[str] = []

        def ask() -> None:
            while not over.is_set():
                late = after.is_set()
                identity = fleet.ask()["id"]
                answered.extend([identity] * late)

        with ThreadPoolExecutor() as pool:
            asking = pool.submit(ask)
            try:
                fleet.elb.deregister_targets(**target)
                after.set()
                time.sleep(UNAWARE[0])
                fleet.cloud.advance(UNAWARE[1])
                assert leaving not in {fleet.ask()["id"] for _ in range(4)}
                assert fleet.health()[leaving] == "draining"
            finally:
                over.set()
            asking.result()
        fleet.cloud.advance(3000)
        assert leaving not in fleet.health()
        fleet.elb.register_targets(**target)
        fleet.wait_for_healthy(2)
        return answered.count(leaving)

    eventually(new_requests, within=60)
    delay_deregistrations(fleet, 8)


def test_without_a_healthy_target_every_one_gets_requests(fleet: Fleet) -> None:
    """The balancer fails open: to servers that all fail their checks and serve."""
    both, interval = fleet.members(), 2
    # The cloud tells HAProxy twice a second and more that they get requests; of a busy machine less often.
    check_every(fleet, interval)
    for server in both:
        fleet.run(server, "touch /tmp/broken")
    eventually(lambda: set(fleet.health().values()) == {"unhealthy"}, within=20)
    eventually(lambda: fleet.answering() == set(both), within=5)
    with Load(fleet.url, path="/") as load:
        # For longer than it takes HAProxy to find a server down.
        time.sleep(3 * interval)
        outcome = load.stop()
    assert outcome.failed == 0, outcome.failures
    assert set(fleet.health().values()) == {"unhealthy"}
    fixed, broken = both
    fleet.run(fixed, "rm /tmp/broken")
    eventually(lambda: fleet.health() == {fixed: "healthy", broken: "unhealthy"}, within=20)
    eventually(lambda: fleet.answering() == {fixed}, within=5)
    fleet.run(broken, "rm /tmp/broken")
    check_every(fleet, 1)
    fleet.wait_for_healthy(2)


def test_an_unhealthy_target_says_why_and_gets_nothing(fleet: Fleet) -> None:
    """After its threshold of failed checks, and back after that of good ones."""
    broken = fleet.members()[0]
    fleet.run(broken, "touch /tmp/broken")
    eventually(lambda: fleet.health()[broken] == "unhealthy", within=20)
    (described,) = fleet.elb.describe_target_health(
        TargetGroupArn=fleet.target_group, Targets=[{"Id": broken}]
    )["TargetHealthDescriptions"]
    assert described["TargetHealth"]["Reason"] == "Target.ResponseCodeMismatch"
    assert described["TargetHealth"]["Description"] == "Health checks failed with these codes: [503]"
    assert broken not in {fleet.ask()["id"] for _ in range(4)}
    fleet.run(broken, "rm /tmp/broken")
    fleet.wait_for_healthy(2)


def test_a_change_of_listeners_costs_no_request(fleet: Fleet) -> None:
    """HAProxy is reloaded under load: rules come and go, attributes change."""
    with Load(fleet.url, path="/") as load:
        rules = []
        for number in (1, 2, 3):
            fixed = {"StatusCode": "418", "ContentType": "text/plain", "MessageBody": f"rule {number}"}
            rule = fleet.elb.create_rule(
                ListenerArn=fleet.listener,
                Priority=number,
                Conditions=[{"Field": "path-pattern", "Values": [f"/teapot/{number}*"]}],
                Actions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
            )
            rules.append(rule["Rules"][0]["RuleArn"])
            eventually(partial(is_teapot, f"{fleet.url}/teapot/{number}"), within=5)
        fleet.elb.modify_load_balancer_attributes(
            LoadBalancerArn=fleet.balancer,
            Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "30"}],
        )
        for arn in rules:
            fleet.elb.delete_rule(RuleArn=arn)
        eventually(lambda: status(f"{fleet.url}/teapot/1") == 200, within=5)
        outcome = load.stop()
    assert outcome.failed == 0, outcome.failures


def test_https_has_the_certificate_and_http_redirects_to_it(fleet: Fleet) -> None:
    """A certificate that ACM issues is signed by the cloud's own authority."""
    certificate = fleet.cloud.client("acm").request_certificate(
        DomainName="app.example.org", ValidationMethod="DNS"
    )["CertificateArn"]
    forward = {"Type": "forward", "TargetGroupArn": fleet.target_group}
    fleet.elb.create_listener(
        LoadBalancerArn=fleet.balancer,
        Protocol="HTTPS",
        Port=8443,
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[forward],
    )
    to_https = {"Protocol": "HTTPS", "Port": "8443", "StatusCode": "HTTP_301"}
    fleet.elb.create_listener(
        LoadBalancerArn=fleet.balancer,
        Protocol="HTTP",
        Port=8081,
        DefaultActions=[{"Type": "redirect", "RedirectConfig": to_https}],
    )
    location = eventually(lambda: redirect(f"http://{fleet.address}:8081/a?b=c"), within=10)
    assert location == f"https://{fleet.address}:8443/a?b=c"
    context = ssl.create_default_context(cafile=str(fleet.cloud.ca))
    context.check_hostname = False  # its name is the domain's, which does not resolve here
    with urllib.request.urlopen(location, context=context, timeout=10) as response:
        assert response.status == 200


def test_a_target_group_without_a_balancer_is_not_in_use(fleet: Fleet) -> None:
    """Nobody checks its targets' health."""
    lonely = fleet.elb.create_target_group(Name="lonely", Protocol="HTTP", Port=3000, VpcId=fleet.vpc)[
        "TargetGroups"
    ][0]["TargetGroupArn"]
    fleet.elb.register_targets(TargetGroupArn=lonely, Targets=[{"Id": fleet.members()[0]}])
    (described,) = fleet.elb.describe_target_health(TargetGroupArn=lonely)["TargetHealthDescriptions"]
    assert (described["TargetHealth"]["State"], described["TargetHealth"]["Reason"]) == (
        "unused",
        "Target.NotInUse",
    )


def test_what_the_balancer_cannot_do_fails_it_with_the_reason(fleet: Fleet) -> None:
    """The load balancer's state says so, and it goes on with what it had."""
    rule = fleet.elb.create_rule(
        ListenerArn=fleet.listener,
        Priority=9,
        Conditions=[{"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "x"}]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": fleet.target_group}],
    )["Rules"][0]["RuleArn"]

    def state() -> Any:
        return fleet.elb.describe_load_balancers()["LoadBalancers"][0]["State"]

    eventually(lambda: state()["Code"] == "failed", within=5)
    assert state()["Reason"].startswith("a rule's condition 'query-string': use one of host-header")
    assert fleet.ask()["mark"] == "1"
    fleet.elb.delete_rule(RuleArn=rule)
    eventually(lambda: state()["Code"] == "active", within=5)


def delay_deregistrations(fleet: Fleet, seconds: int) -> None:
    """From now on."""
    fleet.elb.modify_target_group_attributes(
        TargetGroupArn=fleet.target_group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": str(seconds)}],
    )


def check_every(fleet: Fleet, seconds: int) -> None:
    """How often targets' health is checked in truth."""
    fleet.elb.modify_target_group(
        TargetGroupArn=fleet.target_group, HealthCheckIntervalSeconds=CHECK_PACE * seconds
    )


def is_teapot(url: str) -> bool:
    """Whether the rule is in force."""
    return status(url) == 418


def status(url: str) -> int:
    """The answer's status, whatever it is."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def redirect(url: str) -> str | None:
    """Where a redirect leads; None while nobody answers."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    try:
        urllib.request.build_opener(Stay).open(url, timeout=5).close()
    except urllib.error.HTTPError as error:
        return error.headers["Location"]
    except OSError:
        return None
    return None
