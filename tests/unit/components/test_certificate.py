"""A certificate is asked for in the domain's own zone, and not waited for long."""

from types import SimpleNamespace
from typing import Any

import pytest

from components.certificate import Certificate, CertificateArgs, check_zone
from components.gates.gate import GateClosed
from testkit.registered import register
from tests.unit.components.rolled import API

VALIDATION = "aws:acm/certificateValidation:CertificateValidation"


def check(zone: dict[str, Any], domain: str = "app.shop-of-ours.com") -> None:
    class Api:
        def client(self, service: str) -> Any:
            assert service == "route53"
            return SimpleNamespace(get_hosted_zone=lambda Id: {"HostedZone": {"Id": Id, **zone}})

    check_zone(domain=domain, hosted_zone_id="Z1", api=Api())  # type: ignore[arg-type]  # gives clients too


@pytest.mark.parametrize("name", ["app.shop-of-ours.com.", "shop-of-ours.com."])
def test_the_domains_zone_is_taken(name: str) -> None:
    """Its own, or the one it is in."""
    check({"Name": name, "Config": {"PrivateZone": False}})


@pytest.mark.parametrize(
    ("zone", "why"),
    [
        (
            {"Name": "ours.com."},
            "Z1: that zone is ours.com's, and evenkeel:load_balancer.domain is app.shop-of",
        ),
        ({"Name": "shop-of-ours.com.", "Config": {"PrivateZone": True}}, "Z1: that zone is private"),
    ],
    ids=["another's", "private"],
)
def test_a_zone_that_proves_nothing_is_refused(zone: dict[str, Any], why: str) -> None:
    """Before there is a certificate to wait for."""
    with pytest.raises(GateClosed, match=why):
        check(zone)


def test_a_certificate_is_not_waited_for_long() -> None:
    """Where the zone is not the one that the world asks, it would never come."""
    args = CertificateArgs(domain="app.shop-of-ours.com", hosted_zone_id="Z1", api=API)
    made = register(lambda: Certificate("kit", args))
    assert made.options[VALIDATION, "kit"].customTimeouts.create == "15m"
    certificate = made.options["aws:acm/certificate:Certificate", "kit"]
    assert list(certificate.hooks.before_create) == ["kit-zone"]
    assert "kit-zone" in made.hooks
