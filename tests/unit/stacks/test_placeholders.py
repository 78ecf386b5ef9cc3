"""What the stack files hold for their user to replace is refused where it would be deployed."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.placeholders import HOSTED_ZONE, placeholders, reserved
from stacks.project import find
from stacks.settings import StackSettingsError, parse, refuse_in_an_account, sections

OWN: dict[str, Any] = {
    "load_balancer": {"domain": "shop-of-ours.com", "hosted_zone_id": "Z1"},
    "monitoring": {"alarm_email": "on-call@shop-of-ours.com"},
}


def refused(values: dict[str, Any]) -> list[str]:
    return [problem.setting for problem in placeholders(parse(values))]


def test_placeholders_are_refused() -> None:
    """All of them, in one error."""
    values = {
        "load_balancer": {"domain": "app.example.com", "hosted_zone_id": HOSTED_ZONE},
        "monitoring": {"alarm_email": "on-call@example.com"},
    }
    assert refused(values) == [
        "load_balancer.domain",
        "load_balancer.hosted_zone_id",
        "monitoring.alarm_email",
    ]


def test_they_are_refused_where_an_account_would_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where a rehearsal does, by the stack's settings or by the shell's."""
    stack = {"load_balancer": {"domain": "app.example.com", "hosted_zone_id": HOSTED_ZONE}}
    rehearsal = "http://127.0.0.1:4577"
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(StackSettingsError, match="it is a placeholder"):
        refuse_in_an_account("such-as-no-file-is-for", parse(stack))
    refuse_in_an_account("such-as-no-file-is-for", parse({**stack, "aws": {"endpoint": rehearsal}}))
    monkeypatch.setenv("AWS_ENDPOINT_URL", rehearsal)
    refuse_in_an_account("such-as-no-file-is-for", parse(stack))
    with pytest.raises(StackSettingsError, match="it is a placeholder"):
        refuse_in_an_account(
            "such-as-no-file-is-for", parse({**stack, "aws": {"endpoint": "https://aws.of.ours"}})
        )


def test_a_users_own_values_are_taken() -> None:
    """The twin."""
    assert refused(OWN) == []


@pytest.mark.parametrize("file", find().stack_files(), ids=lambda file: file.name)
def test_a_files_zone_is_a_placeholder_as_long_as_its_domain_is(file: Path) -> None:
    """Another placeholder would not be noticed. Whoever has put values of their own in has put both."""
    balancer = sections(yaml.safe_load(file.read_text())["config"]).get("load_balancer", {})
    if reserved(balancer.get("domain", "")):
        assert balancer["hosted_zone_id"] == HOSTED_ZONE


@pytest.mark.parametrize(
    ("domain", "is_reserved"),
    [("example.com", True), ("a.b.example.org", True), ("shop.test", True), ("myexample.com", False)],
)
def test_reserved_names(domain: str, is_reserved: bool) -> None:
    """Whole labels only."""
    assert reserved(domain) is is_reserved
