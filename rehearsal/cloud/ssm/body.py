"""SSM Run Command: AWS-RunShellScript runs in the server, as root."""

import datetime
import logging
import time
from pathlib import Path
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ssm.exceptions import ValidationException
from moto.ssm.models import Command, ssm_backends
from moto.ssm.responses import SimpleSystemManagerResponse

from rehearsal.cloud.body import CloudContext, StatusRow, every
from rehearsal.cloud.ec2.body import Instances
from rehearsal.cloud.ec2.server import InstanceServer
from rehearsal.cloud.moto_patch import patch
from rehearsal.cloud.secret_files import write_private
from rehearsal.processes import end_all

DOCUMENT = "AWS-RunShellScript"
OUTPUT_LIMITS = {"StandardOutputContent": 24_000, "StandardErrorContent": 8_000}
"""Characters that GetCommandInvocation returns of each stream:
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html."""
_DEFAULT_TIMEOUT = 3600  # seconds; the document's executionTimeout
_RUN = """
(umask 077 && mkdir -p "$1" && cat >"$1/_script.sh")
exec /bin/sh "$1/_script.sh" </dev/null
"""
_targets_by_filter: Any = Command._get_instance_ids_from_targets
log = logging.getLogger(__name__)


class RunCommand:
    """The body of Run Command."""

    def __init__(self, context: CloudContext, instances: Instances) -> None:
        self._folder = context.folder("ssm")
        self._instances = instances
        self._seen: dict[Any, int] = {}
        self._runs: list[_Run] = []
        patch(Command, invocation_response=_invocation, _get_instance_ids_from_targets=_targets)
        patch(
            SimpleSystemManagerResponse,
            send_command=_checked(SimpleSystemManagerResponse.send_command),
            list_command_invocations=_list_invocations,
            describe_instance_information=self._describe_instances(),
        )

    def reconcile(self) -> None:
        """Start what was sent, and see what has ended."""
        for backend in every(ssm_backends):
            new = backend._commands[self._seen.get(backend, 0) :]  # a copy: more are sent meanwhile
            for command in new:
                for invocation in command.invocations:
                    self._start(command, invocation)
            self._seen[backend] = self._seen.get(backend, 0) + len(new)
        self._runs = [run for run in self._runs if not run.ended()]

    def rows(self) -> list[StatusRow]:
        """None: a command is no resource."""
        return []

    def stop(self) -> None:
        """Kill what runs."""
        end_all((run.process for run in self._runs), within=0)

    def _start(self, command: Any, invocation: dict[str, Any]) -> None:
        server = _managed(self._instances, invocation["InstanceId"])
        if server is None:
            _end(invocation, status="Undeliverable", code=-1)
            return
        self._runs.append(_Run(command, invocation, server, self._folder))

    def _describe_instances(self) -> Any:
        instances = self._instances

        def describe_instance_information(response: Any) -> ActionResult:
            ec2 = ec2_backends[response.current_account][response.region]
            managed = [one for one in ec2.all_instances() if _managed(instances, one.id)]
            for wanted in response._get_param("Filters", []):
                managed = [one for one in managed if _matches(one, wanted["Key"], wanted["Values"])]
            for wanted in response._get_param("InstanceInformationFilterList", []):
                managed = [one for one in managed if _matches(one, wanted["key"], wanted["valueSet"])]
            return ActionResult({"InstanceInformationList": [_information(instance) for instance in managed]})

        return describe_instance_information


def _managed(instances: Instances, instance_id: str) -> InstanceServer | None:
    """The instance's server, once commands can be run in it."""
    server = instances.server(instance_id)
    return server if server and server.init is not None else None


