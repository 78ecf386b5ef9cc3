"""The way in, with and without a name."""

from typing import Any

import pytest

from components.load_balancer import LoadBalancer, LoadBalancerArgs, LoadBalancerSettings
from stacks.sections import Settings
from testkit.registered import Registered, register
from tests.unit.components.rolled import API

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
PLAIN = {BALANCER: 1, TARGET_GROUP: 1, LISTENER: 1}
DOMAIN = {"domain": "app.example.com", "hosted_zone_id": "Z1"}
OWN_CERTIFICATE = {"certificate_arn": "arn:own", "domain": "app.example.com"}


def load_balancer(**differences: Any) -> tuple[Registered, dict[str, str]]:
    """What is registered, and the outputs by name."""
    args = LoadBalancerArgs(
        settings=LoadBalancerSettings(**differences),
        vpc_id="vpc",
        subnet_ids=["public-a", "public-b"],
        security_group_id="sg",
        app_port=3000,
        timeline=Settings().timeline,
        access_log_bucket="logs",
        api=API,
    )
    outputs: dict[str, str] = {}

    def program() -> None:
        made = LoadBalancer("kit", args)
        made.url.apply(lambda url: outputs.update(url=url))
        made.dns_name.apply(lambda name: outputs.update(dns_name=name))
        made.target_group_arn.apply(lambda arn: outputs.update(target_group_arn=arn))

    return register(program), outputs


def test_the_balancer_is_hardened() -> None:
    """ELB.4, .5, .6, .12, .13."""
    made, _ = load_balancer()
    inputs = made[BALANCER, "kit"]
    assert inputs["dropInvalidHeaderFields"] is True
    assert inputs["accessLogs"] == {"enabled": True, "bucket": "logs", "prefix": "balancer"}
    assert inputs["enableDeletionProtection"] is True
    assert inputs["desyncMitigationMode"] == "defensive"
    assert inputs["subnets"] == ["public-a", "public-b"]


def test_the_budget_sets_every_time_out() -> None:
    """Nothing of the shutdown path is AWS' default."""
    made, _ = load_balancer()
    assert made[BALANCER, "kit"]["idleTimeout"] == 60
    group = made[TARGET_GROUP, "kit"]
    assert group["deregistrationDelay"] == 35
    assert group["healthCheck"] == {
        "protocol": "HTTP",
        "path": "/readyz",
        "matcher": "200",
        "interval": 5,
        "timeout": 4,
        "healthyThreshold": 2,
        "unhealthyThreshold": 3,
    }


def test_no_request_sticks_to_a_server() -> None:
    """Sessions live in Redis."""
    made, _ = load_balancer()
    assert "stickiness" not in made[TARGET_GROUP, "kit"]


def test_without_a_name_it_answers_plain_http() -> None:
    """As a rehearsal or a first try does."""
    made, outputs = load_balancer(http_port=8080)
    assert made.types == PLAIN
    assert made[LISTENER, "kit-http"]["port"] == 8080
    assert made[LISTENER, "kit-http"]["defaultActions"] == [{"type": "forward", "targetGroupArn": "arn:kit"}]
    assert outputs["url"] == "http://kit.elb.example:8080"


def test_a_domain_gets_a_certificate_and_its_record() -> None:
    """Proved and published in its zone."""
    made, outputs = load_balancer(**DOMAIN)
    assert made.types == {
        **PLAIN,
        LISTENER: 2,
        "aws:acm/certificate:Certificate": 1,
        "aws:acm/certificateValidation:CertificateValidation": 1,
        "aws:route53/record:Record": 2,
    }
    proof = made["aws:route53/record:Record", "kit-certificate-proof"]
    assert (proof["zoneId"], proof["type"], proof["name"]) == ("Z1", "CNAME", "proof.example")
    published = made["aws:route53/record:Record", "kit-domain"]
    assert published["aliases"] == [
        {"name": "kit.elb.example", "zoneId": "ZELB", "evaluateTargetHealth": True}
    ]
    assert outputs["url"] == "https://app.example.com"


def test_a_certificate_of_ones_own_makes_none() -> None:
    """It is used as it is; the name is its owner's to publish."""
    made, outputs = load_balancer(**OWN_CERTIFICATE)
    assert made.types == {**PLAIN, LISTENER: 2}
    assert made[LISTENER, "kit-https"]["certificateArn"] == "arn:own"
    assert (outputs["url"], outputs["dns_name"]) == ("https://app.example.com", "kit.elb.example")


@pytest.mark.parametrize("named", [DOMAIN, OWN_CERTIFICATE], ids=["domain", "certificate"])
def test_http_only_sends_to_https(named: dict[str, str]) -> None:
    """ELB.1, ELB.17: a redirect there, TLS 1.3 here."""
    made, _ = load_balancer(**named)
    assert made[LISTENER, "kit-http"]["defaultActions"] == [
        {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}
    ]
    https = made[LISTENER, "kit-https"]
    assert (https["protocol"], https["port"]) == ("HTTPS", 443)
    assert https["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert https["defaultActions"] == [{"type": "forward", "targetGroupArn": "arn:kit"}]
