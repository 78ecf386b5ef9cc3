"""Which launches of a mixed group are spot, and what their servers are tagged with."""

from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.cloud.autoscaling.scaling_group import is_spot_next, propagated_tags


def group(base: int | None, percentage: int | None) -> Any:
    """A group with that distribution."""
    distribution = {
        "OnDemandBaseCapacity": base,
        "OnDemandPercentageAboveBaseCapacity": percentage,
    }
    return SimpleNamespace(mixed_instances_policy={"InstancesDistribution": distribution})


@pytest.mark.parametrize(
    ("base", "percentage", "launches"),
    [
        (None, None, "dddddd"),
        (0, 100, "dddddd"),
        (0, 0, "ssssss"),
        (2, 0, "ddssss"),
        (1, 50, "ddsdsd"),
    ],
)
def test_the_base_is_on_demand_and_a_share_of_what_is_above(
    base: int | None, percentage: int | None, launches: str
) -> None:
    """The share is rounded up; without a distribution all are on demand."""
    made = ""
    while len(made) < len(launches):
        spot = is_spot_next(group(base, percentage), on_demand=made.count("d"), spot=made.count("s"))
        made += "s" if spot else "d"
    assert made == launches


def test_a_tag_needs_no_value() -> None:
    """It is empty then; and a tag that is not propagated stays the group's own."""
    tags = [
        {"Key": "team", "PropagateAtLaunch": True},
        {"Key": "stack", "Value": "prod", "PropagateAtLaunch": True},
        {"Key": "own", "Value": "x", "PropagateAtLaunch": False},
    ]
    assert propagated_tags(SimpleNamespace(tags=tags)) == {"team": "", "stack": "prod"}
