"""A call that AWS refuses, with AWS's error code."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """One wrong call; members may name what stands in the cloud already, such as `{vpc}`."""

    what: str
    service: str
    operation: str
    members: dict[str, Any]
    code: str

    def filled(self, world: dict[str, str]) -> dict[str, Any]:
        """The members, with what stands in the cloud put in."""
        filled: dict[str, Any] = _fill(self.members, world)
        return filled


def _fill(value: Any, world: dict[str, str]) -> Any:
    match value:
        case str():
            for name, known in world.items():
                value = value.replace(f"{{{name}}}", known)
        case dict():
            return {key: _fill(each, world) for key, each in value.items()}
        case list():
            return [_fill(each, world) for each in value]
    return value
