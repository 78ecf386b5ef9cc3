"""The stack under test: what `pulumi stack output` says of it, and how AWS clients reach it."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    TokenRetrievalError,
)

from pytest_evenkeel import ssm
from pytest_evenkeel.app_request import AppRequest
from pytest_evenkeel.log_in import LogIn

FETCH = "pulumi stack output --json --stack {stack}"
LOG_IN = "Give the shell some: `aws sso login`, or AWS_PROFILE."
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
"""Error codes of AWS that mean: log in again."""


STORES = ("database", "sessions", "cache")
"""Outputs that a stack without such a store lacks."""


class StackError(Exception):
    """The stack can't be checked; the message says what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppSays:
    """What of an app its stack's settings say: `evenkeel:smoke`."""

    session: LogIn | None
    """How one logs in; None where the app has no log-in."""
    slow_request: AppRequest | None
    """One that is answered when its body has arrived, and changes nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """A deployed stack's outputs, with the names that `Kit.serve` exports them under."""

    url: str
    auto_scaling_group: str
    target_group: str
    log_group: str
    database: str | None
    """Its identifier; None where the stack has no database."""
    sessions: str | None
    """The replication group that holds the sessions; None where there is none."""
    cache: str | None
    """The one that holds the cache; the same where a stack has no other."""
    gates: Mapping[str, str]
    """The SSM parameter of each gate."""
    checks: AppSays
    """What the stack's settings say of the app, for the checks."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    """In which AWS clients reach it; with credentials, which a failed check must not print."""

    @property
    def region(self) -> str:
        """From the target group's ARN, so that a shell need not name it."""
        return self.target_group.split(":")[3]

    def client(self, service: str) -> Any:
        """A boto3 client in the stack's region."""
        with pytest.MonkeyPatch.context() as shell:
            for name, value in self.environment.items():
                if name.startswith("AWS_"):
                    shell.setenv(name, value)
            if service == "ssm":
                return ssm.connect(region=self.region)
            # Not boto3's default session, which keeps the credentials of its first client.
            session = boto3.Session(region_name=self.region)
            return session.client(service, config=Config(retries={"mode": "standard"}))


def from_pulumi(stack: str) -> Stack:
    """What the engine says in your shell. StackError when it knows no such stack, or it has no outputs."""
    command = FETCH.format(stack=stack)
    try:
        listed = subprocess.run(command.split(), capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise StackError(
            f"--stack {stack}: there is no `pulumi` on PATH. Install it, or run"
            f" `{command} > outputs.json` where it is, and give --outputs outputs.json."
        ) from None
    if listed.returncode:
        raise StackError(f"--stack {stack}: `{command}` says: {listed.stderr.strip()}")
    return parse(listed.stdout, source=f"--stack {stack}")


def from_file(path: Path) -> Stack:
    """What `pulumi stack output --json` wrote earlier. StackError when the file is something else."""
    try:
        return parse(path.read_text(), source=f"--outputs {path}")
    except OSError as error:
        raise StackError(f"--outputs {path}: {error.strerror}.") from None


def parse(text: str, *, source: str, environment: Mapping[str, str] | None = None) -> Stack:
    """The outputs, as JSON. StackError names what is missing."""
    remedy = f"Write it with `{FETCH.format(stack='NAME')}`."
    try:
        outputs = json.loads(text)
    except ValueError as error:
        raise StackError(f"{source} is no JSON ({error}). {remedy}") from None
    if not outputs:
        raise StackError(f"{source}: the stack has no outputs. Deploy it first: `pulumi up --stack NAME`.")
    names = [name for name in Stack.__dataclass_fields__ if name != "environment"]
    needed = [name for name in names if name not in STORES]
    if not isinstance(outputs, dict) or (missing := [name for name in needed if name not in outputs]):
        lacks = ", ".join(missing) if isinstance(outputs, dict) else "all outputs"
        raise StackError(f"{source} lacks {lacks}: this is no stack of Evenkeel, or an old one. {remedy}")
    given: dict[str, Any] = {name: outputs.get(name) for name in names} | {
        "checks": app_says(outputs["checks"])
    }
    return Stack(**given, environment=environment or os.environ)


def app_says(checks: Mapping[str, Any]) -> AppSays:
    """The output `checks`."""
    session, slow = checks.get("session"), checks.get("slow_request")
    return AppSays(
        session=LogIn.of(session) if session else None, slow_request=AppRequest(**slow) if slow else None
    )


def in_service(stack: Stack, autoscaling: Any) -> dict[str, str]:
    """The zone of each server in service, by instance id. StackError when none is, or AWS lets nobody in."""
    name = stack.auto_scaling_group
    try:
        groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    except (NoCredentialsError, PartialCredentialsError, TokenRetrievalError) as error:
        raise StackError(f"AWS credentials: {error}. {LOG_IN}") from None
    except ClientError as error:
        if error.response["Error"]["Code"] not in EXPIRED:
            raise
        raise StackError(f"AWS credentials: {error.response['Error']['Message']} {LOG_IN}") from None
    except EndpointConnectionError as error:
        raise StackError(f"AWS does not answer: {error} Is AWS_ENDPOINT_URL meant?") from None
    if not groups:
        raise StackError(
            f"There is no Auto Scaling group {name} in {stack.region} for these credentials:"
            " are they another account's, or is AWS_ENDPOINT_URL set?"
        )
    servers = {one["InstanceId"]: one["AvailabilityZone"] for one in groups[0]["Instances"] if serves(one)}
    if not servers:
        states = ", ".join(sorted({one["LifecycleState"] for one in groups[0]["Instances"]})) or "no server"
        raise StackError(f"Auto Scaling group {name} has no server in service: {states}.")
    return servers


def serves(instance: Mapping[str, Any]) -> bool:
    """Whether the group's instance takes requests, as far as the group knows."""
    return bool(instance["LifecycleState"] == "InService")
