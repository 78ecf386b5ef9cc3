"""Which inputs differ, and whether AWS can change them in place."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rehearsal.offline.provider.values import SIGNATURE, Properties, is_asset

DEFAULTS = "__defaults"
"""Pulumi's own list, in a resource's inputs, of those that the provider filled in."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed part of the inputs."""

    path: str
    kind: Literal["ADD", "DELETE", "UPDATE"]

    @property
    def input(self) -> str:
        """The input it is a part of."""
        return self.path.partition(".")[0].partition("[")[0]


def differences(old: Properties, new: Properties) -> list[Difference]:
    """The changed parts of a resource's inputs; values that mean the same don't differ."""
    return list(_object(_own(old), _own(new), ""))


def changed_inputs(old: Properties, new: Properties) -> frozenset[str]:
    """The names of the inputs that differ."""
    return frozenset(difference.input for difference in differences(old, new))


def _own(inputs: Properties) -> Properties:
    return {key: value for key, value in inputs.items() if key != DEFAULTS}


def _object(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Difference]:
    for key in sorted(old.keys() | new.keys()):
        # The engine's notation for a key that is no plain word.
        step = key if key.replace("_", "a").isalnum() else f'["{key}"]'
        inner = path + step if not path or step.startswith("[") else f"{path}.{step}"
        if key not in new:
            yield Difference(inner, "DELETE")
        elif key not in old:
            yield Difference(inner, "ADD")
        else:
            yield from _value(old[key], new[key], inner)


def _value(old: Any, new: Any, path: str) -> Iterator[Difference]:
    if is_asset(old) and is_asset(new):
        if old.get("hash") != new.get("hash"):
            yield Difference(path, "UPDATE")
    elif isinstance(old, dict) and isinstance(new, dict) and SIGNATURE not in (old | new):
        yield from _object(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        for at in range(max(len(old), len(new))):
            inner = f"{path}[{at}]"
            if at >= len(new):
                yield Difference(inner, "DELETE")
            elif at >= len(old):
                yield Difference(inner, "ADD")
            else:
                yield from _value(old[at], new[at], inner)
    elif _parsed(old) != _parsed(new):
        yield Difference(path, "UPDATE")


def _parsed(value: Any) -> Any:
    """JSON in whatever layout is the same value."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
