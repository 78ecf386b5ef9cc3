"""What the name of an instance type says."""

import pytest

from budgets.instance_types import architecture, memory_gib, vcpus


@pytest.mark.parametrize(
    ("instance_type", "expected"),
    [
        ("t3.nano", 2),
        ("t4g.small", 2),
        ("m7i.large", 2),
        ("c7g.xlarge", 4),
        ("m7i-flex.2xlarge", 8),
        ("r7i.48xlarge", 192),
        ("m7i.metal-24xl", None),
    ],
)
def test_vcpus_are_told_by_the_size(instance_type: str, expected: int | None) -> None:
    """https://docs.aws.amazon.com/ec2/latest/instancetypes/; those of metal are not guessed."""
    assert vcpus(instance_type) == expected


@pytest.mark.parametrize(
    ("instance_class", "expected"),
    [
        ("db.t4g.micro", 1),
        ("db.t4g.medium", 4),
        ("db.m7g.large", 8),
        ("db.r7g.16xlarge", 512),
        ("db.z9.large", None),
    ],
)
def test_memory_is_told_by_family_and_size(instance_class: str, expected: float | None) -> None:
    """https://aws.amazon.com/rds/instance-types/."""
    assert memory_gib(instance_class) == expected


@pytest.mark.parametrize(
    ("instance_type", "expected"),
    [
        ("m7g.large", "arm64"),
        ("c7gn.xlarge", "arm64"),
        ("t4g.nano", "arm64"),
        ("g5.xlarge", "x86_64"),
        ("m7i-flex.large", "x86_64"),
        ("t3a.small", "x86_64"),
    ],
)
def test_graviton_is_told_by_its_name(instance_type: str, expected: str) -> None:
    """The `g` after the generation, not the family's."""
    assert architecture(instance_type) == expected
