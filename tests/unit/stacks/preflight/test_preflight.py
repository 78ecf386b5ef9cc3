"""What would fail in the middle of a first deployment is found before it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pulumi
import pytest
from botocore.exceptions import ClientError

from components import release
from components.app import AppSettings
from stacks import preflight
from stacks.__main__ import main
from stacks.preflight import Target, account, domain, machine, offers, quotas
from stacks.settings import parse
from tests.unit.stacks.preflight.account import (
    ACCOUNT,
    REGION,
    ROOMY,
    STACK,
    allow,
    in_zone,
    make_zone,
    request,
    target,
)


def test_no_credentials_are_told_and_nothing_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do about it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    (only,) = preflight.run(replace(target(), session=boto3.Session()))
    assert only.problems == [f"Unable to locate credentials. {account.LOG_IN}"]


def test_another_endpoint_than_aws_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that took the rehearsal's line would find everything in order."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4577")
    (problem,) = account.credentials(replace(target(), settings=parse({**STACK})))
    assert problem.startswith("AWS_ENDPOINT_URL is http://127.0.0.1:4577")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("af-south-1", "evenkeel:aws.region is af-south-1: it is not enabled."),
        ("eu-central-9", "evenkeel:aws.region is eu-central-9: there is no such region."),
    ],
)
def test_a_region_that_cannot_be_used(name: str, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not enabled, or misspelt."""
    regions = [
        {"RegionName": "eu-central-1", "OptInStatus": "opt-in-not-required"},
        {"RegionName": "af-south-1", "OptInStatus": "not-opted-in"},
    ]

    class Ec2:
        def describe_regions(self, **_: Any) -> dict[str, Any]:
            return {"Regions": regions}

    monkeypatch.setattr(Target, "client", lambda *_: Ec2())
    (found,) = account.region(target(aws={"region": name}))
    assert found.startswith(problem)
    assert list(account.region(target())) == []


def test_missing_service_linked_roles_are_told_and_made() -> None:
    """Made once, when asked to; that of Spot only where there are Spot Instances."""
    problems = list(account.roles(target()))
    assert [problem.rpartition(" ")[2].strip("`") for problem in problems] == list(account.SERVICES)
    assert list(account.roles(replace(target(), makes_roles=True))) == []
    assert list(account.roles(target())) == []
    (spot,) = account.roles(target(app_servers={"on_demand_percentage": 50}))
    assert "spot.amazonaws.com" in spot


