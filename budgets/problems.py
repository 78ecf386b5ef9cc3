"""What is wrong with a setting, in words a user can act on."""

from dataclasses import dataclass

from budgets.credentials import hidden

NAMESPACE = "evenkeel"
"""The project's name, which Pulumi puts before each configuration key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One refused setting: its dotted name, its value, why it is refused, and what would be accepted."""

    setting: str
    value: object
    reason: str
    remedy: str
    accepted: object = None
    """A value of the setting that is not refused for this reason; None where only its user knows one."""

    def __str__(self) -> str:
        value = shown(hidden(self.setting, self.value))
        return f"{NAMESPACE}:{self.setting} is {value}: {self.reason}. {self.remedy}."


class DoesNotFit(ValueError):
    """Settings whose numbers can't hold together; with `accepted` the `setting` would be."""

    def __init__(
        self, *, setting: str, value: object, reason: str, accepted: object, remedy: str | None = None
    ) -> None:
        self.problem = Problem(
            setting=setting,
            value=value,
            reason=reason,
            remedy=remedy or f"Set it to {accepted}",
            accepted=accepted,
        )
        super().__init__(str(self.problem))


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
