"""What was asked for, held against what is described: attribute by attribute, by AWS's own models."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.config import Config
from botocore.model import ListShape, StructureShape

from tests.rehearsal.cloud.running import RunningCloud

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """A resource in an answer, and its shape in AWS's model: what has no place there can't be described."""

    value: Any
    shape: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Put:
    """A resource as a client asked for it, and as the cloud describes it."""

    asked: Mapping[str, Any]
    described: Described
    names: Mapping[str, str] = field(default_factory=dict)
    """Members that an answer calls otherwise than a request; `A.b` is a member of a member."""
    unasked: tuple[str, ...] = ()
    """Members that nobody asked for, which AWS then leaves out."""


class PuttingClient:
    """A client of the cloud, and what it has put so far."""

    def __init__(self, cloud: RunningCloud, config: Config | None = None) -> None:
        self._cloud, self._config = cloud, config
        self._clients: dict[str, Any] = {}
        self._made: dict[Any, Any] = {}

    def client(self, service: str) -> Any:
        """The boto3 client of a service."""
        if service not in self._clients:
            self._clients[service] = self._cloud.client(service, self._config)
        return self._clients[service]

    def once(self, make: "Callable[[PuttingClient], T]") -> T:
        """What `make` gives; it is called once."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

    def describe(self, service: str, operation: str, path: str, **parameters: Any) -> Described:
        """The one resource at `path` (`Vpcs`, `DBInstances`) of an answer."""
        client = self.client(service)
        model = client.meta.service_model
        shape: Any = model.operation_model(client.meta.method_to_api_mapping[operation]).output_shape
        value: Any = getattr(client, operation)(**parameters)
        for name in filter(None, path.split(".")):
            shape, value = shape.members[name], value[name]
            if isinstance(shape, ListShape):
                (value,), shape = value, shape.member
        return Described(value=value, shape=shape)


def differences(put: Put) -> list[str]:
    """The attributes that are not described as they were asked for, and those that nobody asked for."""
    value = put.described.value
    unasked = [f"{name} is {value[name]!r}, and nobody asked" for name in put.unasked if value.get(name)]
    return [*_compared(put.asked, value, put.described.shape, put.names, ""), *unasked]


def leaves(put: Put) -> int:
    """How many attributes are compared; a put without any would prove nothing."""
    return len(list(_compared(put.asked, {}, put.described.shape, put.names, "")))


def _compared(asked: Any, found: Any, shape: Any, names: Mapping[str, str], path: str) -> Iterator[str]:
    if isinstance(asked, Mapping) and isinstance(shape, StructureShape):
        for name, value in asked.items():
            known = _member(names.get(name, name), found, shape)
            if known is not None:
                yield from _compared(value, *known, names, f"{path}.{name}")
    elif isinstance(asked, list) and isinstance(shape, ListShape):
        for index, value in enumerate(asked):
            some = found if isinstance(found, list) else []
            if all(any(_compared(value, one, shape.member, names, path)) for one in some):
                yield f"{path}[{index}] was put as {value!r}; described are {some!r}"
    elif asked != found:
        yield f"{path} was put as {asked!r}, and is described as {found!r}"


def _member(name: str, found: Any, shape: Any) -> tuple[Any, Any] | None:
    """A member's value and shape, by its path; None where AWS's model has no such member."""
    for part in name.split("."):
        if not isinstance(shape, StructureShape) or part not in shape.members:
            return None
        shape = shape.members[part]
        found = found.get(part) if isinstance(found, Mapping) else None
    return found, shape
