"""The app's secrets: where they are kept, and what a server is told of them."""

import json
from functools import cache
from typing import Any

import pulumi
import pulumi_aws as aws

from budgets.pulumi_secrets import PulumiSecret
from components.app_secrets import AppSecrets, app_secrets, existing_secret
from components.secret_arn import SecretArn
from components.secrets import Secret, SecretArgs
from stacks.settings import parse
from testkit.program import configuration
from testkit.program import program as whole_program
from testkit.registered import Registered, register
from tests.unit.components.rolled import COMMON

SECRET = "aws:secretsmanager/secret:Secret"
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf"
SHARED = SecretArn(arn="arn:shared", region="xx-1", json_key="jwt")
told: dict[str, Any] = {}
"""What servers would be told."""


def kept(name: str, value: str) -> Secret:
    args = SecretArgs(description="d", value=value, common=COMMON)
    return Secret(name, args)


def program() -> None:
    found = app_secrets(
        kit={"SESSION_SECRET": kept("session", "s")},
        own=kept("own", "{}"),
        names=["JWT_SECRET", "API_KEY"],
        existing=[existing_secret("SHARED", SHARED, aws.Provider("other", region="xx-1"))],
    )
    tell(found)


def tell(found: AppSecrets) -> None:
    pulumi.Output.all(
        lines=pulumi.Output.all(*[variable.line for variable in found.variables]),
        arns=pulumi.Output.all(*found.arns),
        pinned=found.pinned,
    ).apply(told.update)
    told["keys"] = found.kms_key_arns


@cache
def made() -> Registered:
    return register(program)


def test_a_server_is_told_where_each_value_is_and_which_version_counts() -> None:
    """Another version of any is another launch template, which replaces the servers."""
    made()
    assert told["lines"] == [
        "SESSION_SECRET arn:session version of session-version",
        "JWT_SECRET arn:own version of own-version JWT_SECRET",
        "API_KEY arn:own version of own-version API_KEY",
        "SHARED arn:shared live jwt",
    ]
    assert told["pinned"] == "arn:own"


def test_a_server_gets_the_right_to_each_secret_once_and_to_its_key() -> None:
    """Of one that exists the key is looked up; its value is not."""
    made()
    assert told["arns"] == ["arn:session", "arn:own", "arn:shared"]
    assert told["keys"] == ["arn:key of alias/shared"]


def test_an_apps_own_secrets_are_one_json_secret() -> None:
    """Those that exist elsewhere are not in it."""
    app = parse({"app": {"secrets": {"JWT_SECRET": PulumiSecret("own"), "SHARED": f"{ARN}:jwt::"}}}).app
    assert json.loads(app.secret_string) == {"JWT_SECRET": "own"}


def test_a_stack_without_secrets_of_its_own_makes_none() -> None:
    """The kit's alone are made."""
    made = whole_program(configuration("local"), stack="local").all(SECRET)
    assert "evenkeel-local-session" in made
    assert "evenkeel-local-app-secrets" not in made
