"""Inputs to the arguments of an API call, by botocore's model of the operation.

Pulumi writes `kmsKeyId` where an API says `KMSKeyId` or `kmsKeyId`, `subnetIds` for `SubnetIds`, a mapping
for a list of tags, an object for a list of one, and JSON where ECS takes a structure. All that follows from
the model; a table of names has only what doesn't.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jmespath  # type: ignore[import-untyped]  # it publishes no types
from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]  # it publishes no types

from rehearsal.offline.provider.call import ApiCall
from rehearsal.offline.provider.errors import UnsupportedInput
from rehearsal.offline.provider.values import UNKNOWN, Properties, asset_bytes, is_asset

ROOT = re.compile(r"(?<![.'\w])[A-Za-z]\w*")
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def member(members: Iterable[str], name: str) -> str | None:
    """The member that is called like an input, in whatever case and number."""
    folded = {each.lower(): each for each in members}
    low = name.lower()
    singular = low.removesuffix("s")
    for candidate in (low, singular, f"{low}s", low.removesuffix("ies") + "y"):
        if candidate in folded:
            return folded[candidate]
    return None


def arguments(
    shape: Any, call: ApiCall, names: Mapping[str, str], inputs: Properties, scope: Properties
) -> dict[str, Any]:
    """The call's arguments: `inputs` where its model has them, then its `params`, filled from `scope`."""
    filled: dict[str, Any] = {}
    for name, value in inputs.items():
        place = _place(shape, call, names, name)
        if place is not None:
            _put(filled, place, to_api(value, _shape_at(shape, place), names, name))
    for key, template in call.params.items():
        value = fill(template, scope)
        if value is not None:
            _put(filled, (key,), to_api(value, shape.members[key], {}, key))
    return filled


def takes(shape: Any, call: ApiCall, names: Mapping[str, str], name: str) -> bool:
    """Whether a call takes an input."""
    return name in mentioned(call) or _place(shape, call, names, name) is not None


def mentioned(call: ApiCall) -> frozenset[str]:
    """The inputs in the call's placeholders, as far as words tell: those that it takes by expression."""
    return frozenset(word for text in _placeholders(call.params) for word in ROOT.findall(text))


def unmentioned(call: ApiCall, name: str, value: Any) -> str | None:
    """The part of an input that no placeholder takes, where the call takes it by parts."""
    if not isinstance(value, dict) or any(re.fullmatch(name, text) for text in _placeholders(call.params)):
        return None
    parts = {f"{name}.{key}" for key in value}
    return min(parts - set(_placeholders(call.params)), default=None)


def _placeholders(template: Any) -> Iterator[str]:
    match template:
        case str():
            yield from PLACEHOLDER.findall(template)
        case Mapping():
            for value in template.values():
                yield from _placeholders(value)
        case list():
            for value in template:
                yield from _placeholders(value)


def fill(template: Any, scope: Properties) -> Any:
    """A template with its placeholders replaced; None where none of them has a value."""
    match template:
        case str():
            return _fill_text(template, scope)
        case Mapping():
            parts = {key: fill(value, scope) for key, value in template.items()}
            return {k: v for k, v in parts.items() if v is not None} if _stands(template, scope) else None
        case list():
            parts_list = [fill(value, scope) for value in template]
            return [v for v in parts_list if v is not None] if _stands(template, scope) else None
    return template


def _stands(template: Any, scope: Properties) -> bool:
    """Whether it stays: a mapping with its first placeholder, a list with any."""
    expressions = list(_placeholders(template))
    if isinstance(template, Mapping):
        expressions = expressions[:1]
    return not expressions or any(_find(expression, scope) is not None for expression in expressions)


def _fill_text(template: str, scope: Properties) -> Any:
    whole = PLACEHOLDER.fullmatch(template)
    if whole:
        return _find(whole[1], scope)
    values = {text: _find(text, scope) for text in PLACEHOLDER.findall(template)}
    if any(value is UNKNOWN for value in values.values()):
        return UNKNOWN
    return None if None in values.values() else PLACEHOLDER.sub(lambda match: str(values[match[1]]), template)


