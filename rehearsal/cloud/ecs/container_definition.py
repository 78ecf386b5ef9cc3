"""What a container definition and RunTask's overrides say: command, variables, places of secrets. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SECRET_ARN = re.compile(
    r"(?P<arn>arn:[\w-]+:secretsmanager:(?P<region>[\w-]+):(?P<account>\d+):secret:[^:]+)"
    r"(:(?P<json_key>[^:]*))?(:(?P<version_stage>[^:]*))?(:(?P<version_id>[^:]*))?"
)
_PARAMETER_ARN = re.compile(r"arn:[\w-]+:ssm:(?P<region>[\w-]+):(?P<account>\d+):parameter(?P<name>/?.+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretReference:
    """`valueFrom` of a container's secret: a Secrets Manager ARN with parts after it, or an SSM parameter."""

    service: str
    """`secretsmanager` or `ssm`."""
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


def command(definition: Mapping[str, Any], override: Mapping[str, Any]) -> list[str]:
    """The entry point and the command; empty when only the image, which is never pulled, knows them."""
    return [*definition.get("entryPoint", []), *(override.get("command") or definition.get("command", []))]


def variables(definition: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, str]:
    """The plain environment variables; an override wins."""
    entries = [*definition.get("environment", []), *override.get("environment", [])]
    return {entry["name"]: entry["value"] for entry in entries}
