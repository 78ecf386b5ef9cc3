"""A control: a question about the inputs of a program's resources, and the changes that break it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from testkit.registered import Registered

Inputs = dict[str, Any]
Flip = Callable[[Registered], object]
"""Changes one input of one resource."""
MISSING = object()


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """What has to hold of a program's resources; the id is of AWS Foundational Security Best Practices."""

    id: str
    promise: str
    broken: Callable[[Registered], Iterable[str]]
    """Names of the resources that break it."""
    flips: Callable[[Registered], Iterable[Flip]]
    """Each breaks this control, and no other."""


def anything(_: str) -> bool:
    """Whatever the resource is called."""
    return True


def at(inputs: Any, path: str) -> Any:
    """The input at a dotted path, such as `accessLogs.enabled`; `MISSING` where there is none."""
    for part in path.split("."):
        try:
            inputs = inputs[int(part) if part.isdigit() else part]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return inputs


def put(path: str, value: object) -> Callable[[Inputs], None]:
    """Sets the input at a dotted path."""
    *way, last = path.split(".")

    def change(inputs: Any) -> None:
        for part in way:
            inputs = inputs[int(part) if part.isdigit() else part]
        inputs[last] = value

    return change


def changed(kind: str, name: str, change: Callable[[Inputs], object]) -> Flip:
    """The change to one resource."""
    return lambda copy: change(copy[kind, name])


def flip(
    kind: str, change: Callable[[Inputs], object], only: Callable[[str], bool] = anything
) -> Callable[[Registered], Iterator[Flip]]:
    """The same change to every resource of a kind, one at a time."""

    def flips(made: Registered) -> Iterator[Flip]:
        for name in made.all(kind):
            if only(name):
                yield changed(kind, name, change)

    return flips


def each(
    id: str,
    promise: str,
    kind: str,
    path: str,
    good: object,
    bad: object,
    only: Callable[[str], bool] = anything,
) -> Control:
    """Every resource of a kind has an input; `good` is its value, or tells whether a value is good."""

    def broken(made: Registered) -> Iterator[str]:
        found = {name: inputs for name, inputs in made.all(kind).items() if only(name)}
        if not found:
            yield f"no {kind}"
        for name, inputs in found.items():
            value = at(inputs, path)
            if not (value is not MISSING and good(value) if callable(good) else value == good):
                yield name

    return Control(id=id, promise=promise, broken=broken, flips=flip(kind, put(path, bad), only))


def plain(value: Any) -> Any:
    """A value without Pulumi's mark of a secret."""
    return value["value"] if isinstance(value, dict) and "value" in value else value


def named(name: str) -> str:
    """The name that AWS gives to a resource, as the mocks make it."""
    return f"{name}-0123456"
