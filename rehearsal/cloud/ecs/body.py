"""ECS: a Fargate task's containers are processes, with the task's environment and secrets."""

import logging
import socket
from functools import partial
from pathlib import Path
from typing import Any

from moto.core.utils import utcnow
from moto.ecs.models import ecs_backends

from rehearsal.cloud.attempts import Attempts
from rehearsal.cloud.body import CloudContext, StatusRow, every
from rehearsal.cloud.ecs import container_definition
from rehearsal.cloud.ecs.container import CannotStartContainerError, Container, log_stream
from rehearsal.cloud.ecs.container_definition import SecretReference
from rehearsal.cloud.ecs.moto_patches import patch_moto
from rehearsal.cloud.ecs.task_credentials import Granted, TaskCredentials
from rehearsal.cloud.ecs.task_environment import SecretUnavailableError, read_secret
from rehearsal.cloud.iam.role_session import RoleSession
from rehearsal.cloud.peer import comes_from

log = logging.getLogger(__name__)


class Tasks:
    """The body of ECS."""

    def __init__(self, context: CloudContext) -> None:
        patch_moto()
        self._context = context
        self._folder = context.folder("ecs")
        self._credentials = TaskCredentials(context.addresses.take())
        self._tasks: dict[Any, _Task] = {}
        self._attempts = Attempts()

    def reconcile(self) -> None:
        """Start new tasks, move the running ones one step on, forget the stopped ones."""
        for backend in every(ecs_backends):
            for tasks in list(backend.tasks.values()):
                for task in list(tasks.values()):
                    if task.launch_type != "EC2" and task.status != "STOPPED":
                        self._attempts.step(task.task_arn, partial(self._reconcile, task))

    def rows(self) -> list[StatusRow]:
        """One row a running container."""
        return [row for task in self._tasks.values() for row in task.rows()]

    def stop(self) -> None:
        """End every container at once: what a task did not finish, the next deployment runs again."""
        for task in self._tasks.values():
            task.kill()
        self._credentials.close()

    def _reconcile(self, task: Any) -> None:
        if task not in self._tasks:
            self._tasks[task] = _Task(task, self._context, self._folder / task.id, self._credentials)
        self._tasks[task].reconcile()
        if task.status == "STOPPED":
            del self._tasks[task]


class _Task:
    """One task: moto's record of it, and the containers that run."""

    def __init__(self, task: Any, context: CloudContext, folder: Path, credentials: TaskCredentials) -> None:
        self._task, self._context, self._folder = task, context, folder
        self._credentials = credentials
        self._granted: Granted | None = None
        self._execution = self._role("execution")
        self._definitions = {
            container["name"]: container for container in task.definition.container_definitions
        }
        self._containers: dict[str, Container] = {}

    def rows(self) -> list[StatusRow]:
        return [
            StatusRow(
                kind="ECS task",
                name=f"{self._task.definition.family}/{name}",
                address="",
                pid=container.pid,
                state=self._task.status,
            )
            for name, container in self._containers.items()
        ]

    def kill(self) -> None:
        for container in self._containers.values():
            container.kill()

    def reconcile(self) -> None:
        """One step of PROVISIONING, RUNNING, STOPPING, STOPPED."""
        if self._task.status == "PROVISIONING" and self._task.desired_status == "RUNNING":
            self._start()
        for container in self._containers.values():
            container.forward_log()
        self._see_who_ended()
        if self._task.desired_status == "STOPPED":
            self._stop()

    def _start(self) -> None:
        task = self._task
        self._folder.mkdir()
        if session := self._role("task"):
            self._granted = self._credentials.grant(session, self._is_own)
        try:
            for name in self._definitions:
                self._containers[name] = self._container(name)
        except (SecretUnavailableError, CannotStartContainerError) as error:
            log.error("ECS task %s did not start: %s", task.id, error)
            self._want_stopped("TaskFailedToStart", str(error))
            return
        task.status, task.started_at = "RUNNING", utcnow()
        for record in task.containers:
            record["lastStatus"] = "RUNNING"

    def _container(self, name: str) -> Container:
        task, definition = self._task, self._definitions[name]
        overrides = {override["name"]: override for override in task.overrides.get("containerOverrides", [])}
        override = overrides.get(name, {})
        environment = {
            **self._aws_environment(),
            **container_definition.variables(definition, override),
            **self._secrets(definition),
        }
        follow = partial(
            log_stream,
            definition.get("logConfiguration"),
            account=task._account_id,
            container=name,
            task=task.id,
            execution=self._execution,
        )
        command = container_definition.command(definition, override)
        return Container(command, environment, self._folder / name, self._context, follow)

    def _aws_environment(self) -> dict[str, str]:
        task = self._task
        return {
            "AWS_ENDPOINT_URL": self._context.endpoint,
            "AWS_REGION": task.region_name,
            "AWS_DEFAULT_REGION": task.region_name,
            **(self._granted.environment() if self._granted else {}),
        }

    def _role(self, kind: str) -> RoleSession | None:
        """The task's own role, or that of its `execution`: what ECS reads secrets and writes logs with."""
        definition = self._task.definition
        arn = self._task.overrides.get(f"{kind}RoleArn") or getattr(definition, f"{kind}_role_arn", None)
        return RoleSession(arn, name=self._task.id, **self._place()) if arn else None

    def _is_own(self, connection: socket.socket) -> bool:
        # Where the cloud is not root, containers are plain processes, and the token has to be enough.
        holders = [container.pid for container in self._containers.values()]
        return self._context.user is None or any(comes_from(connection, holder) for holder in holders)

    def _secrets(self, definition: dict[str, Any]) -> dict[str, str]:
        return {
            secret["name"]: read_secret(
                SecretReference.parse(secret["valueFrom"], **self._place()), self._execution
            )
            for secret in definition.get("secrets", [])
        }

    def _place(self) -> dict[str, str]:
        return {"account": self._task._account_id, "region": self._task.region_name}

    def _see_who_ended(self) -> None:
        for record in self._task.containers:
            container = self._containers.get(record["name"])
            if container is None or container.exit_code is None or "exitCode" in record:
                continue
            record.update(lastStatus="STOPPED", exitCode=container.exit_code)
            container.forward_log()
            if self._definitions[record["name"]].get("essential", True):
                self._want_stopped("EssentialContainerExited", "Essential container in task exited")

    def _want_stopped(self, code: str, reason: str) -> None:
        if self._task.desired_status != "STOPPED":
            self._task.desired_status = "STOPPED"
            self._task.stop_code, self._task.stopped_reason = code, reason

    def _stop(self) -> None:
        task = self._task
        task.status = "STOPPING"
        running = {
            name: container for name, container in self._containers.items() if container.exit_code is None
        }
        for name, container in running.items():
            container.stop(self._definitions[name].get("stopTimeout"))
        if running:
            return
        self._see_who_ended()
        for record in task.containers:
            record["lastStatus"] = "STOPPED"
        for container in self._containers.values():
            container.remove_folder()
        if self._granted:
            self._credentials.revoke(self._granted)
        task.stopped_at = utcnow()
        task.status = "STOPPED"
