"""A container of an ECS task: its command as a process in a pid namespace, its output in CloudWatch Logs."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import logs_backends

from rehearsal.cloud.site import Site
from rehearsal.processes import Child, dying_with_parent

_STOP_TIMEOUT = 30  # seconds: ECS_CONTAINER_STOP_TIMEOUT's default on Fargate
_MILLISECONDS = 1000
# `python3` of a container is the one that runs the cloud: it has boto3, as the images of AWS have.
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


class CannotStartContainerError(RuntimeError):
    """There is nothing to run, or nowhere to log to; ECS stops such a task before it starts."""


class Container:
    """A started container, until its process has ended and its last line is logged."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        site: Site,
        stream: "LogStream",
    ) -> None:
        if not command:
            raise CannotStartContainerError(
                "CannotStartContainerError: the rehearsal pulls no image: set the container's command"
            )
        if shutil.which(command[0], path=PATH) is None:
            raise CannotStartContainerError(
                f'CannotStartContainerError: exec: "{command[0]}": executable file not found in $PATH'
            )
        folder.mkdir()
        if site.user:
            os.chown(folder, site.user.uid, site.user.gid)
        self._log = folder.with_suffix(".log")
        self._stream = stream
        self._process = Child(
            [*_as_container(site), *command],
            log=self._log,
            env={"PATH": PATH, "HOME": str(folder), "LANG": "C.UTF-8", **environment},
            cwd=folder,
        )
        self._folder = folder
        self._logged = 0
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
        ended = self.exit_code is not None
        with self._log.open("rb") as file:
            file.seek(self._logged)
            new = file.read()
        whole = new if ended else new[: new.rfind(b"\n") + 1]
        self._logged += len(whole)
        self._stream.put(whole.decode(errors="replace").splitlines())

    def remove_folder(self) -> None:
        """Forget what it wrote into its working folder."""
        shutil.rmtree(self._folder)


class LogStream:
    """Where the `awslogs` driver writes; without it a container prints into the rehearsal's log file only."""

    def __init__(
        self, configuration: Mapping[str, Any] | None, *, account: str, container: str, task: str
    ) -> None:
        self._options: Mapping[str, str] | None = None
        if not configuration or configuration["logDriver"] != "awslogs":
            return
        self._options = configuration["options"]
        self._backend = logs_backends[account][self._options["awslogs-region"]]
        self._group = self._options["awslogs-group"]
        self._name = f"{self._options['awslogs-stream-prefix']}/{container}/{task}"
        if self._options.get("awslogs-create-group") == "true" and self._group not in self._backend.groups:
            self._backend.create_log_group(self._group, {})
        try:
            self._backend.create_log_stream(self._group, self._name)
        except ResourceNotFoundException as error:
            raise CannotStartContainerError(
                "ResourceInitializationError: failed to validate logger args:"
                f" the log group {self._group} does not exist"
            ) from error

    def put(self, lines: Sequence[str]) -> None:
        """Append lines, dated now."""
        if lines and self._options:
            now = int(time.time() * _MILLISECONDS)
            events = [{"timestamp": now, "message": line} for line in lines]
            self._backend.put_log_events(self._group, self._name, events)


def _as_container(site: Site) -> list[str]:
    # As process 1 of a namespace, as in a real container: what it starts dies with it, and it alone decides
    # what SIGTERM does. Only root can make the namespace; without it the command runs as a plain child.
    if site.user is None:
        return []
    return ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *dying_with_parent(site.user)]