@pytest.mark.parametrize(
    ("quota", "settings", "needed"),
    [
        (quotas.ADDRESSES, {}, 3),
        (quotas.VPCS, {}, 1),
        (quotas.ON_DEMAND, {}, 28),
        (quotas.SPOT, {"app_servers": {"on_demand_percentage": 0}}, 28),
    ],
    ids=["addresses", "VPCs", "vCPUs", "Spot"],
)
def test_a_quota_that_does_not_do_is_told(
    quota: tuple[str, str, str], settings: dict[str, Any], needed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what others use, what is needed, and how more is asked for."""
    used = 1 if quota == quotas.VPCS else 0  # the default VPC
    allow(monkeypatch, ROOMY | {quota: used + needed - 1})
    (problem,) = quotas.quotas(target(**settings))
    allowed = f"the account may have {used + needed - 1} {quota[2]} here"
    assert problem.startswith(f"{allowed}, {used} are in use, and the stack needs {needed}.")
    assert f"--quota-code {quota[1]} --desired-value {used + needed}" in problem
    allow(monkeypatch, ROOMY | {quota: used + needed})
    assert list(quotas.quotas(target(**settings))) == []


def test_zones_that_are_short_or_out_of_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same that the program would choose."""
    assert list(offers.zones(target())) == []
    monkeypatch.setattr(
        offers, "chosen_zones", lambda _: {"eu-central-1a": "impaired", "eu-central-1b": "available"}
    )
    short, impaired = offers.zones(target())
    assert short == "evenkeel:network.zones is 3: eu-central-1 has 2 for this account. Set it so"
    assert impaired.startswith("zone eu-central-1a is impaired just now")


def test_types_that_a_zone_lacks() -> None:
    """One of them has to be there."""
    assert list(offers.instance_types(target())) == []
    problems = list(offers.instance_types(target(app_servers={"instance_types": ["m7q.large"]})))
    assert len(problems) == 3
    assert "m7q.large: zone eu-central-1a offers none" in problems[0]


def test_a_database_class_that_rds_does_not_offer(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the version, and with a standby."""
    offered = {"EngineVersion": "17.4", "MultiAZCapable": False}

    class Rds:
        def get_paginator(self, _: str) -> Any:
            return self

        def paginate(self, **_: Any) -> list[dict[str, Any]]:
            return [{"OrderableDBInstanceOptions": [offered]}]

    monkeypatch.setattr(Target, "client", lambda *_: Rds())
    (problem,) = offers.database_class(target())
    assert "db.m7g.large: RDS offers none for PostgreSQL 17 in eu-central-1 with a standby" in problem
    assert list(offers.database_class(target(database={"multi_az": False}))) == []
    assert len(list(offers.database_class(target(database={"multi_az": False, "engine_version": "1"})))) == 1


def test_a_hosted_zone_that_does_not_do() -> None:
    """There is none, or it is another domain's."""
    (missing,) = domain.domain(target())
    assert missing.startswith("evenkeel:load_balancer.hosted_zone_id is Z1: the account has no such zone.")
    (other,) = domain.domain(in_zone(make_zone("other.com")))
    assert "that zone is other.com's" in other
    assert list(domain.domain(in_zone(make_zone("shop-of-ours.com")))) == []


def test_a_certificate_that_does_not_do() -> None:
    """From another region, not there, not issued, for another name."""
    names = {"domain": "app.shop-of-ours.com"}
    arn = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/none"
    problems = [
        problem
        for other in (arn.replace(REGION, "us-east-1"), arn, request("app.other.com"))
        for problem in domain.domain(target(load_balancer={**names, "certificate_arn": other}))
    ]
    region, missing, pending, name = problems
    assert "the balancer is in eu-central-1, not us-east-1" in region
    assert "the account has no such certificate" in missing
    assert "it is PENDING_VALIDATION" in pending
    assert "it is for app.other.com, and evenkeel:load_balancer.domain is app.shop-of-ours.com" in name


@pytest.mark.parametrize("name", ["app.shop-of-ours.com", "*.shop-of-ours.com"])
def test_a_certificate_for_the_domain_is_taken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name, or for all of the names beside it."""
    found = {"Status": "ISSUED", "DomainName": name}

    class Acm:
        def describe_certificate(self, **_: str) -> dict[str, Any]:
            return {"Certificate": found}

    monkeypatch.setattr(Target, "client", lambda *_: Acm())
    settings = {"domain": "app.shop-of-ours.com", "certificate_arn": f"arn:aws:acm:{REGION}:1:certificate/x"}
    assert list(domain.domain(target(load_balancer=settings))) == []


def test_a_machine_that_lacks_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program, or what a release is made of; and what the servers could not load, as in a preview."""
    monkeypatch.setenv("PATH", str(tmp_path))
    pulumi_cli, git = machine.machine(target())
    assert pulumi_cli.startswith("pulumi is not on PATH")
    assert git.startswith("git is not on PATH")

    def refuse(app: AppSettings, servers: object) -> None:
        raise pulumi.RunError(f"{app.path} for {servers}")

    monkeypatch.setattr(release, "build", refuse)
    monkeypatch.setattr(machine, "NEEDED", {})
    assert list(machine.machine(target())) == ["app for Servers(architecture='x86_64', node=22)"]


def test_an_account_that_has_all(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: nothing is refused, and the command says so."""
    monkeypatch.setattr(machine, "NEEDED", {})
    monkeypatch.setattr(release, "build", lambda *_: None)
    monkeypatch.setitem(preflight.CHECKS, "database class", lambda _: iter(()))
    ready = in_zone(make_zone("shop-of-ours.com"))
    monkeypatch.setattr("stacks.__main__.read", lambda _: ready.settings)
    assert main(["preflight", "prod"]) == 1
    assert "refused      service-linked roles" in capsys.readouterr().out
    assert main(["preflight", "prod", "--make-roles"]) == 0
    shown = capsys.readouterr().out
    assert "refused" not in shown
    assert "ok           quotas" in shown


def test_what_the_deployer_may_not_ask_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that it was not checked, and why."""

    def denied(*_: Any) -> Iterator[str]:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "GetServiceQuota")
        yield ""

    monkeypatch.setattr("stacks.preflight.report.CHECKS", {"quotas": denied})
    _, result = preflight.run(target())
    assert (result.state, result.problems) == ("not checked", ())
    assert "AccessDenied" in preflight.shown(result)


@pytest.mark.parametrize(
    ("stack", "said"), [("Prod_1", "can't be named"), ("nothing", "There is no stack nothing")]
)
def test_a_stack_that_cannot_be_deployed_anywhere(
    stack: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its name, or its file."""
    assert main(["preflight", stack]) == 1
    assert said in capsys.readouterr().err


REFUSALS: dict[str, list[Callable[..., None]]] = {
    "the stack": [test_a_stack_that_cannot_be_deployed_anywhere],
    "credentials": [
        test_no_credentials_are_told_and_nothing_else_is_asked,
        test_another_endpoint_than_aws_is_told,
    ],
    "this machine": [test_a_machine_that_lacks_something],
    "region": [test_a_region_that_cannot_be_used],
    "service-linked roles": [test_missing_service_linked_roles_are_told_and_made],
    "quotas": [test_a_quota_that_does_not_do_is_told],
    "zones": [test_zones_that_are_short_or_out_of_order],
    "instance types": [test_types_that_a_zone_lacks],
    "database class": [test_a_database_class_that_rds_does_not_offer],
    "domain": [test_a_hosted_zone_that_does_not_do, test_a_certificate_that_does_not_do],
}
"""By check, the tests that show what it refuses, with the remedy."""


def test_each_check_is_documented_and_shown_to_refuse() -> None:
    """None is added without."""
    assert list(REFUSALS) == ["the stack", "credentials", *preflight.CHECKS]
    _, _, after = Path("docs/aws.md").read_text().partition("| check | what is refused |\n|---|---|\n")
    rows = after.partition("\n\n")[0].splitlines()
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == list(REFUSALS)
