"""What the stack files hold for their user to replace is refused where it would be deployed."""

from typing import Any

import pytest
import yaml

from stacks.placeholders import HOSTED_ZONE, reserved
from stacks.rules import problems_in_an_account
from stacks.settings import FOLDER, parse, sections

OWN: dict[str, Any] = {
    "load_balancer": {"domain": "shop-of-ours.com", "hosted_zone_id": "Z1"},
    "monitoring": {"alarm_email": "on-call@shop-of-ours.com"},
}


def refused(values: dict[str, Any]) -> list[str]:
    return [problem.setting for problem in problems_in_an_account(parse(values))]


def test_the_files_placeholders_are_refused() -> None:
    """All of production's file, in one error."""
    config = yaml.safe_load((FOLDER / "Pulumi.prod.yaml").read_text())["config"]
    assert refused(sections(config)) == [
        "load_balancer.domain",
        "load_balancer.hosted_zone_id",
        "monitoring.alarm_email",
    ]


def test_a_users_own_values_are_taken() -> None:
    """The twin."""
    assert refused(OWN) == []


def test_the_files_zone_is_the_placeholder() -> None:
    """Another one in the file would not be noticed."""
    texts = [file.read_text() for file in FOLDER.glob("Pulumi.*.yaml")]
    assert sum(HOSTED_ZONE in text for text in texts) == sum("hosted_zone_id" in text for text in texts) > 0


@pytest.mark.parametrize(
    ("domain", "is_reserved"),
    [("example.com", True), ("a.b.example.org", True), ("shop.test", True), ("myexample.com", False)],
)
def test_reserved_names(domain: str, is_reserved: bool) -> None:
    """Whole labels only."""
    assert reserved(domain) is is_reserved
