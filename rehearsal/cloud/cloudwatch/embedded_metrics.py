"""Metrics in a log event: CloudWatch's embedded metric format. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

_MARK = '"CloudWatchMetrics"'
"""Spares the parsing of all other lines."""
_MOST = {"dimensions of a set": 30, "metrics of a directive": 100, "values of a metric": 100}
_LONGEST = {"Namespace": 1024, "Name": 1024, "dimension's name": 250, "dimension's value": 1024}
"""Characters; none of them may be empty."""


class InvalidDocumentError(ValueError):
    """Says that it has metrics, and is not as the specification wants it: CloudWatch takes none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddedMetric:
    """One metric of one set of dimensions."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    unit: str | None
    time: float
    """Seconds since 1970."""
    values: Sequence[float]


def embedded_metrics(message: str) -> list[EmbeddedMetric]:
    """What CloudWatch Logs extracts from the message; nothing when it is not meant to hold metrics.

    Raises:
        InvalidDocumentError: it is meant to, and can't be read.
    """
    if _MARK not in message:
        return []
    try:
        root = json.loads(message, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise InvalidDocumentError(f"no JSON object: {error}") from error
    metadata = root.get("_aws") if isinstance(root, dict) else None
    if not isinstance(metadata, dict) or "CloudWatchMetrics" not in metadata:
        return []
    timestamp = metadata.get("Timestamp")
    if not isinstance(timestamp, int) or isinstance(timestamp, bool):
        raise InvalidDocumentError(f"Timestamp is {timestamp!r}, not whole milliseconds")
    return [
        EmbeddedMetric(
            namespace=_text(directive, "Namespace"),
            name=(name := _text(definition, "Name")),
            dimensions={key: _dimension(root, key) for key in keys},
            unit=definition.get("Unit"),
            time=timestamp / 1000,
            values=_values(root, name),
        )
        for directive in _list(metadata, "CloudWatchMetrics", dict)
        for keys in _dimension_sets(directive)
        for definition in _bounded(_list(directive, "Metrics", dict), "metrics of a directive")
    ]


def _dimension_sets(directive: Any) -> Sequence[Sequence[Any]]:
    sets = _list(directive, "Dimensions", list)
    if not sets:
        raise InvalidDocumentError("Dimensions is empty: [[]] is the set without a dimension")
    return [_bounded(keys, "dimensions of a set") for keys in sets]


def _dimension(root: Mapping[str, Any], key: Any) -> str:
    _short(key, "dimension's name")
    return _short(root.get(key), "dimension's value")


def _values(root: Mapping[str, Any], name: str) -> Sequence[float]:
    value = root.get(name)
    values = value if isinstance(value, list) else [value]
    if not all(map(_is_number, values)):
        raise InvalidDocumentError(f"{name} is {json.dumps(value)[:80]}, not a number or an array of numbers")
    return [float(number) for number in _bounded(values, "values of a metric")]


def _list(owner: Any, key: str, kind: type) -> list[Any]:
    value = owner.get(key)
    if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
        raise InvalidDocumentError(f"{key} is {json.dumps(value)[:80]}, not an array of what belongs there")
    return value


def _text(owner: Mapping[str, Any], key: str) -> str:
    return _short(owner.get(key), key)


def _short(value: Any, what: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST[what]:
        raise InvalidDocumentError(
            f"a {what} is {json.dumps(value)[:80]}, not a text of 1 to {_LONGEST[what]} characters"
        )
    return value


def _bounded(values: list[Any], what: str) -> list[Any]:
    if len(values) > _MOST[what]:
        raise InvalidDocumentError(f"{len(values)} {what}: the most is {_MOST[what]}")
    return values


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse_constant(constant: str) -> NoReturn:
    raise InvalidDocumentError(f"{constant} is no JSON number")
