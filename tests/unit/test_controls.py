"""The whole program for stack `prod`, held against the security and reliability controls."""

import json
import runpy
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pulumi
import pytest
import yaml

from components import artifact
from components.artifact import Artifact
from tests.unit.components.registered import Registered, register
from tests.unit.controls import CONTROLS
from tests.unit.controls.control import Control

STACK = "prod"


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registered]:
    """All that `__main__.py` registers with the settings of the stack's file; nothing is built or asked."""
    tarball = tmp_path_factory.mktemp("release") / "release.tar.gz"
    tarball.write_bytes(b"")
    settings = yaml.safe_load(Path(f"stacks/Pulumi.{STACK}.yaml").read_text())["config"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(artifact, "build", lambda app, say: Artifact(path=tarball, sha256="abc"))
        pulumi.runtime.set_all_config({name: json.dumps(value) for name, value in settings.items()})
        try:
            yield register(lambda: runpy.run_path("__main__.py"), stack=STACK)
        finally:
            pulumi.runtime.set_all_config({})


def broken(made: Registered) -> set[str]:
    return {control.id for control in CONTROLS if list(control.broken(made))}


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_production_holds_each_control(prod: Registered, control: Control) -> None:
    """By name, the resources that do not."""
    assert list(control.broken(prod)) == []


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_one_flipped_input_breaks_this_control_and_no_other(prod: Registered, control: Control) -> None:
    """The twin: each resource that the control is about, one after another."""
    flips = list(control.flips(prod))
    assert flips
    for flip in flips:
        copy = Registered(inputs=deepcopy(prod.inputs))
        flip(copy)
        assert broken(copy) == {control.id}


def test_the_controls_names_are_their_own() -> None:
    """A twin would hide one of two."""
    assert len({control.id for control in CONTROLS}) == len(CONTROLS)
