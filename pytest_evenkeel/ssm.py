r"""A testinfra transport over AWS Systems Manager: `aws-ssm://i-0123456789abcdef0`.

Servers have no open SSH port; Run Command reaches them on AWS and in rehearsal alike.

>>> host = testinfra.get_host("aws-ssm://i-0123456789abcdef0", region="eu-central-1", profile="prod")
>>> host.run("id -un").stdout
'root\n'

pytest has the transport by itself; a script imports this module first. Region, profile and endpoint come
from the environment (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL) where they are not given, and always with
`--hosts`: testinfra drops from an address what it does not know. It knows `?timeout=300`, seconds.
"""

import base64
import gzip
import io
import shlex
import tarfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import boto3
import testinfra.backend
from botocore.config import Config
from botocore.exceptions import ClientError
from testinfra.backend.base import BaseBackend, CommandResult

TIMEOUT = 120.0
"""Seconds a command may run."""
UNDER_WAY = {"Pending", "InProgress", "Delayed"}
MOST = 50
"""Instances that one SendCommand may name; AWS's limit."""
PIECE = 20_000
"""Characters of output fetched at a time: GetCommandInvocation returns 24,000 at most."""
DELIVERY = 30
"""Seconds for a command to reach its server, at least; SendCommand's own lower limit."""
PACKED = f"""\
d=$(mktemp -d) || exit
sh -c %s >"$d/out" 2>"$d/err" </dev/null
status=$?
tar --create --directory "$d" out err | gzip --fast | base64 --wrap=0 >"$d/packed"
echo "$d $(wc -c <"$d/packed")"
head -c {PIECE} "$d/packed"
[ "$(wc -c <"$d/packed")" -gt {PIECE} ] || rm -rf "$d"
exit $status
"""
"""Runs a command and prints where its output lies, its length, and its first piece.

SSM cuts what is long and replaces what is not UTF-8, so the output travels packed.
"""

testinfra.backend.BACKENDS["aws-ssm"] = f"{__name__}.SsmBackend"


class Unfinished(ConnectionError):
    """A command did not come to its end: the server left or was never reached, or it took too long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a command ended on one server, and what it wrote, byte by byte."""

    status: int
    out: bytes
    err: bytes


class RunShellScript:
    """AWS-RunShellScript, as root, on one server or on many at once."""

    def __init__(self, ssm: Any, timeout: float = TIMEOUT) -> None:
        """`ssm`: a client of boto3's. `timeout`: seconds that a command may run."""
        self._ssm, self._timeout = ssm, timeout

    def run(self, instance_ids: Sequence[str], line: str) -> dict[str, Ended]:
        """Runs a line of shell on each and waits for all. Unfinished when one does not end in time."""
        ended: dict[str, Ended] = {}
        for start in range(0, len(instance_ids), MOST):
            some = instance_ids[start : start + MOST]
            command_id = self.send(some, PACKED % shlex.quote(line))
            ended |= {one: self._ended(one, self._wait(command_id, one, line), line) for one in some}
        return ended

    def send(self, instance_ids: Sequence[str], line: str) -> str:
        """Starts a line of shell, and does not wait; the command's id."""
        try:
            sent = self._ssm.send_command(
                InstanceIds=list(instance_ids),
                DocumentName="AWS-RunShellScript",
                Parameters={"commands": [line], "executionTimeout": [str(int(self._timeout))]},
                TimeoutSeconds=max(DELIVERY, int(self._timeout)),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidInstanceId":
                raise
            named = " or ".join(instance_ids)
            raise Unfinished(f"SSM does not know {named}: is it gone, or still booting?") from None
        command_id: str = sent["Command"]["CommandId"]
        return command_id

    def _ended(self, instance_id: str, invocation: dict[str, Any], line: str) -> Ended:
        where, _newline, packed = invocation["StandardOutputContent"].partition("\n")
        if not where:
            raise Unfinished(f"{line!r} on {instance_id} {_reason(invocation)}")
        folder, length = where.rsplit(" ", 1)
        if int(length) > PIECE:
            packed = self._fetch(instance_id, folder, int(length))
        out, err = unpack(packed)
        return Ended(status=invocation["ResponseCode"], out=out, err=err)

    def _fetch(self, instance_id: str, folder: str, length: int) -> str:
        """All pieces of the packed output; the folder is gone then."""
        pieces = []
        for start in range(0, length, PIECE):
            last = "" if start + PIECE < length else f"; rm -rf {folder}"
            line = f"tail -c +{start + 1} {folder}/packed | head -c {PIECE}{last}"
            fetched = self._wait(self.send([instance_id], line), instance_id, line)
            pieces.append(fetched["StandardOutputContent"])
        return "".join(pieces)

    def _wait(self, command_id: str, instance_id: str, line: str) -> dict[str, Any]:
        deadline = time.monotonic() + self._timeout
        while time.monotonic() < deadline:
            try:
                invocation: dict[str, Any] = self._ssm.get_command_invocation(
                    CommandId=command_id, InstanceId=instance_id
                )
            except ClientError as error:
                # SSM answers so for a moment after SendCommand: the invocation is not yet recorded.
                if error.response["Error"]["Code"] != "InvocationDoesNotExist":
                    raise
            else:
                if invocation["Status"] not in UNDER_WAY:
                    return invocation
            time.sleep(0.1)
        raise Unfinished(f"{line!r} on {instance_id} did not end within {self._timeout:.0f} s")


class SsmBackend(BaseBackend):  # type: ignore[misc] # testinfra publishes no types
    """Runs each command of a testinfra host, and waits for its end."""

    NAME = "aws-ssm"

    def __init__(
        self,
        name: str,
        *args: Any,
        region: str | None = None,
        profile: str | None = None,
        timeout: float | str = TIMEOUT,
        client: Any = None,
        **kwargs: Any,
    ) -> None:
        """`client`: an SSM client of yours, instead of one made from region, profile and environment."""
        super().__init__(name, *args, **kwargs)
        self.instance_id = name
        self._commands = RunShellScript(client or connect(region=region, profile=profile), float(timeout))

    def run(self, command: str, *args: str, **_: Any) -> CommandResult:
        """Runs `command` with its quoted `args`. Unfinished when it does not end within the time-out."""
        line = self.get_command(command, *args)
        ended = self._commands.run([self.instance_id], line)[self.instance_id]
        return self.result(ended.status, line.encode(), ended.out, ended.err)

    def send(self, command: str, *args: str) -> None:
        """Starts a command and does not wait: for one that ends the server, whose end nobody would report."""
        self._commands.send([self.instance_id], self.get_command(command, *args))

    def get_encoding(self) -> str:
        """UTF-8, as Amazon Linux has it; testinfra would ask the server's Python."""
        return "UTF-8"


def connect(*, region: str | None = None, profile: str | None = None) -> Any:
    """An SSM client that waits and asks again when it is throttled: commands are polled."""
    patient = Config(retries={"mode": "standard", "total_max_attempts": 10})
    return boto3.Session(region_name=region, profile_name=profile).client("ssm", config=patient)


def unpack(packed: str) -> tuple[bytes, bytes]:
    """Standard output and standard error, byte by byte as the command wrote them."""
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(base64.b64decode(packed)))) as files:
        streams = [files.extractfile(name) for name in ("out", "err")]
        out, err = (stream.read() if stream else b"" for stream in streams)
    return out, err


def _reason(invocation: dict[str, Any]) -> str:
    """Why there is no output, in SSM's words."""
    said = invocation["StandardErrorContent"].strip()
    return f"ended as {invocation['StatusDetails']}" + (f": {said}" if said else "")
