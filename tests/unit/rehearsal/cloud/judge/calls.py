"""The calls of the AWS API that the rehearsal's provider makes for a program's resources, made to nobody."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import boto3

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.offline.provider import crud
from rehearsal.offline.provider.call import ApiCall as Action
from rehearsal.offline.provider.inputs import completed, taken_by
from rehearsal.offline.provider.resource import Work
from rehearsal.offline.provider.table import RESOURCES
from testkit.registered import Registered

REGION = "eu-central-1"
DEPTH = 5
"""Of an answer; some shapes contain themselves."""


class NoCloud:
    """Stands where the provider's cloud does: notes each call, and answers by the model's shape."""

    region = REGION
    partition = "aws"
    account = "123456789012"
    default_tags: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.calls: list[JudgedCall] = []

    def client(self, service: str, _: str | None = None) -> "_Client":
        """A client whose calls go nowhere."""
        return _Client(service, self.calls)


class _Client:
    def __init__(self, service: str, calls: list[JudgedCall]) -> None:
        self.meta = _meta(service)
        self._service = service
        self._calls = calls

    def __getattr__(self, method: str) -> Callable[..., Any]:
        operation = self.meta.method_to_api_mapping[method]

        def note(**members: Any) -> Any:
            call = JudgedCall(service=self._service, operation=operation, members=members, region=REGION)
            self._calls.append(call)
            return answer(call.model.output_shape)

        return note


@cache
def _meta(service: str) -> Any:
    return boto3.Session("AKIAEXAMPLE", "secret", region_name=REGION).client(service).meta


def answer(shape: Any, depth: int = 0) -> Any:
    """Something of a shape."""
    match shape.type_name if shape is not None else "structure":
        case "structure":
            members = shape.members if shape is not None and depth < DEPTH else {}
            return {name: answer(member, depth + 1) for name, member in members.items()}
        case "list":
            return [answer(shape.member, depth + 1)] if depth < DEPTH else []
        case "map":
            return {}
        case "integer" | "long" | "float" | "double":
            return 1
        case "boolean":
            return True
    return "answered"


def calls_of(made: Registered) -> Iterator[tuple[str, JudgedCall]]:
    """Every call that makes a resource, with the resource's name."""
    cloud = NoCloud()
    for (kind, name), inputs in made.inputs.items():
        if kind not in RESOURCES:
            continue
        before = len(cloud.calls)
        work: Any = Work(entry=RESOURCES[kind], cloud=cloud, inputs=plain(inputs))  # type: ignore[arg-type]
        work.inputs = completed(work, name, {}, b"")
        work.id = f"{name}-id"
        crud._perform(work.entry.create, work, work.inputs)
        for action in work.entry.update:
            theirs = {key: work.inputs[key] for key in work.inputs if taken_by(action, work, key)}
            if theirs and not (isinstance(work.entry.create, Action) and set(theirs) <= taken(work)):
                crud._perform(action, work, theirs)
        for call in cloud.calls[before:]:
            yield name, call


def taken(work: Any) -> set[str]:
    """The inputs that the creating call takes."""
    return {key for key in work.inputs if taken_by(work.entry.create, work, key)}


def plain(value: Any) -> Any:
    """Inputs without Pulumi's marks of a secret, and with whole numbers as such."""
    match value:
        case dict() if "4dabf18193072939515e22adb298388d" in value and "value" in value:
            return plain(value["value"])
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case float() if value.is_integer():
            return int(value)
    return value
