"""Clusters, task definitions and tasks."""

from functools import partial
from typing import Any

from tests.rehearsal.cloud.mistakes.mistake import Mistake

ecs = partial(Mistake, service="ecs")


def definition(**members: Any) -> dict[str, Any]:
    """The members of RegisterTaskDefinition."""
    return {
        "family": "new",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{"name": "only", "image": "none"}],
        **members,
    }


def task(**members: Any) -> dict[str, Any]:
    """The members of RunTask."""
    return {
        "cluster": "standing",
        "taskDefinition": "standing",
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["{subnet}"]}},
        **members,
    }


TASKS = (
    ecs(
        what="a cluster's name with a space",
        operation="CreateCluster",
        members={"clusterName": "new cluster"},
        code="InvalidParameterException",
    ),
    ecs(
        what="a task's CPU that Fargate does not have",
        operation="RegisterTaskDefinition",
        members=definition(cpu="300"),
        code="ClientException",
    ),
    ecs(
        what="more memory than goes with the CPU",
        operation="RegisterTaskDefinition",
        members=definition(memory="16384"),
        code="ClientException",
    ),
    ecs(
        what="a task in Fargate on a bridge",
        operation="RegisterTaskDefinition",
        members=definition(networkMode="bridge"),
        code="ClientException",
    ),
    ecs(
        what="a task without a container that counts",
        operation="RegisterTaskDefinition",
        members=definition(containerDefinitions=[{"name": "only", "image": "none", "essential": False}]),
        code="ClientException",
    ),
    ecs(
        what="a task in a cluster that is not there",
        operation="RunTask",
        members=task(cluster="absent"),
        code="ClusterNotFoundException",
    ),
    ecs(
        what="a task of a definition that is not there",
        operation="RunTask",
        members=task(taskDefinition="absent"),
        code="ClientException",
    ),
    ecs(
        what="a task without a network",
        operation="RunTask",
        members={key: value for key, value in task().items() if key != "networkConfiguration"},
        code="InvalidParameterException",
    ),
    ecs(
        what="a task in a subnet that is not there",
        operation="RunTask",
        members=task(networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0123456789abcdef0"]}}),
        code="InvalidParameterException",
    ),
    ecs(
        what="eleven tasks at once",
        operation="RunTask",
        members=task(count=11),
        code="InvalidParameterException",
    ),
    ecs(
        what="a task that is not there",
        operation="StopTask",
        members={"cluster": "standing", "task": "00000000000000000000000000000000"},
        code="InvalidParameterException",
    ),
)
