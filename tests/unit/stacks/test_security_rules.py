"""Settings that are refused because of what strangers, or a mistake, could do."""

import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from stacks.settings import StackSettingsError, load, parse

REHEARSED = {"endpoint": "http://127.0.0.1:4577"}
DOMAIN = {"domain": "app.shop-of-ours.com", "hosted_zone_id": "Z1"}
UNPROTECTED: dict[str, Any] = {
    "load_balancer": {"deletion_protection": False},
    "redis": {"deletion_protection": False},
    "database": {"deletion_protection": False},
}


@pytest.fixture
def configured() -> Iterator[None]:
    """Pulumi's configuration is a global."""
    yield
    pulumi.runtime.set_all_config({})


def loaded(values: dict[str, Any]) -> None:
    pulumi.runtime.set_all_config(
        {f"evenkeel:{section}": json.dumps(value) for section, value in values.items()}
    )
    load("such-as-no-file-is-for")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"database": {"parameters": {"rds.force_ssl": "0"}}},
            'evenkeel:database.parameters.rds.force_ssl is "0": passwords and rows would cross the network '
            "in plain text (RDS.38). Take it out.",
        ),
        (
            {"aws": {"endpoint": "http://aws.example"}},
            'evenkeel:aws.endpoint is "http://aws.example": without TLS whoever is on the way reads and '
            "forges all that is said to AWS. Set it to an https:// address; http:// is for a rehearsal on "
            "127.0.0.1.",
        ),
        (
            {"aws": {"ca_bundle_url": "http://ca.example/x.pem"}},
            'evenkeel:aws.ca_bundle_url is "http://ca.example/x.pem": without TLS whoever is on the way '
            "chooses which database and which stores the servers trust. Set it to an https:// address; "
            "http:// is for a rehearsal on 127.0.0.1.",
        ),
        (
            {"aws": {"ca_bundle_url": "http://127.0.0.1.example/x.pem"}},
            'evenkeel:aws.ca_bundle_url is "http://127.0.0.1.example/x.pem": without TLS whoever is on the '
            "way chooses which database and which stores the servers trust. Set it to an https:// address; "
            "http:// is for a rehearsal on 127.0.0.1.",
        ),
        (
            {"load_balancer": {"http_port": 22}},
            "evenkeel:load_balancer.http_port is 22: only 80 and 443 may be open to the whole world "
            "(EC2.18). Take it out; another port is for a rehearsal on 127.0.0.1.",
        ),
        (
            {"load_balancer": {"certificate_arn": "arn:aws:acm:eu-central-1:1:certificate/x"}},
            "evenkeel:load_balancer.domain is not set: load_balancer.certificate_arn is not valid for the "
            "balancer's own name, at which the app would be asked. Set it to a name that the certificate is "
            "for.",
        ),
        (
            {"database": {"backup_retention_days": 0}},
            "evenkeel:database.backup_retention_days is 0: a database that is worth "
            "database.deletion_protection has no backup then, and no point-in-time recovery (RDS.11). Set it "
            "to 7 or more, or database.deletion_protection to false.",
        ),
    ],
)
def test_a_weak_setting_is_refused_with_reason_and_remedy(values: dict[str, Any], message: str) -> None:
    """Verbatim, in any stack."""
    with pytest.raises(StackSettingsError) as refused:
        parse(values)
    assert str(refused.value) == f"1 setting is refused:\n  {message}"


@pytest.mark.parametrize(
    "values",
    [
        {"database": {"parameters": {"rds.force_ssl": "1"}}},
        {"aws": {"endpoint": "https://aws.example", "ca_bundle_url": "https://ca.example/x.pem"}},
        {"aws": {**REHEARSED, "ca_bundle_url": "http://localhost:4577/x.pem"}},
        {"aws": {"endpoint": "http://[::1]:4577"}},
        {"aws": REHEARSED, "load_balancer": {"http_port": 8080}},
        {"database": {"backup_retention_days": 0, "deletion_protection": False}},
        {"load_balancer": {"domain": "a.example", "certificate_arn": "arn:aws:acm:x:1:certificate/x"}},
    ],
)
def test_what_is_like_it_and_safe_is_accepted(values: dict[str, Any]) -> None:
    """The twins."""
    parse(values)


@pytest.mark.parametrize(
    "values",
    [
        {},
        UNPROTECTED | {"load_balancer": {}},
        UNPROTECTED | {"redis": {}},
        UNPROTECTED | {"database": {}},
        {"aws": {"endpoint": "https://aws.example"}},
    ],
)
@pytest.mark.usefixtures("configured")
def test_production_without_tls_is_not_deployed(values: dict[str, Any]) -> None:
    """Whatever is protected is production; verbatim."""
    with pytest.raises(StackSettingsError) as refused:
        loaded(values)
    assert str(refused.value) == (
        "1 setting is refused:\n"
        "  evenkeel:load_balancer.domain is not set: passwords and session cookies would cross the internet "
        "in plain text, and the stack's deletion protection says that it is production (ELB.1). Set it, and "
        "load_balancer.hosted_zone_id or load_balancer.certificate_arn. Where nothing is worth protecting, "
        "set deletion_protection of load_balancer, redis and database to false."
    )


@pytest.mark.parametrize("values", [{"load_balancer": DOMAIN}, UNPROTECTED, {"aws": REHEARSED}])
@pytest.mark.usefixtures("configured")
def test_with_tls_or_unprotected_or_in_rehearsal_it_is(values: dict[str, Any]) -> None:
    """The twins."""
    loaded(values)
