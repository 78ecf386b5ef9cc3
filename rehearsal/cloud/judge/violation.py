"""What is wrong with a call."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

Path = tuple[str | int, ...]


class ViolationKind(Enum):
    """Which of a service's error codes fits."""

    MISSING = auto()
    TYPE = auto()
    """Text where a number belongs, and the like."""
    VALUE = auto()
    COMBINATION = auto()
    """Members that are right each by itself."""
    POLICY = auto()
    """The grammar of a policy document."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """A constraint of AWS that a call does not keep."""

    kind: ViolationKind
    path: Path
    """Of the member, such as `("Listeners", 0, "Port")`."""
    constraint: str
    """What has to hold, such as `Member must have length less than or equal to 255`."""
    value: Any = None
    """What the call has there; None for a secret."""
    code: str | None = None
    """AWS's, where the service's usual code for the kind is not it."""
    is_whole_message: bool = False
    """Whether `constraint` is the whole of AWS's message, and not what it says of a member."""
    source: str
    """Who says so: a model, a schema, or the page of AWS's documentation."""
