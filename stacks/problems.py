"""What is wrong with a setting, in words a user can act on."""

from dataclasses import dataclass

NAMESPACE = "evenkeel"
"""The project's name, which Pulumi puts before each configuration key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One refused setting: its dotted name, its value, why it is refused, and what would be accepted."""

    setting: str
    value: object
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{NAMESPACE}:{self.setting} is {shown(self.value)}: {self.reason}. {self.remedy}."


def shown(value: object) -> str:
    """A value as a stack file would hold it."""
    match value:
        case None:
            return "not set"
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case _:
            return str(value)
