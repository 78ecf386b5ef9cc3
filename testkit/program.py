"""The whole program of a stack, run against no engine."""

import json
import runpy
from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from itertools import combinations, count
from math import comb
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pulumi
import yaml

from components import artifact, release
from stacks.placeholders import HOSTED_ZONE
from testkit.registered import Registered, register

ROOT = Path(__file__).parents[1]
BUILT = artifact.Artifact(path=ROOT / "Pulumi.yaml", sha256="0" * 64)
"""Stands for the app's release, which takes seconds to build."""


OWN = {"example.com": "shop-of-ours.com", HOSTED_ZONE: "Z1"}
"""What a user puts in place of placeholders."""


def configuration(stack: str) -> dict[str, Any]:
    """A stack file's sections, without placeholders; a copy of one's own."""
    return deepcopy(_sections(stack))


@cache
def _sections(stack: str) -> dict[str, Any]:
    text = (ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text()
    for placeholder, own in OWN.items():
        text = text.replace(placeholder, own)
    values: dict[str, Any] = yaml.safe_load(text)["config"]
    return {key.removeprefix("evenkeel:"): section for key, section in values.items()}


def program(
    sections: dict[str, Any], stack: str = "test", registered: Registered | None = None
) -> Registered:
    """What a stack with these settings registers; raises what the program raises."""
    texts = {f"evenkeel:{key}": json.dumps(section) for key, section in sections.items()}

    def run() -> None:
        pulumi.runtime.set_all_config(texts)
        try:
            with patch.object(release, "build", lambda *_: BUILT):
                runpy.run_path(str(ROOT / "__main__.py"))
        finally:
            pulumi.runtime.set_all_config({})

    return register(run, stack=stack, registered=registered)


@cache
def made(stack: str) -> Registered:
    """What the stack registers with its file's settings: one run for all tests that only look at it."""
    return program(configuration(stack), stack=stack)


def groups(settings: Sequence[str]) -> list[list[str]]:
    """Half of the settings each, so that of any two one is in a group in which the other is not.

    No other can hide then what one of them changes, in far fewer runs than there are settings.
    """
    number = next(number for number in count(2) if comb(number, number // 2) >= len(settings))
    members = list(zip(settings, combinations(range(number), number // 2), strict=False))
    return [[setting for setting, its_groups in members if group in its_groups] for group in range(number)]
