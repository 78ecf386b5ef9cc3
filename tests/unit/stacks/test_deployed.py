"""What is deployed is read from the state, which the engine may be saving."""

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from stacks import deployed

EOF = "invocation of pulumi:pulumi:readStackResourceOutputs returned an error: failed to load checkpoint: EOF"
URN = "urn:pulumi:local::evenkeel::aws:kms/key:Key::evenkeel-local"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What each read of the state answers, or raises."""
    answers: list[Any] = []

    def invoke(*_: object) -> SimpleNamespace:
        match answers.pop(0):
            case Exception() as error:
                raise error
            case value:
                return SimpleNamespace(value=value)

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    monkeypatch.setattr(deployed, "PAUSE", 0)
    return answers


def test_a_state_that_is_being_saved_is_read_again(reads: list[Any]) -> None:
    """The file backend answers EOF for a moment."""
    reads += [Exception(EOF), Exception(EOF), {"outputs": {URN: {"outputs": {"arn": "arn:aws:kms:a"}}}}]
    (key,) = deployed.deployed()
    assert (key.kind, key.name, key.properties) == (
        "aws:kms/key:Key",
        "evenkeel-local",
        {"arn": "arn:aws:kms:a"},
    )


def test_a_state_that_is_never_readable_is_an_error(reads: list[Any]) -> None:
    """It is not taken for a stack that has nothing to lose."""
    reads += [Exception(EOF)] * deployed.ATTEMPTS
    with pytest.raises(Exception, match="EOF"):
        deployed.deployed()


def test_another_error_is_not_waited_for(reads: list[Any]) -> None:
    """Such as a backend that refuses the deployer."""
    reads += [Exception("failed to load checkpoint: access denied")]
    with pytest.raises(Exception, match="access denied"):
        deployed.deployed()


def test_a_parameter_is_found_by_its_name(reads: list[Any]) -> None:
    """Among resources of all kinds; before the first deployment there is none."""
    kind = "evenkeel:index:Migrations$evenkeel:index:Gate$aws:ssm/parameter:Parameter"
    state = {
        URN: {"outputs": {"name": "/kit/schema"}},
        f"urn:pulumi:local::evenkeel::{kind}::other": {"outputs": {"name": "/kit/release"}},
        f"urn:pulumi:local::evenkeel::{kind}::schema": {
            "outputs": {"name": "/kit/schema", "insecureValue": "the plan"}
        },
    }
    reads += [{"outputs": state}]
    resources = deployed.deployed()
    assert deployed.parameter(resources, "/kit/schema") == "the plan"
    assert deployed.parameter(resources, "/kit/release") == deployed.parameter([], "/kit/schema") == ""