class _Run:
    """One invocation under way."""

    def __init__(
        self, command: Any, invocation: dict[str, Any], server: InstanceServer, folder: Path
    ) -> None:
        self._invocation = invocation
        instance_id = invocation["InstanceId"]
        limit = command.parameters.get("executionTimeout", [str(_DEFAULT_TIMEOUT)])[0]
        self._deadline = time.monotonic() + float(limit)
        directory = command.parameters.get("workingDirectory", [""])[0]
        lines = [*([f"cd '{directory}'"] if directory else []), *command.parameters["commands"]]
        # Here and not in the server, whose root could lead the cloud to any file of this machine.
        self._files = [folder / f"{command.command_id}-{instance_id}.{kind}" for kind in ("sh", "out", "err")]
        script, output, errors = self._files
        write_private(script, ("\n".join(lines) + "\n").encode(), owner=None)
        write_private(output, b"", owner=None)
        write_private(errors, b"", owner=None)
        invocation.update(Status="InProgress", StatusDetails="InProgress", ExecutionStartDateTime=_now())
        self.process = server.run(
            _RUN,
            f"/var/lib/amazon/ssm/{instance_id}/{command.command_id}",
            log=output,
            errors=errors,
            stdin=script,
        )

    def ended(self) -> bool:
        """Whether it has, in which case its invocation tells how."""
        if (code := self.process.exit_status) is not None:
            self._read_output()
            _end(self._invocation, status="Success" if code == 0 else "Failed", code=code)
            return True
        if time.monotonic() > self._deadline:
            self.process.end(within=1)
            self._read_output()
            _end(self._invocation, status="TimedOut", code=-1)
            return True
        return False

    def _read_output(self) -> None:
        _, output, errors = self._files
        for stream, (field, limit) in zip((output, errors), OUTPUT_LIMITS.items(), strict=True):
            with stream.open(errors="replace") as text:
                self._invocation[field] = text.read(limit)
        for file in self._files:
            file.unlink()


def _end(invocation: dict[str, Any], *, status: str, code: int) -> None:
    invocation.update(ExecutionEndDateTime=_now(), ResponseCode=code, StatusDetails=status)
    # Last: whoever polls the status then reads the rest.
    invocation["Status"] = "Failed" if status == "Undeliverable" else status


def _targets(command: Any) -> list[str]:
    """None where the command has no filter, for which moto would take every instance."""
    instance_ids: list[str] = _targets_by_filter(command) if command.targets else []
    return instance_ids


def _invocation(command: Any, instance_id: str, plugin_name: str) -> dict[str, Any]:
    return {
        "CommandId": command.command_id,
        "InstanceId": instance_id,
        "Comment": command.comment,
        "DocumentName": command.document_name,
        "PluginName": plugin_name,
        "ResponseCode": -1,
        "Status": "Pending",
        "StatusDetails": "Pending",
        "StandardOutputContent": "",
        "StandardOutputUrl": "",
        "StandardErrorContent": "",
        "StandardErrorUrl": "",
    }


def _checked(send_command: Any) -> Any:
    def send(response: Any) -> ActionResult:
        document = response._get_param("DocumentName")
        if document != DOCUMENT:
            raise ValidationException(f"The document {document} has no body in rehearsal: use {DOCUMENT}")
        result: ActionResult = send_command(response)
        return result

    return send


def _list_invocations(response: Any) -> ActionResult:
    command_id, instance_id = response._get_param("CommandId"), response._get_param("InstanceId")
    commands = response.ssm_backend.list_commands(command_id, instance_id)
    invocations = [
        {
            **invocation,
            "CommandPlugins": [_plugin(invocation)],
            "RequestedDateTime": command.requested_date_time,
        }
        for command in commands
        for invocation in command.invocations
        if instance_id in (None, invocation["InstanceId"])
    ]
    return ActionResult({"CommandInvocations": invocations})


def _plugin(invocation: dict[str, Any]) -> dict[str, Any]:
    return {
        "Name": invocation["PluginName"],
        "Status": invocation["Status"],
        "StatusDetails": invocation["StatusDetails"],
        "ResponseCode": invocation["ResponseCode"],
        "Output": invocation["StandardOutputContent"],
    }


def _matches(instance: Any, key: str, values: list[str]) -> bool:
    if key.startswith("tag:"):
        return any(tag["key"] == key[4:] and tag["value"] in values for tag in instance.get_tags())
    known = {
        "InstanceIds": instance.id,
        "PingStatus": "Online",
        "PlatformTypes": "Linux",
        "ResourceType": "EC2Instance",
    }
    if key not in known:
        raise ValidationException(
            f"The filter {key} is not known in rehearsal: use {', '.join(known)} or tag:…"
        )
    return known[key] in values


def _information(instance: Any) -> dict[str, Any]:
    return {
        "InstanceId": instance.id,
        "PingStatus": "Online",
        "LastPingDateTime": utcnow(),
        "AgentVersion": "3.3.0.0",
        "IsLatestVersion": True,
        "PlatformType": "Linux",
        "PlatformName": "Amazon Linux",
        "PlatformVersion": "2023",
        "ResourceType": "EC2Instance",
        "IPAddress": instance.private_ip_address,
        "ComputerName": instance.private_dns_name,
    }


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat()
