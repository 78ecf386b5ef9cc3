"""What a preview lists of a stack that is weaker than production."""

from typing import Any

import pulumi
import pytest

from stacks import relaxations
from stacks.relaxations import PRODUCTION, WEAKER, block
from stacks.sections import Settings
from stacks.settings import fields, parse
from stacks.stack_file import read

UNPROTECTED = {part: {"deletion_protection": False} for part in ("load_balancer", "redis", "database")}
HTTPS = {"domain": "app.example.com", "hosted_zone_id": "Z1"}


@pytest.mark.parametrize(
    ("stack", "relaxed"),
    [
        ("prod", []),
        (
            "staging",
            [
                "network.nat",
                "load_balancer.deletion_protection",
                "redis.deletion_protection",
                "database.deletion_protection",
                "buckets.force_destroy",
                "monitoring.log_retention_days",
            ],
        ),
        (
            "dev",
            [
                "load_balancer.domain",
                "network.zones",
                "network.nat",
                "load_balancer.access_log_retention_days",
                "load_balancer.deletion_protection",
                "app_servers.min_size",
                "app_servers.bake_time",
                "redis.replicas",
                "redis.snapshot_retention_days",
                "redis.deletion_protection",
                "redis.final_snapshot",
                "redis.apply_immediately",
                "database.multi_az",
                "database.backup_retention_days",
                "database.deletion_protection",
                "database.final_snapshot",
                "database.apply_immediately",
                "buckets.force_destroy",
                "secrets.recovery_days",
                "monitoring.log_retention_days",
            ],
        ),
        (
            "local",
            [
                "load_balancer.domain",
                "network.nat",
                "load_balancer.deletion_protection",
                "app_servers.instance_types",
                "app_servers.bake_time",
                "redis.deletion_protection",
                "redis.final_snapshot",
                "redis.apply_immediately",
                "database.deletion_protection",
                "database.final_snapshot",
                "database.apply_immediately",
                "buckets.force_destroy",
                "secrets.recovery_days",
                "monitoring.log_retention_days",
            ],
        ),
    ],
)
def test_each_stack_relaxes_this_and_no_more(stack: str, relaxed: list[str]) -> None:
    """Whoever relaxes another setting of a stack says so here too."""
    assert [one.setting for one in relaxations.relaxations(read(stack))] == relaxed


def test_the_block_names_the_control_the_value_and_productions() -> None:
    """Verbatim."""
    settings = parse({"load_balancer": HTTPS, "database": {"multi_az": False, "port": 5432}})
    assert block("mine", settings) == (
        "Stack mine is weaker than production, 2 settings relaxed on purpose:\n"
        "  evenkeel:database.multi_az  false  (production: true): "
        "a zone's failure takes the database down (RDS.5)\n"
        "  evenkeel:database.port      5432   (production: 5433): the first that an attacker tries (RDS.23)"
    )


@pytest.mark.parametrize("setting", [setting for setting, *_ in WEAKER])
def test_production_itself_is_not_weaker(setting: str) -> None:
    """Each setting exists, and its default is not reported."""
    section, name = setting.split(".")
    assert name in fields(type(getattr(PRODUCTION, section)))
    assert [one for one in relaxations.relaxations(PRODUCTION) if one.setting == setting] == []


@pytest.mark.parametrize(
    ("values", "preview", "told"),
    [
        ({"load_balancer": HTTPS, "database": {"multi_az": False}}, True, "warn"),
        (UNPROTECTED, True, "info"),
        ({"load_balancer": HTTPS}, True, None),
        ({"load_balancer": HTTPS, "database": {"multi_az": False}}, False, None),
    ],
)
def test_a_preview_warns_of_a_protected_stack_that_is_weaker(
    values: dict[str, Any], preview: bool, told: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is production. Others are informed; where nothing is weaker, and in an update, nothing is said."""
    said: list[str] = []
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: preview)
    monkeypatch.setattr(pulumi.log, "warn", lambda _: said.append("warn"))
    monkeypatch.setattr(pulumi.log, "info", lambda _: said.append("info"))
    relaxations.tell("mine", Settings.model_validate(values))
    assert said == ([told] if told else [])
