"""Property values as the engine sends them, and back: protobuf structs to Python and Python to protobuf."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from google.protobuf import struct_pb2

UNKNOWN_WIRE: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"

Properties = dict[str, Any]


class Unknown:
    """A value that a preview can't know."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class SecretOutput:
    """An output that the state keeps encrypted. Which inputs are secret the engine remembers by itself."""

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


def is_asset(value: Any) -> bool:
    """Whether a value is a file, a text or a URL that the program hands over as content."""
    return isinstance(value, dict) and value.get(SIGNATURE) == ASSET


def asset_bytes(value: Mapping[str, Any]) -> bytes:
    """An asset's content."""
    if value.get("path"):
        return Path(value["path"]).read_bytes()
    return str(value.get("text", "")).encode()


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """Properties in Python: whole numbers as int, unknowns as `UNKNOWN`, nulls left out of objects."""
    read = {key: _from_value(value) for key, value in struct.fields.items()}
    return {key: value for key, value in read.items() if value is not None}


def _from_value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            properties = from_struct(value.struct_value)
            return properties["value"] if properties.get(SIGNATURE) == SECRET else properties
        case "list_value":
            return [_from_value(item) for item in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if value.string_value == UNKNOWN_WIRE else value.string_value
        case "bool_value":
            return value.bool_value
    return None


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """The other way; nulls are left out."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        if value is not None:
            struct.fields[key].CopyFrom(_to_value(value))
    return struct


def _to_value(value: Any) -> struct_pb2.Value:
    match value:
        case Unknown():
            return struct_pb2.Value(string_value=UNKNOWN_WIRE)
        case SecretOutput():
            return struct_pb2.Value(struct_value=to_struct({SIGNATURE: SECRET, "value": value.value}))
        case dict():
            return struct_pb2.Value(struct_value=to_struct(value))
        case list() | tuple():
            return struct_pb2.Value(
                list_value=struct_pb2.ListValue(values=[_to_value(item) for item in value])
            )
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    return struct_pb2.Value(string_value=str(value))


def holds_unknown(value: Any) -> bool:
    """Whether a value is unknown, or has a part that is."""
    match value:
        case Unknown():
            return True
        case dict():
            return any(map(holds_unknown, value.values()))
        case list():
            return any(map(holds_unknown, value))
    return False


def words(text: str) -> frozenset[str]:
    """A set written as words."""
    return frozenset(text.split())
