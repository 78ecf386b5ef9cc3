"""The secrets that a container finds in its environment."""

import json
from collections.abc import Iterator
from typing import Any

from moto.core.exceptions import ServiceException
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends
from werkzeug.exceptions import HTTPException

from rehearsal.cloud.ecs.container_definition import SecretReference
from rehearsal.cloud.iam.authorization import refusal_of
from rehearsal.cloud.iam.resources import Need, of_parameter, of_secret
from rehearsal.cloud.iam.role_session import RoleSession


class SecretUnavailableError(RuntimeError):
    """A secret that a container needs can't be read; ECS stops such a task before it starts."""


def read_secret(reference: SecretReference, execution: RoleSession | None) -> str:
    """Its value now, where the task's execution role may read it; raises SecretUnavailableError."""
    if execution and (refusal := refusal_of(execution.session(), _needs(reference))):
        raise SecretUnavailableError(
            "ResourceInitializationError: unable to pull secrets or registry auth:"
            f" AccessDeniedException: {refusal}"
        )
    try:
        return _parameter(reference) if reference.service == "ssm" else _secret(reference)
    except (ServiceException, HTTPException, KeyError, ValueError) as error:
        raise SecretUnavailableError(
            "ResourceInitializationError: unable to pull secrets or registry auth:"
            f" unable to retrieve secret {reference.name}: {type(error).__name__}"
        ) from error


def _needs(reference: SecretReference) -> Iterator[Need]:
    if reference.service == "ssm":
        return of_parameter(reference.name, account=reference.account, region=reference.region)
    return of_secret(secretsmanager_backends[reference.account][reference.region], reference.name)


def _secret(reference: SecretReference) -> str:
    backend = secretsmanager_backends[reference.account][reference.region]
    version: Any = reference.version_id, reference.version_stage  # moto's own handler passes None too
    answer = backend.get_secret_value(reference.name, *version)
    if reference.json_key is None:
        return str(answer["SecretString"])
    return str(json.loads(answer["SecretString"])[reference.json_key])


def _parameter(reference: SecretReference) -> str:
    parameter = ssm_backends[reference.account][reference.region].get_parameter(reference.name)
    if parameter is None:
        raise KeyError(reference.name)
    return str(parameter.response_object(decrypt=True)["Value"])
