"""Every entry of the table is about something that exists: in Pulumi's SDK, and in the AWS API."""

from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.provider.cloud import Cloud
from rehearsal.provider.inputs import taken_by
from rehearsal.provider.resource import Call, Resource, Step, words
from rehearsal.provider.table import RESOURCES
from rehearsal.provider.work import Work
from tests.unit.rehearsal.provider import sdk

CLOUD = Cloud({"region": "eu-central-1", "accessKey": "none", "secretKey": "none"})
each_entry = pytest.mark.parametrize("entry", RESOURCES.values(), ids=lambda entry: entry.type)


def actions(entry: Resource) -> Iterator[Call | Step]:
    """All that an entry does."""
    yield from (entry.create, *entry.read, *entry.update)
    if entry.delete is not None:
        yield entry.delete
    if entry.tags is not None:
        yield from (each for each in (entry.tags.add, entry.tags.remove, entry.tags.read) if each is not None)


def work_on(entry: Resource) -> Work:
    return Work(entry=entry, cloud=CLOUD, inputs={})


@each_entry
def test_an_entry_has_a_type_of_the_sdk(entry: Resource) -> None:
    """A mistyped token would never be asked for."""
    assert entry.type in sdk.classes()


@each_entry
def test_every_input_of_an_entry_is_an_input_of_the_sdk(entry: Resource) -> None:
    """A mistyped input would never be set."""
    named = words(entry.fixed) | words(entry.local) | entry.defaults.keys()
    for action in actions(entry):
        named |= words(action.inputs or "")
    named |= {path.partition(".")[0] for path in entry.names}
    assert named - sdk.properties(entry.type) == set()
    assert (words(entry.fixed) | words(entry.local) | entry.defaults.keys()) - sdk.inputs(entry.type) == set()


@each_entry
def test_every_output_of_an_entry_is_a_property_of_the_sdk(entry: Resource) -> None:
    """A mistyped output would never be read."""
    named = words(entry.outputs) | words(entry.volatile) | words(entry.secrets) | entry.state.keys()
    assert named - sdk.properties(entry.type) == set()


@each_entry
def test_every_input_that_forces_a_replacement_is_set_at_creation(entry: Resource) -> None:
    """An input that AWS can't change has to be given when the resource is made."""
    work = work_on(entry)
    taken = {key for key in words(entry.fixed) if taken_by(entry.create, work, key)}
    assert words(entry.fixed) - words(entry.local) - taken == set()


@each_entry
def test_every_call_and_parameter_exists(entry: Resource) -> None:
    """boto3 has the operations, and botocore's model their parameters."""
    work = work_on(entry)
    for action in actions(entry):
        if isinstance(action, Call):
            shape: Any = work.shape(action)
            assert action.params.keys() - (shape.members.keys() if shape else set()) == set()
