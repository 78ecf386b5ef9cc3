"""Differences name the very part that differs."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.offline.provider.diff import Difference, changed_inputs, differences
from rehearsal.offline.provider.values import ASSET, SIGNATURE, UNKNOWN, from_struct, to_struct

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.booleans(), st.integers(-(2**31), 2**31), st.text("abc ", max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("xyz", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)
INPUTS = st.dictionaries(st.text("abcde", min_size=1), VALUES, max_size=4)


@given(INPUTS)
def test_inputs_do_not_differ_from_themselves(inputs: dict[str, Any]) -> None:
    """No change, no update."""
    assert differences(inputs, inputs) == []


@given(INPUTS, INPUTS)
def test_a_difference_belongs_to_an_input_that_differs(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Equal inputs are never named, different ones always are."""
    assert changed_inputs(old, new) == {
        key for key in old.keys() | new.keys() if (key in old, old.get(key)) != (key in new, new.get(key))
    }


def test_a_difference_names_the_part() -> None:
    """The engine shows the part, not the whole input."""
    old = {"tags": {"Name": "a", "x:y": "1"}, "rules": [{"port": 80}], "gone": 1}
    new = {"tags": {"Name": "b", "x:y": "1"}, "rules": [{"port": 80}, {"port": 443}], "fresh": UNKNOWN}
    assert differences(old, new) == [
        Difference("fresh", "ADD"),
        Difference("gone", "DELETE"),
        Difference("rules[1]", "ADD"),
        Difference("tags.Name", "UPDATE"),
    ]


def test_a_policy_in_another_layout_does_not_differ() -> None:
    """JSON is compared by what it says."""
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny"}]}
    assert differences({"policy": json.dumps(policy)}, {"policy": json.dumps(policy, indent=2)}) == []


def test_a_file_differs_by_its_digest() -> None:
    """The same content under another path is the same object."""
    old = {"source": {SIGNATURE: ASSET, "hash": "1", "path": "a"}}
    assert differences(old, {"source": {SIGNATURE: ASSET, "hash": "1", "path": "b"}}) == []
    assert differences(old, {"source": {SIGNATURE: ASSET, "hash": "2", "path": "a"}}) == [
        Difference("source", "UPDATE")
    ]


@given(INPUTS)
def test_values_survive_the_wire(inputs: dict[str, Any]) -> None:
    """What is sent to the engine comes back as it was."""
    assert from_struct(to_struct(inputs)) == inputs
