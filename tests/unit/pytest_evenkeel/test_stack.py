"""Which stack is checked, and what is said when it can't be."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from pytest_evenkeel.stack import StackError, from_file, from_pulumi, in_service, parse

OUTPUTS = {
    "url": "https://app.example.org",
    "auto_scaling_group": "evenkeel-dev-app",
    "target_group": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/app/1",
    "log_group": "app",
    "database": "db",
    "sessions": "redis",
    "cache": "redis",
    "checks": {"session": None, "slow_request": None},
    "gates": {"release": "/evenkeel/dev/release"},
}


class Groups:
    """Auto Scaling's answer: an error, or one group with instances in these states; None is no group."""

    def __init__(self, *states: str, error: Exception | None = None, known: bool = True) -> None:
        self.states, self.error, self.known = states, error, known

    def describe_auto_scaling_groups(self, **_: Any) -> dict[str, Any]:
        if self.error:
            raise self.error
        instances = [
            {"InstanceId": f"i-{number}", "AvailabilityZone": "eu-west-1a", "LifecycleState": state}
            for number, state in enumerate(self.states)
        ]
        return {"AutoScalingGroups": [{"Instances": instances}] if self.known else []}


def test_a_file_of_outputs_names_the_stack(tmp_path: Path) -> None:
    """As `pulumi stack output --json` writes it; the region is the target group's."""
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(OUTPUTS))
    stack = from_file(file)
    assert (stack.url, stack.region, stack.sessions) == ("https://app.example.org", "eu-west-1", "redis")


def test_a_stack_that_is_shown_has_no_credentials() -> None:
    """A failed check shows what it was given."""
    shell = {"AWS_SECRET_ACCESS_KEY": "do-not-show"}
    assert "do-not-show" not in repr(parse(json.dumps(OUTPUTS), source="", environment=shell))


def test_only_servers_in_service_are_checked() -> None:
    """Those that boot, wait or leave are not."""
    stack = parse(json.dumps(OUTPUTS), source="")
    states = ("Pending:Wait", "InService", "Terminating:Wait", "Warmed:Stopped", "InService")
    assert in_service(stack, Groups(*states)) == {"i-1": "eu-west-1a", "i-4": "eu-west-1a"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("error: no stack", "is no JSON"),
        ("{}", "the stack has no outputs. Deploy it first: `pulumi up --stack NAME`."),
        (
            '{"url": "x"}',
            "lacks auto_scaling_group, target_group, log_group, gates, checks",
        ),
        ("[1]", "lacks all outputs: this is no stack of Evenkeel, or an old one."),
    ],
)
def test_outputs_that_are_none_are_refused(text: str, problem: str) -> None:
    """With what is missing, and how to write the file."""
    with pytest.raises(StackError, match=r"--outputs x\.json") as refused:
        parse(text, source="--outputs x.json")
    assert problem in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """By the path that was given."""
    with pytest.raises(StackError, match=r"none\.json: No such file or directory\."):
        from_file(tmp_path / "none.json")


def test_without_pulumi_a_file_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to come by one."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(StackError, match=r"pulumi stack output --json --stack prod > outputs\.json"):
        from_pulumi("prod")


@pytest.mark.parametrize(
    ("groups", "problem"),
    [
        (
            Groups(error=NoCredentialsError()),
            "AWS credentials: Unable to locate credentials. Give",
        ),
        (
            Groups(error=ClientError({"Error": {"Code": "ExpiredToken", "Message": "It expired."}}, "x")),
            "AWS credentials: It expired. Give the shell some: `aws sso login`, or AWS_PROFILE.",
        ),
        (Groups(known=False), "There is no Auto Scaling group evenkeel-dev-app in eu-west-1"),
        (Groups("Pending"), "Auto Scaling group evenkeel-dev-app has no server in service: Pending."),
        (Groups(), "has no server in service: no server."),
    ],
)
def test_a_stack_without_servers_to_check_is_refused(groups: Groups, problem: str) -> None:
    """In words, before any check runs."""
    with pytest.raises(StackError) as refused:
        in_service(parse(json.dumps(OUTPUTS), source=""), groups)
    assert problem in str(refused.value)


def test_a_stack_without_stores_lacks_their_outputs() -> None:
    """The engine keeps no output that is null."""
    without = {
        name: value for name, value in OUTPUTS.items() if name not in ("database", "sessions", "cache")
    }
    found = parse(json.dumps(without), source="test")
    assert (found.database, found.sessions, found.cache) == (None, None, None)
