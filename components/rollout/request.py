"""A request to the app, as a stack's settings write it down."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from urllib.parse import quote_plus

from pydantic import Discriminator, Tag

from components.values import Section, Text, UrlPath

FORM = "application/x-www-form-urlencoded"
_NAME = re.compile(r"\{(\w+)\}")


class UnknownNameError(KeyError):
    """A request has a placeholder for which nothing is known yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FilledRequest:
    """What is sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestTemplate:
    """A request in which `{email}`, `{password}` and what earlier answers gave stand for their values."""

    path: UrlPath
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    """One of GET, POST, PUT, PATCH and DELETE."""
    headers: dict[Text, Text] = field(default_factory=dict)
    """Such as {Authorization: "Bearer {token}"}."""
    body: Any = None
    """Sent as JSON. A text is sent as it is, with the Content-Type that `headers` name; in a form
    (application/x-www-form-urlencoded) the values are encoded."""
    reads: dict[Text, Text] = field(default_factory=dict)
    """What later requests take from the answer, each by its path in JSON, such as {token: user.token}."""

    def filled(self, values: Mapping[str, str]) -> FilledRequest:
        """The request with its values; raises `UnknownNameError`."""
        headers = {name: _filled(text, values) for name, text in self.headers.items()}
        body = None
        if isinstance(self.body, str):
            is_form = FORM in {name.lower(): value for name, value in headers.items()}.get("content-type", "")
            encoded = {name: quote_plus(value) for name, value in values.items()} if is_form else values
            body = str(_filled(self.body, encoded)).encode()
        elif self.body is not None:
            headers.setdefault("Content-Type", "application/json")
            body = json.dumps(_filled(self.body, values)).encode()
        return FilledRequest(
            method=self.method, path=str(_filled(self.path, values)), headers=headers, body=body
        )

    def read(self, answer: str) -> dict[str, str]:
        """What the answer has of what is read; without what it lacks."""
        try:
            found = {name: _at(json.loads(answer), path) for name, path in self.reads.items()}
        except ValueError:
            return {}
        return {name: value for name, value in found.items() if isinstance(value, str)}


Request = Annotated[
    Annotated[UrlPath, Tag("path")] | Annotated[Section[RequestTemplate], Tag("request")],
    Discriminator(lambda given: "path" if isinstance(given, str) else "request"),
]
"""In settings: a path, or the request as a whole."""


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    match template:
        case str():
            try:
                return _NAME.sub(lambda name: values[name[1]], template)
            except KeyError as error:
                raise UnknownNameError(error.args[0]) from None
        case dict():
            return {key: _filled(value, values) for key, value in template.items()}
        case list():
            return [_filled(value, values) for value in template]
    return template


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
