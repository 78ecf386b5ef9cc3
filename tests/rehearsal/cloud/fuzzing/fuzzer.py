"""Calls decided by a seed: right ones with members changed, and operations in any order, by AWS's models."""

import datetime
import re
from copy import deepcopy
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import ListShape, MapShape, ServiceModel, StructureShape

from rehearsal import cloud
from tests.rehearsal.cloud.fuzzing.corpus import Corpus, FuzzedCall

SERVICES = (
    *("acm", "autoscaling", "cloudwatch", "ec2", "ecs", "elasticache", "elbv2", "iam", "kms", "logs"),
    *("rds", "route53", "s3", "secretsmanager", "sns", "ssm", "sts"),
)
EDGES: tuple[Any, ...] = ("", " ", "a" * 300, "Ünïcode ☃", "../../etc", "*", -1, 0, 2**31, True, None, [], {})
TEXTS = tuple(edge for edge in EDGES if isinstance(edge, str))
_CHANGED, _NAMED, _TURNS = 9, 8, 20
"""Of _TURNS calls so many are right ones, changed, and so many operations that the cloud's code names."""
_DEEPEST = 5


@cache
def model(service: str) -> ServiceModel:
    """AWS's own, as botocore carries it."""
    found: ServiceModel = botocore.session.get_session().get_service_model(service)
    return found


@cache
def named_operations() -> list[tuple[str, str]]:
    """Service and name of each operation that the cloud's own code deals with or has a rule for."""
    sources = Path(cloud.__file__).parent.rglob("*.py")
    words = {word for source in sources for word in re.findall(r"\w+", source.read_text())}
    return [
        (service, operation)
        for service in SERVICES
        for operation in model(service).operation_names
        if operation in words or xform_name(operation) in words
    ]


class Fuzzer:
    """Call number N of a seed is the same in each run, but for the values that an answer brought."""

    def __init__(self, corpus: Corpus, seed: int) -> None:
        self._corpus, self._seed = corpus, seed
        self._named = Random(seed).sample(named_operations(), len(named_operations()))
        self._random = Random()

    def call(self, number: int) -> FuzzedCall:
        """The calls count from 0."""
        self._random = Random(f"{self._seed}/{number}")
        rounds, turn = divmod(number, _TURNS)
        if turn < _CHANGED:
            return self._changed(deepcopy(self._random.choice(self._corpus.calls)))
        if turn < _CHANGED + _NAMED:
            # One after the other, so that none is left to chance.
            return self._made(*self._named[(rounds * _NAMED + turn - _CHANGED) % len(self._named)])
        service = self._random.choice(SERVICES)
        return self._made(service, self._random.choice(model(service).operation_names))

    def _changed(self, call: FuzzedCall) -> FuzzedCall:
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 3))):
            self._change(call.parameters)
        return call

    def _change(self, members: dict[str, Any]) -> None:
        if not members:
            return
        name = self._random.choice(sorted(members))
        value = members[name]
        if isinstance(value, dict) and value and self._random.random() < 0.7:
            self._change(value)
        elif isinstance(value, list) and value and self._random.random() < 0.7:
            self._change_one_of(value)
        elif self._random.random() < 0.3:
            del members[name]
        else:
            members[name] = self._other(name)

    def _change_one_of(self, values: list[Any]) -> None:
        index = self._random.randrange(len(values))
        if isinstance(values[index], dict):
            self._change(values[index])
        elif self._random.random() < 0.5:
            values.append(values[index])
        else:
            values[index] = self._random.choice(EDGES)

    def _other(self, name: str) -> Any:
        known = self._corpus.known(name)
        return self._random.choice(known if known and self._random.random() < 0.5 else EDGES)

    def _made(self, service: str, operation: str) -> FuzzedCall:
        """With its required members and perhaps some others, most of known values."""
        shape = model(service).operation_model(operation).input_shape
        parameters = self._structure(shape, 0) if isinstance(shape, StructureShape) else {}
        return FuzzedCall(service=service, operation=operation, parameters=parameters)

    def _structure(self, shape: StructureShape, depth: int) -> dict[str, Any]:
        return {
            name: self._value(name, member, depth + 1)
            for name, member in shape.members.items()
            if name != "ContentLength"  # a client that promises more than it sends is waited for
            if name in shape.required_members or self._random.random() < 0.25 / (depth + 1)
        }

    def _value(self, name: str, shape: Any, depth: int) -> Any:
        match shape:
            case StructureShape():
                return self._structure(shape, depth) if depth < _DEEPEST else {}
            case ListShape():
                return [self._value(name, shape.member, depth + 1)]
            case MapShape():
                return {self._value("key", shape.key, depth): self._value(name, shape.value, depth + 1)}
        known = [*self._corpus.known(name), *getattr(shape, "enum", [])]
        if known and self._random.random() < 0.85:
            return self._random.choice(known)
        return self._unknown(shape.type_name)

    def _unknown(self, kind: str) -> Any:
        match kind:
            case "integer" | "long":
                return self._random.choice((-1, 0, 1, 60, 2**31))
            case "double" | "float":
                return self._random.choice((-1.5, 0.0, 1e9))
            case "boolean":
                return self._random.random() < 0.5
            case "timestamp":
                return datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
            case "blob":
                return b"bytes"
        return self._random.choice(TEXTS)
