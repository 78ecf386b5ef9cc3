"""The policies of whoever deploys a stack: docs/deployer-policy.json, with a stack's own names in it.

`python -m rehearsal.deployer` makes that file of what a rehearsal saw; nothing here says what is in it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from components.secret_arn import SecretArn
from stacks.settings import file_sections

FILE = Path(__file__).with_name("deployer-policy.json")
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""Partitions by how the names of their regions begin."""
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
Document = dict[str, Any]


class NoPolicy(Exception):
    """The user's own rights are no policy that IAM takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What stands for the placeholders; what has None there goes, with all that needs it."""

    Partition: str
    Region: str
    Account: str
    Project: str
    Stack: str
    HostedZone: str | None
    """The id of the zone in which the stack makes its records."""
    SecretsKey: str | None
    """The alias of the KMS key with which Pulumi encrypts the stack's secrets."""
    AppSecrets: Sequence[str]
    """ARNs of secrets of the app or of an existing database, which the stack only reads about."""

    @property
    def prefix(self) -> str:
        """What the policies' names begin with."""
        return f"{self.Project}-{self.Stack}-deployer"

    def put(self, text: str) -> str | None:
        """The text with its names; None where one is missing."""
        values = [getattr(self, name) for name in _PLACEHOLDER.findall(text)]
        return None if None in values else _PLACEHOLDER.sub(lambda match: getattr(self, match[1]), text)


def names(project: str, stack: str, file: Path, *, account: str, region: str) -> Names:
    """The names of a stack, read from its file."""
    zone = _section(file, "load_balancer").get("hosted_zone_id")
    return Names(
        Partition=next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws"),
        Region=region,
        Account=account,
        Project=project,
        Stack=stack,
        HostedZone=zone if isinstance(zone, str) else None,
        SecretsKey=_secrets_key(file),
        AppSecrets=list(_existing_secrets(file)),
    )


def documents(names: Names, own: Path | None = None) -> dict[str, Document]:
    """The policies, by their names, of which each is small enough for a managed policy.

    `own` is the user's file of rights for resources beside the kit's, with the same placeholders; it need not
    be there. Raises `NoPolicy`.
    """
    written: dict[str, Document] = json.loads(FILE.read_text())
    if own and own.exists():
        written["own"] = _of_the_user(own)
    return {
        f"{names.prefix}-{part}": {
            **document,
            "Statement": [put for statement in document["Statement"] if (put := _put(statement, names))],
        }
        for part, document in written.items()
    }


def _of_the_user(file: Path) -> Document:
    try:
        document: Document = json.loads(file.read_text())
        for statement in document["Statement"]:
            if unknown := set(_PLACEHOLDER.findall(json.dumps(statement))) - set(Names.__dataclass_fields__):
                raise ValueError(f"there is no placeholder {', '.join(sorted(unknown))}")
            _ = statement["Effect"], statement["Action"], statement["Resource"]
    except (ValueError, KeyError, TypeError) as error:
        raise NoPolicy(f"{file} is no policy of an identity: {error!r}") from error
    return document


def written(document: Document) -> str:
    """A document as AWS counts its size: without white space."""
    return json.dumps(document, separators=(",", ":"))


def _put(statement: Mapping[str, Any], names: Names) -> dict[str, Any] | None:
    resources = [put for resource in _listed(statement["Resource"]) for put in _resources(resource, names)]
    conditions = json.dumps(statement.get("Condition", {}))
    put = names.put(conditions)
    if not resources or put is None:
        return None
    filled = {**statement, "Resource": resources[0] if len(resources) == 1 else resources}
    return {**filled, "Condition": json.loads(put)} if "Condition" in statement else filled


def _listed(value: str | list[str]) -> Iterator[str]:
    yield from [value] if isinstance(value, str) else value


def _section(file: Path, name: str) -> Mapping[str, Any]:
    """As written: what is wrong in it is said where it is deployed."""
    section = file_sections(file).get(name)
    return section if isinstance(section, dict) else {}


def _resources(arn: str, names: Names) -> Sequence[str]:
    if arn.endswith("${AppSecrets}"):
        return names.AppSecrets
    put = names.put(arn)
    return [] if put is None else [put]


def _existing_secrets(file: Path) -> Iterator[str]:
    groups = (_section(file, "app").get("secrets"), _section(file, "database").get("existing"))
    for value in [value for group in groups if isinstance(group, dict) for value in group.values()]:
        if isinstance(value, str) and (secret := SecretArn.parse(value)):
            yield secret.arn


def _secrets_key(file: Path) -> str | None:
    content = yaml.safe_load(file.read_text()) if file.exists() else None
    where = urlsplit(str((content or {}).get("secretsprovider", "")))
    alias = f"{where.netloc}{where.path}"
    return alias if where.scheme == "awskms" and alias.startswith("alias/") else None
