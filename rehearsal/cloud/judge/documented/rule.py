"""One demand of AWS's documentation."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.violation import Path, Violation, ViolationKind

Members = dict[str, Any]
Check = Callable[[Any], str | None]
"""What is wrong with a value, which `{value}` stands for; None for nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueRule:
    """What a value of some operations has to be."""

    operations: str
    """As `ec2 CreateVpc CreateSubnet`."""
    member: str = ""
    """The value's place, such as `IpPermissions.*.IpRanges.*.CidrIp`; all members where it is empty."""
    check: Check
    page: str
    """Where AWS says so."""
    code: str | None = None
    """AWS's error code, where it is not the service's usual one for a wrong value."""
    secret: bool = False
    kind: ViolationKind = ViolationKind.VALUE

    def violations(self, call: JudgedCall) -> Iterator[Violation]:
        """Each value of the call that is not what it has to be."""
        for path, value in _at(call.members, tuple(self.member.split(".")) if self.member else ()):
            if wrong := self.check(value):
                yield Violation(
                    kind=self.kind,
                    path=path,
                    value=None if self.secret else value,
                    constraint=wrong if self.secret else wrong.replace("{value}", str(value)),
                    code=self.code,
                    is_whole_message=True,
                    source=self.page,
                )


def matches(pattern: str, says: str) -> Check:
    """A text has to match as a whole."""
    compiled = re.compile(pattern)
    return lambda value: None if compiled.fullmatch(str(value)) else says


def within(low: float, high: float) -> Check:
    """A number has to be between two, inclusive."""

    def wrong(value: Any) -> str | None:
        try:
            right = low <= float(value) <= high
        except ValueError:
            right = False
        return None if right else f"{{value}} is not valid: it must be {low} to {high}."

    return wrong


def one_of(*values: object) -> Check:
    """Only these values exist."""
    listed = ", ".join(map(str, values))
    return lambda value: None if value in values else f"{{value}} is not valid: it must be one of {listed}."


def holds(condition: Callable[[Any], bool], says: str) -> Check:
    """Whatever else has to hold."""
    return lambda value: None if condition(value) else says


def _at(value: Any, path: Collection[str], before: Path = ()) -> Iterator[tuple[Path, Any]]:
    if not path:
        yield before, value
        return
    first, *rest = path
    if first == "*":
        for index, item in enumerate(value if isinstance(value, list | tuple) else ()):
            yield from _at(item, rest, (*before, index))
    elif isinstance(value, dict) and value.get(first) is not None:
        yield from _at(value[first], rest, (*before, first))
