"""A request to the app, as the stack's output `checks` has it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

FORM = "application/x-www-form-urlencoded"
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class AppRequest:
    """`{email}`, `{password}` and what earlier answers gave stand for their values: docs/settings.md."""

    path: str
    method: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """Sent as JSON; a text as it is, and in a form its values are encoded."""
    reads: Mapping[str, str] = field(default_factory=dict)
    """What later requests take from the answer, each by its path in JSON, such as `user.token`."""

    def filled(self, values: Mapping[str, str]) -> dict[str, Any]:
        """With the values, as arguments of `requests`; KeyError for one that nothing gave."""
        try:
            return self._filled(values)
        except KeyError as error:
            raise KeyError(
                f"{self.path} takes {{{error.args[0]}}}, and no answer gave one: see evenkeel:smoke"
            ) from None

    def _filled(self, values: Mapping[str, str]) -> dict[str, Any]:
        headers = {name: _filled(text, values) for name, text in self.headers.items()}
        body = None
        if isinstance(self.body, str):
            is_form = FORM in {name.lower(): value for name, value in headers.items()}.get("content-type", "")
            encoded = {name: quote_plus(value) for name, value in values.items()} if is_form else values
            body = _filled(self.body, encoded).encode()
        elif self.body is not None:
            headers.setdefault("Content-Type", "application/json")
            body = json.dumps(_filled(self.body, values)).encode()
        return {"method": self.method, "path": _filled(self.path, values), "headers": headers, "data": body}

    def read(self, answer: str) -> dict[str, str]:
        """What the answer has of what is read; without what it lacks."""
        try:
            found = {name: _at(json.loads(answer), path) for name, path in self.reads.items()}
        except ValueError:
            return {}
        return {name: value for name, value in found.items() if isinstance(value, str)}


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    match template:
        case str():
            return _NAME.sub(lambda name: values[name[1]], template)
        case dict():
            return {key: _filled(value, values) for key, value in template.items()}
        case list():
            return [_filled(value, values) for value in template]
    return template


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
