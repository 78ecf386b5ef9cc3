"""What a container of an ECS task is to run: its command, and the variables it finds, secrets included."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import ServiceException
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends
from moto.sts.models import sts_backends
from werkzeug.exceptions import HTTPException

_SECRET_ARN = re.compile(
    r"(?P<arn>arn:[\w-]+:secretsmanager:(?P<region>[\w-]+):(?P<account>\d+):secret:[^:]+)"
    r"(:(?P<json_key>[^:]*))?(:(?P<version_stage>[^:]*))?(:(?P<version_id>[^:]*))?"
)
_PARAMETER_ARN = re.compile(r"arn:[\w-]+:ssm:(?P<region>[\w-]+):(?P<account>\d+):parameter(?P<name>/?.+)")
_SESSION_DURATION = 3600  # seconds


class SecretUnavailableError(RuntimeError):
    """A secret that a container needs can't be read; ECS stops such a task before it starts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretReference:
    """`valueFrom` of a container's secret: a Secrets Manager ARN with parts after it, or an SSM parameter."""

    service: str
    account: str
    region: str
    name: str
    json_key: str | None = None
    version_stage: str | None = None
    version_id: str | None = None

    @classmethod
    def parse(cls, value_from: str, *, account: str, region: str) -> "SecretReference":
        """Read one; `account` and `region` are the task's, for a parameter given by its name alone."""
        if secret := _SECRET_ARN.fullmatch(value_from):
            return cls(
                service="secretsmanager",
                account=secret["account"],
                region=secret["region"],
                name=secret["arn"],
                json_key=secret["json_key"] or None,
                version_stage=secret["version_stage"] or None,
                version_id=secret["version_id"] or None,
            )
        if parameter := _PARAMETER_ARN.fullmatch(value_from):
            name = parameter["name"]
            bare = name[1:] if name.count("/") == 1 else name  # a name without a path has no leading slash
            return cls(service="ssm", account=parameter["account"], region=parameter["region"], name=bare)
        return cls(service="ssm", account=account, region=region, name=value_from)

    def read(self) -> str:
        """Its value now; raises SecretUnavailableError."""
        try:
            return self._parameter() if self.service == "ssm" else self._secret()
        except (ServiceException, HTTPException, KeyError, ValueError) as error:
            raise SecretUnavailableError(
                "ResourceInitializationError: unable to pull secrets or registry auth:"
                f" unable to retrieve secret {self.name}: {type(error).__name__}"
            ) from error

    def _secret(self) -> str:
        backend = secretsmanager_backends[self.account][self.region]
        version: Any = self.version_id, self.version_stage  # moto's own handler passes None too
        answer = backend.get_secret_value(self.name, *version)
        if self.json_key is None:
            return str(answer["SecretString"])
        return str(json.loads(answer["SecretString"])[self.json_key])

    def _parameter(self) -> str:
        parameter = ssm_backends[self.account][self.region].get_parameter(self.name)
        if parameter is None:
            raise KeyError(self.name)
        return str(parameter.response_object(decrypt=True)["Value"])


def container_command(definition: Mapping[str, Any], override: Mapping[str, Any]) -> list[str]:
    """The entry point and the command; empty when only the image, which is never pulled, knows them."""
    return [*definition.get("entryPoint", []), *(override.get("command") or definition.get("command", []))]


def container_environment(
    definition: Mapping[str, Any], override: Mapping[str, Any], *, account: str, region: str
) -> dict[str, str]:
    """The variables that the task definition and RunTask's overrides set; raises SecretUnavailableError."""
    plain = [*definition.get("environment", []), *override.get("environment", [])]
    secrets = {
        secret["name"]: SecretReference.parse(secret["valueFrom"], account=account, region=region).read()
        for secret in definition.get("secrets", [])
    }
    return {**{variable["name"]: variable["value"] for variable in plain}, **secrets}


def role_credentials(role_arn: str, *, account: str, region: str, session: str) -> dict[str, str]:
    """The variables by which AWS's SDKs find the credentials of a task's role."""
    role = sts_backends[account]["aws"].assume_role(region, session, role_arn, "", _SESSION_DURATION, "")
    return {
        "AWS_ACCESS_KEY_ID": role.access_key_id,
        "AWS_SECRET_ACCESS_KEY": role.secret_access_key,
        "AWS_SESSION_TOKEN": role.session_token,
    }
