"""An account in which nothing was made yet, and a stack that is to be deployed to it."""

from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto.servicequotas.models import ServiceQuotasBackend

from stacks.preflight import Target, quotas
from stacks.settings import parse

ACCOUNT, REGION = "123456789012", "eu-central-1"
STACK: dict[str, Any] = {"load_balancer": {"domain": "app.shop-of-ours.com", "hosted_zone_id": "Z1"}}
SESSION = boto3.Session("x", "x")
ROOMY = {quotas.ADDRESSES: 5, quotas.VPCS: 5, quotas.ON_DEMAND: 32, quotas.SPOT: 32}


def allow(monkeypatch: pytest.MonkeyPatch, quotas: dict[tuple[str, str, str], int]) -> None:
    """The account's quotas."""
    values = {(service, code): value for (service, code, _), value in quotas.items()}

    def get(_: Any, service_code: str, quota_code: str) -> dict[str, Any]:
        return {"Value": float(values[service_code, quota_code])}

    monkeypatch.setattr(ServiceQuotasBackend, "get_service_quota", get)


def target(**settings: Any) -> Target:
    return Target(project="evenkeel", stack="prod", settings=parse({**STACK, **settings}), session=SESSION)


def client(service: str) -> Any:
    return SESSION.client(service, REGION)


def make_zone(name: str, **more: Any) -> str:
    zone = client("route53").create_hosted_zone(Name=name, CallerReference=name, **more)["HostedZone"]
    return str(zone["Id"].rpartition("/")[2])


def in_zone(zone: str) -> Target:
    """The zones of moto have ids that no setting would take."""
    settings = target().settings
    balancer = replace(settings.load_balancer, hosted_zone_id=zone)
    return replace(target(), settings=settings.model_copy(update={"load_balancer": balancer}))


def request(name: str) -> str:
    return str(client("acm").request_certificate(DomainName=name)["CertificateArn"])
