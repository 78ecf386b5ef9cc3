"""The `random` provider: values made once and kept in the state. Any changed input makes a new one."""

import base64
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.offline.provider.diff import Difference, differences
from rehearsal.offline.provider.errors import UnsupportedType
from rehearsal.offline.provider.server import Failures, Operation
from rehearsal.offline.provider.values import Properties, SecretOutput, words

SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
"""The official provider's."""
CLASSES = {"lower": string.ascii_lowercase, "upper": string.ascii_uppercase, "numeric": string.digits}

TEXT_DEFAULTS = {
    **dict.fromkeys(("lower", "upper", "numeric", "special"), True),
    **dict.fromkeys(("minLower", "minUpper", "minNumeric", "minSpecial"), 0),
}


def text(inputs: Properties) -> str:
    """A text of the wanted length, with at least the wanted number of each class of characters."""
    classes = {**CLASSES, "special": inputs.get("overrideSpecial") or SPECIAL}
    allowed = "".join(characters for name, characters in classes.items() if inputs[name])
    wanted = [
        secrets.choice(characters)
        for name, characters in classes.items()
        for _ in range(inputs[f"min{name.title()}"])
    ]
    if not allowed:
        raise ValueError("'lower', 'upper', 'numeric' and 'special' are all false. Allow one of them.")
    if len(wanted) > inputs["length"]:
        raise ValueError(f"'length' is {inputs['length']}, and the minimums add up to {len(wanted)}.")
    characters = wanted + [secrets.choice(allowed) for _ in range(inputs["length"] - len(wanted))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


def password(inputs: Properties) -> tuple[str, Properties]:
    """A password has no id of its own: the provider gives every one `none`."""
    return "none", {"result": SecretOutput(text(inputs))}


def identifier(inputs: Properties) -> tuple[str, Properties]:
    """The id, which is the bytes in URL-safe base64 without the prefix, and every form of them."""
    random_bytes = secrets.token_bytes(inputs["byteLength"])
    prefix = inputs.get("prefix", "")
    url = base64.urlsafe_b64encode(random_bytes).decode().rstrip("=")
    return url, {
        "b64Url": prefix + url,
        "b64Std": prefix + base64.b64encode(random_bytes).decode(),
        "hex": prefix + random_bytes.hex(),
        "dec": prefix + str(int.from_bytes(random_bytes, "big")),
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class RandomKind:
    """A type: how a value is made of which inputs."""

    make: Callable[[Properties], tuple[str, Properties]]
    inputs: str
    defaults: Mapping[str, Any]


TEXT_INPUTS = f"length keepers overrideSpecial {' '.join(TEXT_DEFAULTS)}"
KINDS = {
    "random:index/randomPassword:RandomPassword": RandomKind(
        make=password, inputs=TEXT_INPUTS, defaults=TEXT_DEFAULTS
    ),
    "random:index/randomId:RandomId": RandomKind(
        make=identifier, inputs="byteLength keepers prefix", defaults={}
    ),
}


class Random:
    """Makes random values. What is made lives in the state only."""

    name = "random"

    def configure(self, configuration: Properties) -> None:
        """It has no settings."""

    def check(self, operation: Operation, old: Properties, new: Properties, seed: bytes) -> Properties:
        kind = kind_of(operation.type)
        failures = [
            (key, f"{operation.type}: the rehearsal's provider does not handle the input '{key}'")
            for key in sorted(new.keys() - words(kind.inputs))
            if not key.startswith("__")
        ]
        if failures:
            raise Failures(*failures)
        return {**kind.defaults, **new}

    def diff(
        self, operation: Operation, old: Properties, new: Properties
    ) -> tuple[list[Difference], frozenset[str], bool]:
        return differences(old, new), words(kind_of(operation.type).inputs), False

    def create(self, operation: Operation, inputs: Properties, preview: bool) -> tuple[str, Properties]:
        if preview:
            return "", inputs
        made, outputs = kind_of(operation.type).make(inputs)
        return made, {**inputs, **outputs}

    def read(
        self, operation: Operation, inputs: Properties, state: Properties
    ) -> tuple[Properties, Properties] | None:
        return inputs, state

    def update(
        self, operation: Operation, old: Properties, new: Properties, state: Properties, preview: bool
    ) -> Properties:
        raise ValueError(f"{operation.type} is only ever replaced")

    def delete(self, operation: Operation, inputs: Properties, state: Properties) -> None:
        """There is nothing outside the state."""

    def invoke(self, token: str, arguments: Properties) -> Properties:
        raise UnsupportedType(token)


def kind_of(token: str) -> RandomKind:
    """The type's entry. Raises `UnsupportedType`."""
    if token not in KINDS:
        raise UnsupportedType(token)
    return KINDS[token]
