"""What the API says, in the words of the program.

An input whose value means the same as the API's stays as the program wrote it, so that formatting, order
and defaults are no drift; any other shows as it is. Only the parts that the program set are looked at.
"""

import json
from collections.abc import Mapping
from typing import Any

from rehearsal.offline.provider.mapping import member, pair_names, search
from rehearsal.offline.provider.resource import Resource
from rehearsal.offline.provider.values import is_asset

NOT_SHOWN = object()
"""The API says nothing about it."""


def found(entry: Resource, raw: Mapping[str, Any], name: str) -> Any:
    """A property's value in what reading returned."""
    if name in entry.state:
        value = search(entry.state[name], raw)
        return NOT_SHOWN if value is None else value
    return _member_value(raw, entry.names, name, name)


def observe(wanted: Any, seen: Any, names: Mapping[str, str], path: str) -> Any:
    """`wanted` if the API agrees, else what it has instead, in the same form."""
    if seen is NOT_SHOWN or seen is None or is_asset(wanted):
        return wanted
    if wanted is None:
        return as_output(seen)
    match wanted, seen:
        case str(), dict() | list():
            return _observe_json(wanted, seen, names, path)
        case dict(), list():
            tags = as_mapping(seen)
            if tags is not None:
                return wanted if _texts(tags) == _texts(wanted) else tags
            return observe(wanted, seen[0], names, path) if len(seen) == 1 else [as_output(e) for e in seen]
        case dict(), dict():
            return {key: _observe_member(key, wanted[key], seen, names, path) for key in wanted}
        case list(), list():
            return _observe_list(wanted, seen, names, path)
        case [only], _:
            return [observe(only, seen, names, path)]
    return wanted if same(wanted, seen) else _like(wanted, as_output(seen))


def _like(wanted: Any, seen: Any) -> Any:
    """Some APIs have text for everything."""
    if isinstance(seen, str) and isinstance(wanted, bool):
        return seen == "true"
    if isinstance(seen, str) and isinstance(wanted, int) and seen.isdigit():
        return int(seen)
    return seen


def same(left: Any, right: Any) -> bool:
    """Whether two values mean the same: 1 and "1", JSON in any layout, one and a list of one."""
    return bool(_canonical(left) == _canonical(right))


def as_output(value: Any) -> Any:
    """An API value as Pulumi shows it: camelCase, and a mapping for tags."""
    match value:
        case list():
            pairs = as_mapping(value) if value else None
            return [as_output(member) for member in value] if pairs is None else pairs
        case dict():
            return {camel(key): as_output(member) for key, member in value.items()}
        case bool() | int() | float() | str() | None:
            return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def as_mapping(pairs: list[Any]) -> dict[str, str] | None:
    """A list of tags as a mapping, without AWS's own; None if it's another list."""
    read: dict[str, str] = {}
    for pair in pairs:
        names = pair_names(pair) if isinstance(pair, dict) else None
        if names is None:
            return None
        read[pair[names[0]]] = pair[names[1]]
    return {key: value for key, value in read.items() if not key.startswith("aws:")}


def camel(name: str) -> str:
    """`VpcId` to `vpcId`, `KMSKeyId` to `kmsKeyId`, `ARN` to `arn`."""
    capitals = len(name) - len(name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    if capitals == len(name):
        return name.lower()
    head = max(capitals - 1, 1) if capitals else 0
    return name[:head].lower() + name[head:]


def _member_value(seen: Mapping[str, Any], names: Mapping[str, str], path: str, name: str) -> Any:
    if path in names:
        value: Any = seen
        for key in names[path].split("."):
            value = value.get(key, NOT_SHOWN) if isinstance(value, Mapping) else NOT_SHOWN
        return value
    called = member(seen, name)
    return NOT_SHOWN if called is None else seen[called]


def _observe_member(
    key: str, wanted: Any, seen: Mapping[str, Any], names: Mapping[str, str], path: str
) -> Any:
    inner = f"{path}.{key}"
    return observe(wanted, _member_value(seen, names, inner, key), names, inner)


def _observe_list(wanted: list[Any], seen: list[Any], names: Mapping[str, str], path: str) -> list[Any]:
    """In the program's order; what the API has besides comes last."""
    left = list(seen)
    missing = []
    for each in wanted:
        match = next((e for e in left if same(observe(each, e, names, path), each)), NOT_SHOWN)
        if match is NOT_SHOWN:
            missing.append(each)
        else:
            left.remove(match)
    if not missing and not left:
        return wanted
    observed = []
    for each in wanted:
        if each not in missing:
            observed.append(each)
            continue
        match = next((e for e in left if _same_name(each, e, names, path)), NOT_SHOWN)
        if match is not NOT_SHOWN:
            left.remove(match)
            observed.append(observe(each, match, names, path))
    return observed + [as_output(each) for each in left]


def _same_name(wanted: Any, seen: Any, names: Mapping[str, str], path: str) -> bool:
    """Whether two objects of a list are the same one, changed."""
    if not isinstance(wanted, dict) or not isinstance(seen, dict):
        return False
    called = next((key for key in ("name", "key", "id") if key in wanted), None)
    return called is not None and same(wanted[called], _observe_member(called, None, seen, names, path))


def _observe_json(wanted: str, seen: Any, names: Mapping[str, str], path: str) -> str:
    try:
        parsed = json.loads(wanted)
    except ValueError:
        return json.dumps(seen)
    observed = observe(parsed, seen, names, path)
    return wanted if same(observed, parsed) else json.dumps(observed)


def _texts(mapping: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in mapping.items()}


def _canonical(value: Any) -> Any:
    match value:
        case dict():
            return {key: _canonical(member) for key, member in value.items() if member not in (None, [], {})}
        case [only]:
            return _canonical(only)
        case list():
            return sorted((_canonical(member) for member in value), key=repr)
        case bool():
            return str(value).lower()
        case int() | float():
            return str(int(value)) if float(value).is_integer() else str(value)
        case str() if value[:1] in ("{", "["):
            try:
                return _canonical(json.loads(value))
            except ValueError:
                return value
    return value
