"""Members that an answer may lack: optional ones whose value says nothing. Pure."""

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

SAYING = {"Key", "Value", "key", "value", "Name", "name"}
"""Members of pairs, such as tags, in which an empty text is a value too."""


def leave_out(value: Any, shape: Shape | None) -> int:
    """Takes out of `value`, at any depth, what is empty and not required; how many."""
    match shape:
        case StructureShape() if isinstance(value, dict):
            idle = [
                name
                for name, member in value.items()
                if name in shape.members
                and name not in shape.required_members
                and name not in SAYING
                and member in ([], {}, "")
            ]
            for name in idle:
                del value[name]
            inner = sum(leave_out(member, shape.members.get(name)) for name, member in value.items())
            return len(idle) + inner
        case ListShape() if isinstance(value, list):
            return sum(leave_out(member, shape.member) for member in value)
        case MapShape() if isinstance(value, dict):
            return sum(leave_out(member, shape.value) for member in value.values())
    return 0
