"""What moto's ECS lacks for tasks that run.

They get a life cycle, a record for each container, a StopTask that waits, and an API that is eventually
consistent.

A Fargate task is `PROVISIONING` until its body (ecs.py) says otherwise. Services have no body: they start no
tasks.
"""

import copy
import uuid
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, Task
from moto.ecs.responses import EC2ContainerServiceResponse

from rehearsal.cloud.moto_patch import patch

_init = Task.__init__
_run = EC2ContainerServiceBackend.run_task
_describe_tasks = EC2ContainerServiceResponse.describe_tasks
_requirements = EC2ContainerServiceBackend._calculate_task_resource_requirements

MISSING_FOR = 1.0
"""Seconds until DescribeTasks knows a new task. RunTask's documentation warns of that, and names no time."""


def patch_moto() -> None:
    """Replace what falls short; once a process."""
    patch(
        Task,
        __init__=_create,
        advance=lambda _: None,  # moto lets a task move on each time it is described
        status=property(lambda task: task._status, lambda task, status: setattr(task, "_status", status)),
    )
    patch(
        EC2ContainerServiceBackend,
        run_task=_run_if_placeable,
        stop_task=_stop,
        _calculate_task_resource_requirements=staticmethod(_requirements_without_memory),
    )
    patch(EC2ContainerServiceResponse, describe_tasks=_describe_known)
    patch(NetworkInterface, private_dns_name=None)  # in a VPC without DNS names moto forgets to say that


def _create(task: Any, cluster: Any, task_definition: Any, *args: Any, **kwargs: Any) -> None:
    _init(task, cluster, task_definition, *args, **kwargs)
    task.definition = task_definition
    task.status = "PROVISIONING"
    task.created_at = utcnow()
    task.started_at = task.stopped_at = task.stop_code = task.stopped_reason = None
    task.cpu, task.memory = task_definition.cpu, task_definition.memory
    for attachment in task.attachments:
        attachment["details"] = [detail for detail in attachment["details"] if detail["value"] is not None]
    task.containers = [
        {
            "containerArn": f"{task.task_arn.replace(':task/', ':container/')}/{uuid.uuid4()}",
            "taskArn": task.task_arn,
            "name": definition["name"],
            "image": definition["image"],
            "lastStatus": "PENDING",
            "networkInterfaces": [],
            "healthStatus": "UNKNOWN",
        }
        for definition in task_definition.container_definitions
    ]


def _run_if_placeable(
    backend: Any,
    cluster_str: str,
    task_definition_str: str,
    count: int,
    overrides: dict[str, Any] | None,
    started_by: str,
    tags: list[dict[str, str]] | None,
    launch_type: str | None,
    networking_configuration: dict[str, Any] | None = None,
    group: str | None = None,
    platform_version: str | None = None,
    capacity_provider_strategy: list[dict[str, Any]] | None = None,
) -> Any:
    placed_elsewhere = launch_type == "FARGATE" or capacity_provider_strategy
    if not placed_elsewhere and not backend.container_instances.get(cluster_str):
        raise InvalidParameterException(
            "No Container Instances were found in your cluster; in rehearsal, run with launchType FARGATE."
        )
    network = copy.deepcopy(networking_configuration)
    if network and "awsvpcConfiguration" in network:
        network["awsvpcConfiguration"].setdefault("securityGroups", [])
    return _run(
        backend,
        cluster_str,
        task_definition_str,
        count,
        overrides,
        started_by,
        tags,
        launch_type,
        network,
        group,
        platform_version,
        capacity_provider_strategy,
    )


def _describe_known(response: Any) -> ActionResult:
    answer: Any = _describe_tasks(response)
    now, known, failures = utcnow(), [], []
    for task in answer.result["tasks"]:
        if (now - task.created_at).total_seconds() < MISSING_FOR:
            failures.append({"arn": task.task_arn, "reason": "MISSING"})
        else:
            known.append(task)
    return ActionResult({"tasks": known, "failures": failures})


def _requirements_without_memory(task_definition: Any) -> Any:
    # A Fargate task may give its memory once for all containers; moto wants it at each.
    complete = copy.copy(task_definition)
    complete.container_definitions = [
        {"memory": container.get("memoryReservation", 0), **container}
        for container in task_definition.container_definitions
    ]
    return _requirements(complete)


def _stop(backend: Any, cluster_str: str, task_str: str, reason: str | None) -> Any:
    cluster = backend._get_cluster(cluster_str)
    for task in list(backend.tasks.get(cluster.name, {}).values()):
        if task.id == task_str.rpartition("/")[2]:
            if task.desired_status != "STOPPED":
                task.desired_status, task.stop_code = "STOPPED", "UserInitiated"
                task.stopped_reason = reason or "Task stopped by user"
            return task
    raise InvalidParameterException("The referenced task was not found.")
