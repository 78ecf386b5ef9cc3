"""The secrets that a container finds in its environment."""

import json
from typing import Any

from moto.core.exceptions import ServiceException
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends
from werkzeug.exceptions import HTTPException

from rehearsal.cloud.container_definition import SecretReference


class SecretUnavailableError(RuntimeError):
    """A secret that a container needs can't be read; ECS stops such a task before it starts."""


def read_secret(reference: SecretReference) -> str:
    """Its value now; raises SecretUnavailableError."""
    try:
        return _parameter(reference) if reference.service == "ssm" else _secret(reference)
    except (ServiceException, HTTPException, KeyError, ValueError) as error:
        raise SecretUnavailableError(
            "ResourceInitializationError: unable to pull secrets or registry auth:"
            f" unable to retrieve secret {reference.name}: {type(error).__name__}"
        ) from error


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
