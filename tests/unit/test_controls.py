"""The whole program for stack `prod`, held against the security and reliability controls."""

import pickle

import pytest

from testkit.program import configuration, made, program
from testkit.registered import Registered
from tests.unit.controls import CONTROLS
from tests.unit.controls.control import Control
from tests.unit.controls.network import BALANCER
from tests.unit.controls.storage import BUCKET, KEY
from tests.unit.controls.stores import DATABASE, REDIS

STACK = "prod"
PROTECTED = {
    (DATABASE, "evenkeel-prod-database"),
    (REDIS, "evenkeel-prod-sessions"),
    (REDIS, "evenkeel-prod-cache"),
    (KEY, "evenkeel-prod"),
    (BUCKET, "evenkeel-prod-logs"),
    (BUCKET, "evenkeel-prod-artifacts"),
    (BALANCER, "evenkeel-prod"),
}


@pytest.fixture(scope="module")
def prod() -> Registered:
    """All that `__main__.py` registers with the settings of the stack's file; nothing is built or asked."""
    return made(STACK)


def broken(registered: Registered) -> set[str]:
    return {control.id for control in CONTROLS if list(control.broken(registered))}


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_production_holds_each_control(prod: Registered, control: Control) -> None:
    """By name, the resources that do not."""
    assert list(control.broken(prod)) == []


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_one_flipped_input_breaks_this_control_and_no_other(prod: Registered, control: Control) -> None:
    """The twin: each resource that the control is about, one after another."""
    flips = list(control.flips(prod))
    assert flips
    whole = pickle.dumps(prod.inputs)  # copies many times faster than `deepcopy`
    for flip in flips:
        copy = Registered(inputs=pickle.loads(whole))
        flip(copy)
        assert broken(copy) == {control.id}


def test_the_engine_protects_what_holds_data_in_production(prod: Registered) -> None:
    """And the balancer's address; nothing else. The key outlives the stack for the final snapshots."""
    protected = {key for key, options in prod.options.items() if options.protect}
    assert protected == PROTECTED
    assert {key for key, options in prod.options.items() if options.hooks.before_delete} == protected
    assert prod.options[KEY, "evenkeel-prod"].retainOnDelete


def test_settings_that_protect_nothing_leave_nothing_protected() -> None:
    """The twin, without final snapshots: it can be taken down, and its key goes too."""
    settings = configuration(STACK)
    settings["database"] = settings["redis"] = {"deletion_protection": False, "final_snapshot": False}
    settings["load_balancer"]["deletion_protection"] = False
    settings["buckets"] = {"force_destroy": True}
    weak = program(settings, stack=STACK)
    assert weak.options.keys() >= PROTECTED
    assert not any(options.protect or options.hooks.before_delete for options in weak.options.values())
    assert not weak.options[KEY, "evenkeel-prod"].retainOnDelete


def test_the_controls_names_are_their_own() -> None:
    """A twin would hide one of two."""
    assert len({control.id for control in CONTROLS}) == len(CONTROLS)
