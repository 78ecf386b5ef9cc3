"""The program of a whole stack: what it refuses before it registers anything, and what its gates ask."""

import asyncio
from typing import Any

import pytest

from components.rollout.smoke import Smoke
from stacks.passphrase import PUBLISHED, PublishedPassphrase
from stacks.settings import StackSettingsError
from testkit.program import configuration, program
from testkit.registered import Registered


def test_a_real_stack_with_the_published_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its secrets would be read by everyone."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", PUBLISHED)
    made = Registered()
    with pytest.raises(PublishedPassphrase):
        program(configuration("prod"), stack="prod", registered=made)
    assert made.inputs == {}


def test_a_protected_stack_without_tls() -> None:
    """Its users' passwords would be."""
    made = Registered()
    with pytest.raises(StackSettingsError, match=r"load_balancer\.domain is not set"):
        program({}, stack="prod", registered=made)
    assert made.inputs == {}


def test_stack_local_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: a rehearsal is not asked, and registers what it has."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", PUBLISHED)
    assert program(configuration("local"), stack="local").inputs


CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/own"


@pytest.mark.parametrize(
    ("hosted_zone", "through"),
    [({}, "evenkeel-prod.elb.example"), ({"hosted_zone_id": "Z1"}, None)],
    ids=["published by the user", "published by the stack"],
)
def test_the_verified_gate_asks_where_the_app_can_be_reached(
    hosted_zone: dict[str, str], through: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the balancer's own name, as long as nobody but the user can make the app's lead there."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(Smoke, "verify", lambda _, **context: asked.append(context))
    balancer = {"domain": "shop-of-ours.com", "certificate_arn": CERTIFICATE, **hosted_zone}
    made = program({**configuration("prod"), "load_balancer": balancer}, stack="prod")
    hook: Any = made.hooks["evenkeel-prod-rollout-verified-check"]
    asyncio.run(hook.callback(None))
    assert [context["url"] for context in asked] == ["https://shop-of-ours.com"]
    assert [context["through"] for context in asked] == [through]