def _find(expression: str, scope: Properties) -> Any:
    return scope[expression] if expression in scope else search(expression, scope)


def search(expression: str, data: Any) -> Any:
    """JMESPath; a function of what isn't there finds nothing."""
    try:
        return jmespath.search(expression, data)
    except JMESPathError:
        return None


def _place(shape: Any, call: ApiCall, names: Mapping[str, str], name: str) -> tuple[str, ...] | None:
    """Where in the arguments an input goes."""
    if (call.inputs is not None and name not in call.inputs.split()) or name in mentioned(call):
        return None
    if shape is None:
        return None
    if name in names:
        place = tuple(names[name].split("."))
        for candidate in (place, (call.inside, *place)):
            if _shape_at(shape, candidate) is not None:
                return candidate
        return None
    direct = member(shape.members, name)
    if direct is not None and direct not in call.params:
        return (direct,)
    if not call.inside:
        return None
    within = member(shape.members[call.inside].members, name)
    return None if within is None else (call.inside, within)


def _shape_at(shape: Any, place: tuple[str, ...]) -> Any:
    for key in place:
        match shape.type_name if shape is not None else None:
            case "structure":
                shape = shape.members.get(key)
            case "map":
                shape = shape.value
            case _:
                return None
    return shape


def _put(filled: dict[str, Any], place: tuple[str, ...], value: Any) -> None:
    for key in place[:-1]:
        filled = filled.setdefault(key, {})
    if isinstance(value, dict) and isinstance(filled.get(place[-1]), dict):
        filled[place[-1]] |= value
    else:
        filled[place[-1]] = value


def to_api(value: Any, shape: Any, names: Mapping[str, str], path: str) -> Any:
    """A value in the form its shape has. Raises `UnsupportedInput` for a part the shape doesn't have."""
    if value is UNKNOWN:
        return value
    match shape.type_name:
        case "structure":
            return _to_structure(value, shape, names, path)
        case "list":
            return _to_list(value, shape, names, path)
        case "map":
            entries = json.loads(value) if isinstance(value, str) else value
            return {key: to_api(entry, shape.value, names, f"{path}.{key}") for key, entry in entries.items()}
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "boolean":
            return value if isinstance(value, bool) else value == "true"
        case "blob":
            return asset_bytes(value) if is_asset(value) else value
        case "string" if isinstance(value, bool):
            return str(value).lower()
        case "string" if isinstance(value, dict | list):
            raise UnsupportedInput(path)
        case "string":
            return str(value)
    return value


def _to_structure(value: Any, shape: Any, names: Mapping[str, str], path: str) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        (only,) = shape.members or (None,)
        if only != "Value":
            raise UnsupportedInput(path)
        return {only: to_api(value, shape.members[only], names, path)}
    structure: dict[str, Any] = {}
    for key, member_value in value.items():
        inner = f"{path}.{key}"
        place = tuple(names[inner].split(".")) if inner in names else (member(shape.members, key) or "",)
        target = _shape_at(shape, place)
        if target is None:
            raise UnsupportedInput(inner)
        _put(structure, place, to_api(member_value, target, names, inner))
    return structure


def _to_list(value: Any, shape: Any, names: Mapping[str, str], path: str) -> list[Any]:
    pair = pair_names(shape.member.members) if shape.member.type_name == "structure" else None
    if isinstance(value, str) and shape.member.type_name == "structure":
        value = json.loads(value)
    if isinstance(value, dict):
        if pair is not None:
            key_name, value_name = pair
            return [{key_name: key, value_name: _text(each)} for key, each in value.items()]
        value = [value]
    return [to_api(each, shape.member, names, path) for each in value]


def _text(value: Any) -> Any:
    return value if value is UNKNOWN else str(value)


def pair_names(members: Iterable[str]) -> tuple[str, str] | None:
    """`Key` and `Value`, however a service spells them, when a structure is a tag or a dimension."""
    ordered = sorted(members)
    match [name.lower() for name in ordered]:
        case ["key", "value"] | ["tagkey", "tagvalue"] | ["name", "value"]:
            return ordered[0], ordered[1]
    return None
