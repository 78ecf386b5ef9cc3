"""JMESPath over the members of a call."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jmespath  # type: ignore[import-untyped]  # it publishes no types


def search(expression: str, members: Mapping[str, Any]) -> list[Any]:
    """What an expression finds, one or several; nothing that is empty."""
    found = _compiled(expression).search(members)
    return [one for one in (found if isinstance(found, list) else [found]) if one]


@cache
def _compiled(expression: str) -> Any:
    return jmespath.compile(expression)
