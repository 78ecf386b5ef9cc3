"""What IAM's policy documents say of a call: identity policies, judged as AWS documents it. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

moto's own engine (moto.iam.access_control) refuses a call when the condition of another Allow does not hold,
and takes the dots of an ARN for any character; so its documents are judged here.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

_Operator = Callable[[str, str], bool]


def allows(documents: Iterable[str], action: str, resource: str | None, context: Mapping[str, str]) -> bool:
    """Whether some statement allows the action on the resource, and none denies it.

    `resource` None is one that is not known: any that an Allow names is taken for it, of Deny only `*`. In
    the same way a condition whose operator or key is not known holds in an Allow, and does not in a Deny.
    """
    concerned = _concerned(tuple(documents), action)
    if any(
        _applies(statement, resource, context) for statement in concerned if statement["Effect"] == "Deny"
    ):
        return False
    return any(
        _applies(statement, resource, context) for statement in concerned if statement["Effect"] == "Allow"
    )


@lru_cache(maxsize=4096)
def _concerned(documents: tuple[str, ...], action: str) -> list[dict[str, Any]]:
    """The statements about an action."""
    statements = [statement for document in documents for statement in _statements(document)]
    return [statement for statement in statements if _names(statement, "Action", action, re.IGNORECASE)]


@lru_cache(maxsize=256)
def _statements(document: str) -> list[dict[str, Any]]:
    return _listed(json.loads(document)["Statement"])


def _names(statement: dict[str, Any], element: str, value: str, flags: int = 0) -> bool:
    """Whether an Action or Resource has the value, or a NotAction or NotResource leaves it."""
    if element in statement:
        return any(_like(pattern, value, flags) for pattern in _listed(statement[element]))
    excepted = _listed(statement.get(f"Not{element}", []))
    return bool(excepted) and not any(_like(pattern, value, flags) for pattern in excepted)


def _applies(statement: dict[str, Any], resource: str | None, context: Mapping[str, str]) -> bool:
    allow = statement["Effect"] == "Allow"
    if resource is None:
        if not allow and _listed(statement.get("Resource", [])) != ["*"]:
            return False
    elif not _names(statement, "Resource", resource):
        return False
    return all(
        _holds(operator, key, _listed(values), context, unknown=allow)
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _holds(operator: str, key: str, values: list[Any], context: Mapping[str, str], *, unknown: bool) -> bool:
    name = operator.removesuffix("IfExists")
    actual = context.get(key.lower())
    if name not in _OPERATORS or actual is None:
        return unknown
    matches = [_OPERATORS[name](str(value), actual) for value in values]
    return all(matches) if "Not" in name else any(matches)


def _like(pattern: str, value: str, flags: int = 0) -> bool:
    return _pattern(pattern, flags).fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _pattern(wildcards: str, flags: int) -> re.Pattern[str]:
    expression = re.escape(wildcards).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(expression, flags | re.DOTALL)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_OPERATORS: Mapping[str, _Operator] = {
    "StringEquals": lambda wanted, actual: wanted == actual,
    "StringNotEquals": lambda wanted, actual: wanted != actual,
    "StringLike": _like,
    "StringNotLike": lambda wanted, actual: not _like(wanted, actual),
    "ArnEquals": _like,
    "ArnLike": _like,
    "ArnNotEquals": lambda wanted, actual: not _like(wanted, actual),
    "ArnNotLike": lambda wanted, actual: not _like(wanted, actual),
    "Bool": lambda wanted, actual: wanted.lower() == actual.lower(),
}
