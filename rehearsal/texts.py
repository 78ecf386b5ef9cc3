"""The texts in what a call of the AWS API takes or answers."""

from collections.abc import Iterator, Mapping
from typing import Any


def texts(value: Any) -> Iterator[str]:
    """Every text in it, at any depth; keys of mappings are none."""
    match value:
        case str():
            yield value
        case Mapping():
            for member in value.values():
                yield from texts(member)
        case list() | tuple():
            for member in value:
                yield from texts(member)
