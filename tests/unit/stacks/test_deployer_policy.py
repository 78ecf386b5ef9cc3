"""`python -m stacks deployer-policy`: the policies of whoever deploys a stack, ready for AWS."""

import json

import pytest

from stacks.__main__ import USAGE, main

ACCOUNT = "210987654321"


def test_a_stacks_policies_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """With its own names, region and zone, and no placeholder left."""
    assert main(["deployer-policy", "prod", ACCOUNT]) == 0
    shown = capsys.readouterr().out
    documents = json.loads(shown)
    assert "evenkeel-prod-deployer-network" in documents
    assert f"arn:aws:rds:eu-central-1:{ACCOUNT}:db:evenkeel-prod-*" in shown
    assert "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ" in shown
    assert "${" not in shown


def test_a_stack_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    """The others are named."""
    assert main(["deployer-policy", "nope", ACCOUNT]) == 1
    assert capsys.readouterr().err.startswith("There is no stack nope: ")


def test_an_account_has_twelve_digits(capsys: pytest.CaptureFixture[str]) -> None:
    """Anything else is answered by how the command is used."""
    assert main(["deployer-policy", "prod", "my-account"]) == 2
    assert capsys.readouterr().err == f"{USAGE}\n"
