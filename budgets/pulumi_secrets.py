"""Pulumi secrets among a stack's settings.

The engine tells a program which configuration keys hold a secret, but not where in them: `evenkeel:app` does
when `app.secrets.JWT_SECRET` is one. The stack's file shows that: a secret is `{secure: …}` in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, repr=False)
class PulumiSecret:
    """A value that was set with `--secret`. Shows itself as `[secret]`, wherever it is printed."""

    value: str

    def __repr__(self) -> str:
        return "[secret]"


def encrypted(node: Any) -> bool:
    """Whether a node of a stack's file is a secret."""
    return isinstance(node, dict) and node.keys() == {"secure"} and isinstance(node["secure"], str)


def from_file(node: Any) -> Any:
    """Settings as a stack's file has them, with a `PulumiSecret` of no meaning for each secret."""
    if encrypted(node):
        return PulumiSecret("encrypted")
    match node:
        case dict():
            return {name: from_file(value) for name, value in node.items()}
        case list():
            return [from_file(value) for value in node]
    return node


def told_apart(values: Any, file: Any) -> Any:
    """A decrypted section with a `PulumiSecret` for each value that the stack's file does not show.

    So one that comes from elsewhere, such as an environment of Pulumi ESC, counts as a secret. What was
    encrypted as a whole is one, since no part of it can be taken out.
    """
    if values is not None and encrypted(file):
        return PulumiSecret(str(values))
    match values:
        case dict():
            shown = file if isinstance(file, dict) else {}
            return {name: told_apart(value, shown.get(name)) for name, value in values.items()}
        case list():
            items = file if isinstance(file, list) and len(file) == len(values) else [None] * len(values)
            return [told_apart(value, item) for value, item in zip(values, items, strict=True)]
    # Of texts alone: the engine and PyYAML need not agree on what a number or a date is.
    another = isinstance(file, str) and isinstance(values, str) and file != values
    hides = values is not None and (file is None or another)
    return PulumiSecret(str(values)) if hides else values


def found(values: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """The path of each secret in the settings."""
    match values:
        case PulumiSecret():
            yield path
        case dict():
            for name, value in values.items():
                yield from found(value, *path, str(name))
        case list():
            for index, value in enumerate(values):
                yield from found(value, *path, str(index))
