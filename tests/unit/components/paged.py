"""Lists that come in pages, of a client that a test makes."""

from collections.abc import Callable, Iterator
from typing import Any


class Paged:
    """What a client's operations answer, page by page, as boto3's paginators read it."""

    def get_paginator(self, operation: str) -> "Pages":
        """Of one of the class' methods."""
        return Pages(getattr(self, operation))


class Pages:
    """Asks on with each `NextToken`, until an answer has none."""

    def __init__(self, call: Callable[..., dict[str, Any]]) -> None:
        self._call = call

    def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            page = self._call(**arguments, **token)
            yield page
            if "NextToken" not in page:
                return
            token = {"NextToken": page["NextToken"]}
