"""The SSM transport, without SSM."""

import shlex
import subprocess
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_evenkeel import ssm


class RunCommandCloud:
    """Run Command on this machine; `statuses` are what it answers before a command's end, and errors."""

    def __init__(self, *before: Any, limit: int = 24_000) -> None:
        self.before, self.limit, self.sent = list(before), limit, list[dict[str, Any]]()

    def send_command(self, **sent: Any) -> dict[str, Any]:
        self.sent.append(sent)
        return {"Command": {"CommandId": "c-1"}}

    def get_command_invocation(self, **_: str) -> dict[str, Any]:
        if self.before:
            answer = self.before.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return dict(answer)
        line = self.sent[-1]["Parameters"]["commands"][0]
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
        return {
            "Status": "Success",
            "StatusDetails": "Success",
            "ResponseCode": done.returncode,
            "StandardOutputContent": done.stdout[: self.limit],
            "StandardErrorContent": done.stderr[: self.limit],
        }


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "SendCommand")


def server(cloud: RunCommandCloud, **more: Any) -> ssm.SsmBackend:
    return ssm.SsmBackend("i-1", client=cloud, **more)


def test_a_commands_output_and_status_come_back() -> None:
    """Both streams, as bytes, with what follows the last line's end."""
    done = server(RunCommandCloud()).run("printf 'é\\377'; echo %s >&2; exit 3", "it's")
    assert (done.rc, done.stdout_bytes, done.stderr) == (3, "é".encode() + b"\xff", "it's\n")


def test_long_output_is_fetched_in_pieces() -> None:
    """What SSM cuts is read again from the server, piece by piece."""
    cloud = RunCommandCloud()
    done = server(cloud).run("head -c 40000 /dev/urandom | base64 --wrap=0 | tee /dev/stderr")
    assert done.stdout == done.stderr
    assert len(cloud.sent) > 2


def test_the_invocation_may_be_unknown_for_a_moment() -> None:
    """SSM answers so right after SendCommand."""
    assert (
        server(RunCommandCloud(refused("InvocationDoesNotExist"), {"Status": "Pending"}))
        .run("true")
        .succeeded
    )


def test_other_errors_of_aws_are_shown() -> None:
    """The twin: not every error is waited for."""
    with pytest.raises(ClientError, match="AccessDenied"):
        server(RunCommandCloud(refused("AccessDenied"))).run("true")


def test_a_server_that_leaves_is_told_from_a_command_that_fails() -> None:
    """No output, and SSM's word for why."""
    gone = {"Status": "Failed", "StatusDetails": "Undeliverable", "ResponseCode": -1}
    nothing = {"StandardOutputContent": "", "StandardErrorContent": ""}
    with pytest.raises(ssm.Unfinished, match="'true' on i-1 ended as Undeliverable"):
        server(RunCommandCloud(gone | nothing)).run("true")


def test_a_command_may_take_as_long_as_the_address_says() -> None:
    """`?timeout=…` arrives as text."""
    cloud = RunCommandCloud(*[{"Status": "InProgress"}] * 10)
    with pytest.raises(ssm.Unfinished, match="'true' on i-1 did not end within 0 s"):
        server(cloud, timeout="0.2").run("true")


def test_what_ends_the_server_is_not_waited_for() -> None:
    """`send` returns at once; the command is sent as it is."""
    cloud = RunCommandCloud()
    server(cloud).send("reboot %s", "a b")
    assert cloud.sent[0]["Parameters"]["commands"] == ["reboot " + shlex.quote("a b")]


def test_a_throttled_client_asks_again() -> None:
    """Commands are polled, by many at once."""
    assert ssm.connect(region="eu-central-1").meta.config.retries == {
        "mode": "standard",
        "total_max_attempts": 10,
    }
