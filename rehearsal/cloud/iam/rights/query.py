"""JMESPath over the members of a call."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jmespath  # type: ignore[import-untyped]  # it publishes no types


def search(expression: str, members: Mapping[str, Any]) -> list[Any]:
    """What an expression finds, one or several; nothing that is empty."""
    result = _compiled(expression).search(members)
    return [value for value in (result if isinstance(result, list) else [result]) if value]


@cache
def _compiled(expression: str) -> Any:
    return jmespath.compile(expression)
