"""`evenkeel run`: which server is chosen, and what is made of SSM's answers."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ReadTimeoutError

from evenkeel import one_off
from evenkeel.command import RIGHTS, main, parse
from evenkeel.errors import EvenkeelError
from evenkeel.one_off import OneOff

GROUP = "shop-prod-app"


def server(
    name: str, state: str = "InService", health: str = "Healthy", version: str = "1"
) -> dict[str, Any]:
    """As a group describes it."""
    return {
        "InstanceId": name,
        "LifecycleState": state,
        "HealthStatus": health,
        "LaunchTemplate": {"Version": version},
    }


@dataclass(kw_only=True, slots=True)
class FakeApi:
    """Auto Scaling and SSM: a group, and how a command goes there."""

    servers: list[dict[str, Any]] | None
    unknown_to_ssm: set[str] = field(default_factory=set)
    answers: list[dict[str, Any]] = field(default_factory=list)
    does_not_answer: bool = False
    sent: list[tuple[str, str]] = field(default_factory=list)

    def client(self, _service: str, _config: object = None) -> "FakeApi":
        return self

    def describe_auto_scaling_groups(self, **_: Any) -> dict[str, Any]:
        groups = [] if self.servers is None else [{"Instances": self.servers}]
        return {"AutoScalingGroups": groups}

    def send_command(self, **members: Any) -> dict[str, Any]:
        (instance,) = members["InstanceIds"]
        if instance in self.unknown_to_ssm:
            raise ClientError({"Error": {"Code": "InvalidInstanceId", "Message": ""}}, "SendCommand")
        if self.does_not_answer:
            raise ReadTimeoutError(endpoint_url="ssm")
        self.sent.append((instance, "\n".join(members["Parameters"]["commands"])))
        return {"Command": {"CommandId": "c-1"}}

    def get_command_invocation(self, **_: Any) -> dict[str, Any]:
        return self.answers.pop(0)


def ended(status: str = "Success", code: int = 0, said: str = "", wrong: str = "") -> dict[str, Any]:
    """As SSM tells it."""
    return {
        "Status": status,
        "StatusDetails": status,
        "ResponseCode": code,
        "StandardOutputContent": said,
        "StandardErrorContent": wrong,
    }


def command(api: FakeApi, *words: str) -> OneOff:
    return OneOff(words=words, timeout=60, auto_scaling_group=GROUP, api=api)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "health"),
    [
        *((state, "Healthy") for state in ("Terminating", "Terminating:Wait", "Pending:Wait", "Standby")),
        ("InService", "Unhealthy"),
    ],
)
def test_a_server_that_does_not_stay_is_not_chosen(state: str, health: str) -> None:
    """It would be gone in the middle."""
    api = FakeApi(servers=[server("i-1", state, health), server("i-2")], answers=[ended()])
    assert command(api, "true").run() == 0
    assert [where for where, _ in api.sent] == ["i-2"]


def test_in_a_rollout_the_new_release_runs_it() -> None:
    """The tenth version is newer than the ninth."""
    servers = [server("i-1", version="9"), server("i-2", version="10")]
    api = FakeApi(servers=servers, answers=[ended()])
    command(api, "true").run()
    assert api.sent[0][0] == "i-2"


def test_one_that_ssm_does_not_reach_is_passed_over() -> None:
    """A moment after its boot, its agent has not said hello."""
    api = FakeApi(servers=[server("i-1"), server("i-2")], unknown_to_ssm={"i-1"}, answers=[ended()])
    command(api, "true").run()
    assert api.sent[0][0] == "i-2"


@pytest.mark.parametrize(
    ("servers", "message"),
    [
        (None, "There is no Auto Scaling group shop-prod-app: deploy the stack first"),
        ([], "No server of shop-prod-app is in service and reached by SSM"),
        ([server("i-1", "Terminating:Wait")], "No server of shop-prod-app is in service and reached by SSM"),
    ],
)
def test_without_a_server_nothing_is_run(servers: list[dict[str, Any]] | None, message: str) -> None:
    """And it is said what to do."""
    with pytest.raises(EvenkeelError, match=message):
        command(FakeApi(servers=servers), "true").run()


def test_a_command_of_unknown_fate_is_not_sent_again() -> None:
    """It might run twice."""
    with pytest.raises(EvenkeelError, match="nobody knows whether the command runs"):
        command(FakeApi(servers=[server("i-1"), server("i-2")], does_not_answer=True), "true").run()


def test_the_exit_code_and_both_outputs_are_passed_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it has ended."""
    monkeypatch.setattr(one_off, "POLL", 0.0)
    api = FakeApi(
        servers=[server("i-1")], answers=[ended("InProgress", -1), ended("Failed", 3, "a\n", "b\n")]
    )
    assert command(api, "false").run() == 3
    assert capsys.readouterr() == ("a\n", "on i-1\nb\n")


def test_output_that_ssm_cut_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Of both streams, each with its own limit."""
    api = FakeApi(servers=[server("i-1")], answers=[ended(said="x" * 24_000, wrong="y" * 7_999)])
    command(api, "true").run()
    assert "SSM keeps the first 24000 characters only" in capsys.readouterr().err


def test_a_command_that_never_began_is_no_success() -> None:
    """SSM has no exit code of it."""
    api = FakeApi(servers=[server("i-1")], answers=[ended("Failed", -1) | {"StatusDetails": "Undeliverable"}])
    with pytest.raises(EvenkeelError, match="SSM says Undeliverable"):
        command(api, "true").run()


def test_ssm_sees_no_parameter_of_its_own_in_the_words() -> None:
    """They travel encoded; nothing in what is sent along looks like one."""
    api = FakeApi(servers=[server("i-1")], answers=[ended()])
    words = ["node", "-e", "{{ssm:password}} 'quoted' $HOME\n"]
    command(api, *words).run()
    ((_, script),) = api.sent
    assert "{{" not in script
    assert json.loads(base64.b64decode(script.split(" ")[5])) == words


def test_what_stands_behind_the_dashes_is_the_commands_own() -> None:
    """Options too."""
    options = parse(
        ["run", "--stack", "prod", "--timeout", "5", "--", "node", "--check", "x.js", "--stack", "y"]
    )
    assert (options.stack, options.timeout) == ("prod", 5)
    assert options.words == ["node", "--check", "x.js", "--stack", "y"]


def test_without_credentials_it_is_told_which_rights_it_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback."""

    def run(_: OneOff) -> int:
        raise NoCredentialsError

    monkeypatch.setattr(OneOff, "run", run)
    monkeypatch.setattr("sys.argv", ["evenkeel", "run", "--stack", "dev", "--", "true"])
    assert main() == 1
    told = capsys.readouterr().err
    assert told.startswith("evenkeel: The command was not seen to its end: Unable to locate credentials.")
    assert RIGHTS in told


def test_a_stack_that_is_not_there_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With those that are."""
    monkeypatch.setattr("sys.argv", ["evenkeel", "run", "--stack", "none", "--", "true"])
    assert main() == 1
    assert "There is no stack none: stacks/ has dev, local" in capsys.readouterr().err
