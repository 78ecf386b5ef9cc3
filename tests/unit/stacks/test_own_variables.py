"""What `Kit.serve` may give an app."""

from collections.abc import Mapping

import pulumi
import pytest

from stacks.own_variables import OwnVariableError, plain, refuse_own
from stacks.settings import parse
from testkit.registered import register

SETTINGS = parse({"app": {"environment": {"COLOUR": "blue"}, "plain_environment": ["PUBLIC_KEY"]}})


@pytest.mark.parametrize(
    ("environment", "secrets", "words"),
    [
        ({"lower": "x"}, [], "lower: a name has capital letters"),
        ({"PORT": "1"}, [], "PORT: the kit sets it itself"),
        ({"COLOUR": "red"}, [], r"COLOUR: evenkeel:app\.environment\.COLOUR sets it too"),
        ({"A": "x"}, ["A"], "it is in `environment` and in `secrets`"),
        ({"A": "two words"}, [], "white space"),
        ({"STRIPE_KEY": "sk_live_" + "a" * 24}, [], "STRIPE_KEY: it looks like"),
        ({"API_TOKEN": "abc"}, [], "a secret by its name"),
    ],
)
def test_a_variable_that_cannot_be_is_refused(
    environment: Mapping[str, str], secrets: list[str], words: str
) -> None:
    """Before a server is told of it; a secret's value is in no message."""
    with pytest.raises(OwnVariableError, match=words) as refused:
        refuse_own(SETTINGS, environment, secrets)
    assert "sk_live_" not in str(refused.value)


def test_what_is_right_is_taken() -> None:
    """The twin."""
    refuse_own(SETTINGS, {"QUEUE": "https://sqs/queue", "PUBLIC_KEY": "pk_1"}, ["QUEUE_TOKEN"])


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (lambda: pulumi.Output.secret("hidden"), "QUEUE: it is a secret. Give it as `secrets`"),
        (lambda: pulumi.Output.from_input("two words"), "QUEUE: its value has white space"),
    ],
    ids=["secret", "white space"],
)
def test_an_output_is_looked_at_once_it_is_known(output: object, words: str) -> None:
    """It may be a password that a resource made."""
    assert callable(output)
    with pytest.raises(Exception, match=words) as refused:
        register(lambda: pulumi.export("seen", plain(SETTINGS, {"QUEUE": output()})["QUEUE"]))
    assert "hidden" not in str(refused.value)
