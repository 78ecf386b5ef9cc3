"""The judge finds nothing in the four stacks."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from components import security_groups
from rehearsal.cloud.judge.judge import violations
from testkit import registered
from testkit.program import configuration, program
from tests.unit.rehearsal.cloud.judge.calls import calls_of

STACKS = ("local", "dev", "staging", "prod")
_computed = registered.computed


def as_aws_has_it(kind: str, name: str) -> dict[str, object]:
    """What AWS adds to a resource: the mocks' values, in AWS's form where a model knows one."""
    service = kind.split(":")[1].partition("/")[0]
    return {
        **_computed(kind, name),
        "arn": f"arn:aws:{service}:eu-central-1:123456789012:key/{name}",
        "result": f"password-of-{name}",
    }


def found(stack: str) -> Iterator[str]:
    """What the judge says of every call that makes the stack's resources."""
    with patch.object(registered, "computed", as_aws_has_it):
        made = program(configuration(stack), stack=stack)
    for name, call in calls_of(made):
        for violation in violations(call):
            at = ".".join(map(str, violation.path))
            yield f"{call.operation} {name} {at}: {violation.constraint} ({violation.source})"


@pytest.mark.parametrize("stack", STACKS)
def test_the_judge_finds_nothing_in_a_stack(stack: str) -> None:
    """Every call that makes its resources keeps to AWS's models, schemas and pages."""
    assert list(found(stack)) == []


def test_an_apostrophe_put_back_is_found() -> None:
    """The twin: the description for which EC2 would refuse a first deployment."""
    group = security_groups.SecurityGroups._group

    def put_back(self: object, role: str, description: str) -> object:
        return group(self, role, "Changes the database's schema" if role == "migrations" else description)  # type: ignore[arg-type]

    with patch.object(security_groups.SecurityGroups, "_group", put_back):
        (only,) = found("dev")
    assert only.startswith("CreateSecurityGroup evenkeel-dev-migrations GroupDescription: ")
