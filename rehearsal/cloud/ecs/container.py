"""A container of an ECS task: its command as an isolated process, its output in CloudWatch Logs."""

import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import logs_backends

from rehearsal.cloud.body import CloudContext
from rehearsal.cloud.cloudwatch.log_stream import LogStream
from rehearsal.cloud.ec2 import server
from rehearsal.cloud.iam.authorization import refusal_of
from rehearsal.cloud.iam.resources import of_log_stream
from rehearsal.cloud.iam.role_session import RoleSession
from rehearsal.processes import Child

_STOP_TIMEOUT = 30  # seconds: ECS_CONTAINER_STOP_TIMEOUT's default on Fargate
# `python3` of a container is the one that runs the cloud: it has boto3, as the images of AWS have.
PATH = f"{Path(sys.executable).parent}:{server.PATH}"


class CannotStartContainerError(RuntimeError):
    """There is nothing to run, or nowhere to log to; ECS stops such a task before it starts."""


class Container:
    """A started container, until its process has ended and its last line is logged."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        context: CloudContext,
        follow: Callable[[Path], LogStream | None],
    ) -> None:
        """`folder` is made for it; `follow` gives the stream that follows the log file."""
        if not command:
            raise CannotStartContainerError(
                "CannotStartContainerError: the rehearsal pulls no image: set the container's command"
            )
        if shutil.which(command[0], path=PATH) is None:
            raise CannotStartContainerError(
                f'CannotStartContainerError: exec: "{command[0]}": executable file not found in $PATH'
            )
        self._stream = follow(folder.with_suffix(".log"))
        self._folder = folder
        folder.mkdir()
        self._process = Child(
            [*context.isolation.task(folder), *command],
            log=folder.with_suffix(".log"),
            env={"PATH": PATH, "HOME": str(folder), "LANG": "C.UTF-8", **environment},
            cwd=folder,
        )
        self._killed_at: float | None = None

    @property
    def pid(self) -> int:
        """The process id on this machine; inside, it is 1."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.exit_status

    def stop(self, grace: float | None) -> None:
        """SIGTERM at the first call; SIGKILL at one that comes `grace` seconds later."""
        if self._killed_at is None:
            self._killed_at = time.monotonic() + (_STOP_TIMEOUT if grace is None else grace)
            self._process.send_to_group(signal.SIGTERM)
        elif time.monotonic() > self._killed_at:
            self._process.send_to_group(signal.SIGKILL)

    def kill(self) -> None:
        """End it at once."""
        self._process.end(within=0)

    def forward_log(self) -> None:
        """Send what it printed since to its log stream: whole lines, and after its end the rest."""
        if self._stream:
            self._stream.forward(ended=self.exit_code is not None)

    def remove_folder(self) -> None:
        """Forget what it wrote into its working folder."""
        shutil.rmtree(self._folder)


def log_stream(
    configuration: Mapping[str, Any] | None,
    file: Path,
    *,
    account: str,
    container: str,
    task: str,
    execution: RoleSession | None,
) -> LogStream | None:
    """Where the `awslogs` driver writes; None without it: then only the rehearsal's log file has it."""
    if not configuration or configuration["logDriver"] != "awslogs":
        return None
    options = configuration["options"]
    group, region = options["awslogs-group"], options["awslogs-region"]
    backend = logs_backends[account][region]
    if options.get("awslogs-create-group") == "true" and group not in backend.groups:
        backend.create_log_group(group, {})
    name = f"{options['awslogs-stream-prefix']}/{container}/{task}"
    needs = of_log_stream(group, name, account=account, region=region)
    if execution and (refusal := refusal_of(execution.session(), needs)):
        raise CannotStartContainerError(
            f"ResourceInitializationError: failed to create Cloudwatch log stream: {refusal}"
        )
    try:
        return LogStream(file, account=account, region=region, group=group, name=name)
    except ResourceNotFoundException as error:
        raise CannotStartContainerError(
            f"ResourceInitializationError: failed to validate logger args: no log group {group} exists"
        ) from error
