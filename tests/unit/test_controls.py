"""The whole program for stack `prod`, held against the security and reliability controls."""

from copy import deepcopy

import pytest

from tests.unit.components.registered import Registered
from tests.unit.controls import CONTROLS
from tests.unit.controls.control import Control
from tests.unit.program import configuration, program

STACK = "prod"


@pytest.fixture(scope="module")
def prod() -> Registered:
    """All that `__main__.py` registers with the settings of the stack's file; nothing is built or asked."""
    return program(configuration(STACK), stack=STACK)


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
