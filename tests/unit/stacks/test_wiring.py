"""Which setting goes where: what is worth a test is what is computed on the way."""

from types import SimpleNamespace
from typing import Any, cast

import pulumi
import pytest

from components.bucket import BucketArgs
from components.cloud import Cloud
from components.load_balancer import LoadBalancer
from components.release import Release
from stacks.settings import parse
from stacks.wiring import Wiring, environment
from testkit.registered import register

CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/own"


def wiring(**settings: Any) -> Wiring:
    return Wiring(project="evenkeel", stack="prod", settings=parse(settings))


def logs(**settings: Any) -> BucketArgs:
    """The log bucket's arguments, as a program makes them."""
    made: list[BucketArgs] = []
    cloud = cast(Cloud, SimpleNamespace(account_id="123456789012"))
    register(lambda: made.append(wiring(**settings).logs(cloud)))
    return made[0]


def test_the_app_is_told_its_budgets() -> None:
    """In milliseconds, and the kit's own variables over a stack's."""
    settings = parse({"app": {"environment": {"LEVEL": "info"}}})
    assert environment(settings, metrics_namespace="evenkeel-prod") == {
        "LEVEL": "info",
        "NODE_ENV": "production",
        "METRICS_NAMESPACE": "evenkeel-prod",
        "WEB_CONCURRENCY": "max",
        "DATABASE_POOL_SIZE": "10",
        "COOKIE_SECURE": "false",
        "DRAIN_TIMEOUT_MS": "1000",
        "KILL_TIMEOUT_MS": "5000",
        "LISTEN_TIMEOUT_MS": "98000",
        "KEEP_ALIVE_TIMEOUT_MS": "65000",
    }


def test_cookies_are_secure_behind_tls() -> None:
    """A browser would not send them otherwise."""
    settings = parse({"load_balancer": {"domain": "app.example.com", "hosted_zone_id": "Z1"}})
    assert environment(settings, metrics_namespace="")["COOKIE_SECURE"] == "true"


@pytest.mark.parametrize(
    ("balancer", "through"),
    [
        ({"domain": "app.example.com", "certificate_arn": CERTIFICATE}, "kit.elb.example"),
        ({"domain": "app.example.com", "certificate_arn": CERTIFICATE, "hosted_zone_id": "Z1"}, None),
        ({}, None),
    ],
    ids=["published by the user", "published by the stack", "no name"],
)
def test_a_name_that_its_user_publishes_is_asked_for_at_the_balancer(
    balancer: dict[str, str], through: str | None
) -> None:
    """The first deployment makes the balancer: nothing can lead to it before."""
    made = SimpleNamespace(url="https://app.example.com", dns_name="kit.elb.example")
    smoke = wiring(load_balancer=balancer).smoke(
        cast(Release, SimpleNamespace(sha256="abc")), cast(LoadBalancer, made), None, None
    )
    assert (smoke.context["url"], smoke.context["through"]) == ("https://app.example.com", through)


def test_gates_are_told_apart_by_project_and_stack() -> None:
    """Stacks may share an account."""
    assert wiring().gates == {
        "schema": "/evenkeel/prod/schema",
        "release": "/evenkeel/prod/release",
        "verified": "/evenkeel/prod/verified",
    }


def test_only_their_own_setting_lets_buckets_be_destroyed() -> None:
    """An unprotected balancer unprotects no logs."""
    assert logs().force_destroy is False
    assert logs(load_balancer={"deletion_protection": False}).force_destroy is False
    assert logs(buckets={"force_destroy": True}).force_destroy is True


def test_balancers_of_this_account_write_their_logs_and_no_others() -> None:
    """Below the account's path: whoever knows the bucket's name may not have his own logs there."""
    by_service: dict[str, Any] = {}

    def program() -> None:
        cloud = cast(Cloud, SimpleNamespace(account_id="123456789012"))
        for writer in wiring().logs(cloud).writers:
            pulumi.Output.from_input({writer.service: writer.prefix}).apply(by_service.update)

    register(program)
    assert by_service == {
        "logdelivery.elasticloadbalancing.amazonaws.com": "balancer/AWSLogs/123456789012",
        "logging.s3.amazonaws.com": "s3",
    }


def test_the_ca_bundle_is_the_regions_unless_set() -> None:
    """RDS signs with an authority of its own in each region."""
    assert parse({"aws": {"region": "us-east-1"}}).aws.ca_bundle == (
        "https://truststore.pki.rds.amazonaws.com/us-east-1/us-east-1-bundle.pem"
    )
    assert parse({"aws": {"ca_bundle_url": "https://ca/x.pem"}}).aws.ca_bundle == "https://ca/x.pem"
