"""Which names a stack may have."""

import pytest

from stacks.stack_name import UnusableName, refuse_unusable
from testkit.program import configuration, program
from testkit.registered import Registered


@pytest.mark.parametrize("name", ["dev", "staging", "prod", "pr-12", "a", "fifteen-letters"])
def test_names_that_aws_takes(name: str) -> None:
    """With the project's before them and Pulumi's suffix behind."""
    refuse_unusable("evenkeel", name)


@pytest.mark.parametrize("name", ["Dev", "feature_x", "pr--1", "dev-", "pr.1", "sixteen-letters-", "a" * 16])
def test_names_that_aws_would_refuse_half_way(name: str) -> None:
    """RDS and ElastiCache the letters, the balancer the length."""
    with pytest.raises(UnusableName, match=f'named "{name}".*evenkeel-{name},.* 15 in all'):
        refuse_unusable("evenkeel", name)


def test_nothing_is_registered_under_such_a_name() -> None:
    """The program asks first."""
    made = Registered()
    with pytest.raises(UnusableName):
        program(configuration("dev"), stack="Dev", registered=made)
    assert made.inputs == {}
