"""What botocore's service models demand: members, types, lengths, ranges, patterns and enumerations.

botocore itself checks only types, required members, and minimal lengths, and only on the client's side.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import regex
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.violation import Path, Violation, ViolationKind

_ASTRAL = r"\uD800\uDC00-\uDBFF\uDFFF"  # how Java, for which the patterns are written, spells the range below
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "structure": (dict,),
    "map": (dict,),
    "list": (list, tuple),
}
_NOT_BLANK = ("rds", "elasticache")
"""Their required texts may not be empty, which the models do not say. Seen on AWS:
https://github.com/cloudposse/terraform-aws-elasticache-redis/issues/89
"""
_NOUNS = {"string": "a string", "integer": "an integer", "long": "an integer", "boolean": "a boolean"}


def violations(call: JudgedCall) -> Iterator[Violation]:
    """Everything in which the call does not keep to the model."""
    if call.shape is not None:
        yield from _of(call.shape, call.members, (), call.service)


def _of(shape: Shape, value: Any, path: Path, service: str) -> Iterator[Violation]:
    if not _has_type(shape, value):
        noun = _NOUNS.get(shape.type_name, f"a {shape.type_name}")
        yield _violation(shape, path, value, f"Member must be {noun}", service, kind=ViolationKind.TYPE)
        return
    match shape:
        case StructureShape():
            yield from _of_structure(shape, value, path, service)
        case ListShape():
            for index, member in enumerate(value):
                yield from _of(shape.member, member, (*path, index), service)
        case MapShape():
            for key, member in value.items():
                yield from _of(shape.key, key, (*path, key), service)
                yield from _of(shape.value, member, (*path, key), service)
    for constraint in _broken(shape, value):
        yield _violation(shape, path, value, constraint, service)


def _of_structure(
    shape: StructureShape, value: dict[str, Any], path: Path, service: str
) -> Iterator[Violation]:
    if getattr(shape, "is_document_type", False) or getattr(shape, "is_eventstream", False):
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield _violation(
                shape, (*path, name), None, "Member must not be null", service, kind=ViolationKind.MISSING
            )
        elif service in _NOT_BLANK and value[name] == "":
            yield _violation(shape, (*path, name), "", "It must be provided and must not be blank", service)
    for name, member in value.items():
        if name in shape.members and member is not None:
            yield from _of(shape.members[name], member, (*path, name), service)


def _has_type(shape: Shape, value: Any) -> bool:
    wanted = _TYPES.get(shape.type_name)
    if wanted is None:
        return True  # a time or bytes, in one of many forms
    return isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    limits: Mapping[str, Any] = shape.metadata
    size: float | None
    if shape.type_name in ("string", "list", "map", "blob"):
        what, size = "length", (len(value) if hasattr(value, "__len__") else None)
    else:
        what, size = "value", (value if type(value) in (int, float) else None)
    if size is not None and "min" in limits and size < limits["min"]:
        yield f"Member must have {what} greater than or equal to {limits['min']}"
    if size is not None and "max" in limits and size > limits["max"]:
        yield f"Member must have {what} less than or equal to {limits['max']}"
    if not isinstance(shape, StringShape):
        return
    if "pattern" in limits and not _pattern(limits["pattern"]).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {limits['pattern']}"
    if shape.enum and value not in shape.enum:
        yield f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"


@cache
def _pattern(text: str) -> Any:
    return regex.compile(text.replace(_ASTRAL, r"\U00010000-\U0010FFFF"))


def _violation(
    shape: Shape,
    path: Path,
    value: Any,
    constraint: str,
    service: str,
    *,
    kind: ViolationKind = ViolationKind.VALUE,
) -> Violation:
    shown = None if shape.metadata.get("sensitive") else value
    source = f"botocore's model: {service}, {shape.name}"
    return Violation(kind=kind, path=path, value=shown, constraint=constraint, source=source)
