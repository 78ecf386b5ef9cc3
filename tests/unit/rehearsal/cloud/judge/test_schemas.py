"""CloudFormation's schemas, held against calls that name things otherwise."""

import pytest

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.judge import refusal


def key(*tags: dict[str, str]) -> JudgedCall:
    return JudgedCall(service="kms", operation="CreateKey", members={"Tags": list(tags)})


def test_things_that_differ_by_what_the_schema_does_not_know_differ() -> None:
    """KMS calls them TagKey and TagValue, CloudFormation Key and Value."""
    tags = [{"TagKey": "Stack", "TagValue": "local"}, {"TagKey": "Project", "TagValue": "evenkeel"}]
    assert refusal(key(*tags)) is None


@pytest.mark.parametrize("tag", [{"TagKey": "Stack", "TagValue": "local"}])
def test_the_same_thing_twice_is_refused(tag: dict[str, str]) -> None:
    """The twin."""
    assert refusal(key(tag, tag)) is not None
