"""Where the standby of a Multi-AZ instance can be."""

from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.cloud.rds.moto_patches import other_zone


def instance(zone: str, *subnets: str) -> Any:
    """An instance in a zone, with a subnet group that has a subnet in each of these, or without one."""
    group = SimpleNamespace(_subnets=[SimpleNamespace(availability_zone=each) for each in subnets])
    return SimpleNamespace(availability_zone=zone, db_subnet_group=group if subnets else None)


@pytest.mark.parametrize(
    ("placed", "lost", "zone"),
    [
        (instance("x-1a", "x-1a", "x-1b", "x-1c"), set(), "x-1b"),
        (instance("x-1a", "x-1a", "x-1b", "x-1c"), {"x-1b"}, "x-1c"),
        (instance("x-1a", "x-1a", "x-1b"), {"x-1b"}, None),
        (instance("x-1b"), set(), "x-1a"),
        (instance("x-1b"), {"x-1a"}, None),
        (instance("x-1a", "x-1a"), set(), "x-1b"),
    ],
)
def test_a_standby_is_in_another_zone_that_is_not_lost(placed: Any, lost: set[str], zone: str | None) -> None:
    """Or nowhere, until one returns."""
    assert other_zone(placed, lost) == zone
