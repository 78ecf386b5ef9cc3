"""What the CloudFormation resource schemas demand that the cfn-lint package carries.

They are AWS's own, enriched by cfn-lint's makers with what AWS's APIs list: instance classes, engine
versions, and which properties go together. Only the files are read; importing cfn-lint takes seconds.
"""

import importlib.util
import json
import pathlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import regex
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.resource_types import RESOURCE_TYPES
from rehearsal.cloud.judge.violation import Path, Violation, ViolationKind

Schema = dict[str, Any]

_ADDITIONS: Mapping[str, Mapping[str, str]] = {
    "AWS::EC2::LaunchTemplate": {"aws_ec2_instance/instancetype_enum": "LaunchTemplateData.InstanceType"},
    "AWS::EC2::Instance": {"aws_ec2_instance/instancetype_enum": "InstanceType"},
    "AWS::ElastiCache::ReplicationGroup": {
        "aws_elasticache_cachecluster/cachenodetype_enum": "CacheNodeType",
        "aws_elasticache_cachecluster/engine_version": "",
        "aws_elasticache_replicationgroup/transitencryptionenabled_valkey": "",
    },
    "AWS::RDS::DBInstance": {
        "aws_rds_dbinstance/aurora_exclusive": "",
        "aws_rds_dbinstance/backupretentionperiod_maximum": "",
        "aws_rds_dbinstance/dbinstanceclass_enum": "",
        "aws_rds_dbinstance/engine_version": "",
        "aws_rds_dbinstance/kmskey_storageencrypted": "",
    },
    "AWS::ECS::TaskDefinition": {
        "aws_ecs_taskdefinition/containerdefinitions_essential": "ContainerDefinitions",
        "aws_ecs_taskdefinition/fargate_cpu_memory": "",
        "aws_ecs_taskdefinition/fargate_properties": "",
    },
    "AWS::ElasticLoadBalancingV2::Listener": {"aws_elasticloadbalancingv2_listener/certificate": ""},
    "AWS::ElasticLoadBalancingV2::TargetGroup": {
        "aws_elasticloadbalancingv2_targetgroup/healthcheckprotocol_restrictions": "",
        "aws_elasticloadbalancingv2_targetgroup/protocol_restrictions": "",
        "aws_elasticloadbalancingv2_targetgroup/targettype_restrictions": "",
    },
}
"""cfn-lint's additions, by resource type: the file, and the property that it is about."""

_KINDS = {
    "required": ViolationKind.MISSING,
    "requiredXor": ViolationKind.COMBINATION,
    "requiredOr": ViolationKind.MISSING,
    "dependentExcluded": ViolationKind.COMBINATION,
    "dependentRequired": ViolationKind.COMBINATION,
    "dependencies": ViolationKind.COMBINATION,
    "oneOf": ViolationKind.COMBINATION,
    "anyOf": ViolationKind.COMBINATION,
    "None": ViolationKind.COMBINATION,  # a property that another one forbids
}
_ABOUT_THE_WHOLE = ("required", "requiredXor", "requiredOr", "dependentRequired", "anyOf", "oneOf")


def violations(call: JudgedCall) -> Iterator[Violation]:
    """Everything in which the resource that the call describes does not keep to its schema."""
    about = RESOURCE_TYPES.get((call.service, call.operation))
    if about is None:
        return
    schema = resource_schema(about.type)
    properties = _properties(call.members, schema, schema, about.names)
    source = f"CloudFormation's schema of {about.type}"
    for validator in (_validator(about.type), *_additions(about.type, call.region)):
        for error in validator.iter_errors(properties):
            # Types are for the models to judge: a schema has text where the API has a number, or the reverse.
            if error.validator != "type" and (about.whole or error.validator not in _ABOUT_THE_WHOLE):
                yield _violation(error, source)


def _violation(error: ValidationError, source: str) -> Violation:
    kind = _KINDS.get(str(error.validator), ViolationKind.VALUE)
    path, constraint = tuple(error.absolute_path), error.message
    if error.validator == "required":
        needed: Any = error.validator_value
        given: Any = error.instance
        path = (*path, next(name for name in needed if name not in given))
        if "then" in error.absolute_schema_path:  # another property demands it
            kind = ViolationKind.COMBINATION
    if error.validator in ("anyOf", "oneOf", None):
        constraint = "These properties do not go together"  # jsonschema's message has all of their values
    elif kind is ViolationKind.VALUE:
        constraint = f"{error.validator}: {error.validator_value}"
    is_shown = (
        kind is ViolationKind.VALUE and isinstance(error.instance, str | int | float) and not _is_secret(path)
    )
    shown = error.instance if is_shown else None
    return Violation(kind=kind, path=path, value=shown, constraint=constraint, source=source)


def _is_secret(path: Path) -> bool:
    return any(word in str(path[-1:]) for word in ("Password", "Secret", "Token"))


def _properties(
    members: Mapping[str, Any], schema: Schema, root: Schema, names: Mapping[str, str | None]
) -> dict[str, Any]:
    """The members as the schema's properties have them; what it has no property for is left out."""
    known = {name.lower(): name for name in schema.get("properties", {})}
    properties = {}
    for member, value in members.items():
        name = names[member] if member in names else known.get(member.lower())
        if name is not None and value is not None:
            properties[name] = _converted(value, _resolved(schema["properties"][name], root), root)
    return properties


