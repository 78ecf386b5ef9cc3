"""`evenkeel run`: one command on one server of a stack, as the app's own user, through SSM Run Command."""

import base64
import json
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from components.gates.aws_api import AwsApi
from evenkeel.errors import EvenkeelError

DOCUMENT = "AWS-RunShellScript"
ONCE = Config(retries={"total_max_attempts": 1})
"""SendCommand takes no token by which AWS would know a request that is sent again."""
UNDER_WAY = {"Pending", "InProgress", "Delayed", "Cancelling"}
POLL = 1.0
DELIVERY = 60
"""Seconds for the command to reach its server."""
GRACE = 30
"""Seconds from the time-out until nothing is left of the command, and SSM says so."""
CUT = {"StandardOutputContent": 24_000, "StandardErrorContent": 8_000}
"""Characters that GetCommandInvocation gives of each:
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html."""
TIMED_OUT, INTERRUPTED = 124, 130
"""Exit codes, of `timeout` and of shells."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OneOff:
    """A command that is run once, on one of a group's servers."""

    words: Sequence[str]
    timeout: int
    """Seconds that it may take."""
    auto_scaling_group: str
    api: AwsApi
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def run(self) -> int:
        """Run it, show what it said, and return its exit code. Raises `EvenkeelError`.

        A `KeyboardInterrupt` ends it on its server too.
        """
        server, command_id = self._send()
        print(f"on {server}", file=sys.stderr)
        try:
            ended = self._wait(server, command_id)
        except KeyboardInterrupt:
            print("ending the command on its server", file=sys.stderr)
            self._interrupt(server)
            ended = self._wait(server, command_id)
            return self._shown(ended, exit_code=INTERRUPTED)
        return self._shown(ended, exit_code=ended["ResponseCode"])

    def _send(self) -> tuple[str, str]:
        """The first server that takes it, and SSM's id of the command."""
        for server in in_service(self.api.client("autoscaling"), self.auto_scaling_group):
            try:
                return server, self._send_to(server, self._script(), timeout=self.timeout + GRACE)
            except ClientError as error:
                # SSM does not know it, or not any more.
                if error.response["Error"]["Code"] != "InvalidInstanceId":
                    raise
        raise EvenkeelError(
            f"No server of {self.auto_scaling_group} is in service and reached by SSM. Wait for the "
            "deployment, or look at the group's activities."
        )

    def _send_to(self, server: str, script: str, *, timeout: int) -> str:
        ssm = self.api.client("ssm", ONCE)
        try:
            sent = ssm.send_command(
                InstanceIds=[server],
                DocumentName=DOCUMENT,
                Comment=f"evenkeel run {self.id}",
                Parameters={"commands": script.splitlines(), "executionTimeout": [str(timeout)]},
                TimeoutSeconds=DELIVERY,
            )
        except ReadTimeoutError as error:
            raise EvenkeelError(
                "SSM did not answer: nobody knows whether the command runs. Before you run it again, look "
                f'among the commands in SSM for "evenkeel run {self.id}".'
            ) from error
        command_id: str = sent["Command"]["CommandId"]
        return command_id

    def _script(self) -> str:
        launcher = (resources.files("evenkeel") / "one_off.cjs").read_text()
        # SSM would fill in what looks like one of its parameters: {{ssm:NAME}}.
        words = base64.b64encode(json.dumps(self.words).encode()).decode()
        return f"exec node - {self.id} {self.timeout} {words} <<'END'\n{launcher}END\n"

    def _interrupt(self, server: str) -> None:
        """By another command: SSM's own cancellation promises nothing about the process."""
        self._send_to(server, f'kill -INT "$(cat /run/evenkeel/one-off-{self.id})"', timeout=GRACE)

    def _wait(self, server: str, command_id: str) -> Mapping[str, Any]:
        ssm = self.api.client("ssm")
        deadline = time.monotonic() + DELIVERY + self.timeout + 2 * GRACE
        while time.monotonic() < deadline:
            try:
                invocation: Mapping[str, Any] = ssm.get_command_invocation(
                    CommandId=command_id, InstanceId=server
                )
            except ClientError as error:
                # SSM answers so for a moment after SendCommand: the invocation is not yet recorded.
                if error.response["Error"]["Code"] != "InvocationDoesNotExist":
                    raise
            else:
                if invocation["Status"] not in UNDER_WAY:
                    return invocation
            time.sleep(POLL)
        raise EvenkeelError(f"{server} does not say how the command ended: is it still there?")

    def _shown(self, ended: Mapping[str, Any], *, exit_code: int) -> int:
        print(ended["StandardOutputContent"], end="")
        print(ended["StandardErrorContent"], end="", file=sys.stderr)
        for stream, most in CUT.items():
            if len(ended[stream]) >= most:
                print(
                    f"evenkeel: SSM keeps the first {most} characters only; there were more", file=sys.stderr
                )
        if exit_code < 0:
            raise EvenkeelError(f"The command did not end by itself: SSM says {ended['StatusDetails']}.")
        if exit_code == TIMED_OUT:
            print(f"evenkeel: the command was ended after {self.timeout} s", file=sys.stderr)
        return exit_code


def in_service(autoscaling: Any, group: str) -> Iterator[str]:
    """The servers that stay, those of the newest launch template first. Raises `EvenkeelError`."""
    found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"]
    if not found:
        raise EvenkeelError(f"There is no Auto Scaling group {group}: deploy the stack first.")
    staying = [
        instance
        for instance in found[0]["Instances"]
        if instance["LifecycleState"] == "InService" and instance["HealthStatus"] == "Healthy"
    ]
    newest_first = sorted(staying, key=lambda one: -int(one["LaunchTemplate"]["Version"]))
    return (instance["InstanceId"] for instance in newest_first)
