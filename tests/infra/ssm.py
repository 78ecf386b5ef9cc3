"""A testinfra transport over AWS Systems Manager: `aws-ssm://i-0123456789abcdef0`.

Servers have no open SSH port; Run Command reaches them on AWS and in rehearsal alike. Credentials, region and
endpoint come from the environment, as for any AWS client. Register it in a `conftest.py`:

    testinfra.backend.BACKENDS["aws-ssm"] = "tests.infra.ssm.SsmBackend"

>>> host = testinfra.get_host("aws-ssm://i-0123456789abcdef0")
>>> host.run("id -un").stdout
'root\\n'
"""

import time
from typing import Any

import boto3
from botocore.exceptions import ClientError
from testinfra.backend.base import BaseBackend, CommandResult

COMMAND_TIMEOUT = 120.0
"""Seconds a command may run."""
UNDER_WAY = {"Pending", "InProgress", "Delayed"}
OUTPUT_LIMIT = 24_000
"""Characters of stdout that GetCommandInvocation returns; longer output comes back cut."""


class SsmBackend(BaseBackend):  # type: ignore[misc] # testinfra publishes no types
    """Runs each command through AWS-RunShellScript, as root, and waits for its end."""

    NAME = "aws-ssm"

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        self.instance_id = name
        self._ssm = boto3.client("ssm")
        super().__init__(name, *args, **kwargs)

    def run(self, command: str, *args: str, **_: Any) -> CommandResult:
        """Runs `command` with its quoted `args`; TimeoutError when it outlives COMMAND_TIMEOUT."""
        line = self.get_command(command, *args)
        sent = self._ssm.send_command(
            InstanceIds=[self.instance_id],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": [line], "executionTimeout": [str(int(COMMAND_TIMEOUT))]},
        )
        ended = self._wait(sent["Command"]["CommandId"], line)
        output = ended["StandardOutputContent"]
        if len(output) >= OUTPUT_LIMIT:
            raise ValueError(
                f"the output of {line!r} is cut at {OUTPUT_LIMIT} characters: write it to a file"
            )
        return self.result(ended["ResponseCode"], self.encode(line), output, ended["StandardErrorContent"])

    def _wait(self, command_id: str, line: str) -> dict[str, Any]:
        deadline = time.monotonic() + COMMAND_TIMEOUT
        while time.monotonic() < deadline:
            try:
                invocation: dict[str, Any] = self._ssm.get_command_invocation(
                    CommandId=command_id, InstanceId=self.instance_id
                )
            except ClientError as error:
                # SSM answers so for a moment after SendCommand: the invocation is not yet recorded.
                if error.response["Error"]["Code"] != "InvocationDoesNotExist":
                    raise
            else:
                if invocation["Status"] not in UNDER_WAY:
                    return invocation
            time.sleep(0.1)
        raise TimeoutError(f"{line!r} on {self.instance_id} did not end within {COMMAND_TIMEOUT:.0f} s")