def _converted(value: Any, schema: Schema, root: Schema) -> Any:
    types = schema.get("type", ())
    types = (types,) if isinstance(types, str) else types
    match value:
        case dict() if "properties" in schema:
            return _properties(value, schema, root, {})
        case list() if "items" in schema:
            items = _resolved(schema["items"], root)
            converted = [_converted(item, items, root) for item in value]
            # They may differ by what the schema has no property for, as KMS's tags do.
            return (
                converted
                if _repeats(value)
                else [item for n, item in enumerate(converted) if item not in converted[:n]]
            )
        case bool():
            return str(value).lower() if types == ("string",) else value
        case int() | float() if types == ("string",):
            return str(value)
        case str() if "object" in types and value.startswith("{"):
            return _from_json(value)
        case str() if "integer" in types and regex.fullmatch(r"-?\d+", value):
            return int(value)
    return value


def _repeats(values: list[Any]) -> bool:
    return any(value in values[:n] for n, value in enumerate(values))


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def data() -> pathlib.Path:
    """Where cfn-lint keeps its schemas."""
    package = importlib.util.find_spec("cfnlint")
    assert package is not None
    assert package.origin is not None
    return pathlib.Path(package.origin).parent / "data" / "schemas"


def _load(path: str) -> Any:
    return json.loads((data() / f"{path}.json").read_text())


@cache
def _files() -> dict[str, str]:
    files: dict[str, str] = _load("providers/us-east-1")
    return files


@cache
def resource_schema(type: str) -> Schema:
    """CloudFormation's schema of a resource type."""
    schema: Schema = _load(f"resources/{_files()[type]}")
    return schema


@cache
def _validator(type: str) -> Any:
    return _Validator(resource_schema(type))


@cache
def _additions(type: str, region: str) -> list[Any]:
    return [_addition(file, place, region) for file, place in _ADDITIONS.get(type, {}).items()]


def validator_of(file: str, *, beside: str) -> Any:
    """The validator of one of cfn-lint's files, whose references to another file are put in."""
    other = _load(beside)
    text = json.dumps(_load(file)).replace(f'"{other["$id"]}#/', '"#/beside/')
    schema = {**json.loads(text), "beside": json.loads(json.dumps(other).replace('"#/', '"#/beside/'))}
    for part in (schema, schema["beside"]):
        del part["$id"]
    return _Validator(schema)


def extension(file: str, region: str) -> Schema:
    """What cfn-lint knows of a type besides its schema; of some, in a region."""
    schema: Schema = _load(f"extensions/{file}")
    if "us-east-1" in schema:  # one for each region
        schema = dict(schema.get(region) or schema["us-east-1"])
    return schema


def _addition(file: str, place: str, region: str) -> Any:
    schema = extension(file, region)
    for name in reversed(place.split(".") if place else ()):
        schema = {"properties": {name: schema}}
    return _Validator(schema)


def _pattern(_: Any, pattern: str, instance: Any, _schema: Schema) -> Iterator[ValidationError]:
    # AWS writes them for Java and JavaScript, which know more than Python's `re`.
    if isinstance(instance, str) and not regex.search(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _enum(_: Any, values: list[Any], instance: Any, _schema: Schema) -> Iterator[ValidationError]:
    # Some are written as numbers, some as text.
    if isinstance(instance, str | int | float) and str(instance) not in {str(value) for value in values}:
        yield ValidationError(f"{instance!r} is not one of {values!r}")


def _enum_in_any_case(_: Any, values: list[str], instance: Any, _schema: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, str) and instance.lower() not in {value.lower() for value in values}:
        yield ValidationError(f"{instance!r} is not one of {values!r}")


def _required_xor(_: Any, names: list[str], instance: Any, _schema: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, dict) and len(present := set(names) & instance.keys()) != 1:
        given = f", and these are given: {', '.join(sorted(present))}" if present else ""
        yield ValidationError(f"Exactly one of {', '.join(names)} is needed{given}")


def _required_or(_: Any, names: list[str], instance: Any, _schema: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, dict) and not set(names) & instance.keys():
        yield ValidationError(f"One of {', '.join(names)} is needed")


def _dependent_required(
    _: Any, needs: dict[str, list[str]], instance: Any, _schema: Schema
) -> Iterator[ValidationError]:
    for name, needed in needs.items() if isinstance(instance, dict) else ():
        if name in instance and (missing := set(needed) - instance.keys()):
            yield ValidationError(f"{name} needs {', '.join(sorted(missing))}")


def _dependent_excluded(
    _: Any, excludes: dict[str, list[str]], instance: Any, _schema: Schema
) -> Iterator[ValidationError]:
    for name, excluded in excludes.items() if isinstance(instance, dict) else ():
        if name in instance and (present := set(excluded) & instance.keys()):
            yield ValidationError(f"{name} excludes {', '.join(sorted(present))}")


_Validator: Any = extend(  # type: ignore[no-untyped-call] # its stub has no types
    Draft202012Validator,
    {
        "pattern": _pattern,
        "enum": _enum,
        "requiredXor": _required_xor,
        "requiredOr": _required_or,
        "dependentRequired": _dependent_required,
        "dependentExcluded": _dependent_excluded,
        "enumCaseInsensitive": _enum_in_any_case,
    },
)
