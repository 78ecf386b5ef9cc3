"""Every entry of the table is about something that exists: in Pulumi's SDK, and in the AWS API."""

from collections.abc import Callable, Iterator, Set
from typing import Any

import pytest

from rehearsal.offline.provider.call import ApiCall
from rehearsal.offline.provider.cloud import ConfiguredCloud
from rehearsal.offline.provider.inputs import taken_by
from rehearsal.offline.provider.resource import Resource, SeveralCalls, Work
from rehearsal.offline.provider.table import RESOURCES
from rehearsal.offline.provider.values import words
from tests.unit.rehearsal.offline.provider import sdk

# The SDK registers its own deprecated aliases when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CLOUD = ConfiguredCloud({"region": "eu-central-1", "accessKey": "none", "secretKey": "none"})


def actions(entry: Resource) -> Iterator[ApiCall | SeveralCalls]:
    """All that an entry does."""
    yield from (entry.create, *entry.read, *entry.update)
    if entry.delete is not None:
        yield entry.delete
    if entry.tags is not None:
        yield from (each for each in (entry.tags.add, entry.tags.remove, entry.tags.read) if each is not None)


def work_on(entry: Resource) -> Work:
    return Work(entry=entry, cloud=CLOUD, inputs={})


def wrong(find: Callable[[Resource], Set[str]]) -> dict[str, Set[str]]:
    """What is wrong with which entry."""
    return {token: found for token, entry in RESOURCES.items() if (found := find(entry))}


def test_every_entry_has_a_type_of_the_sdk() -> None:
    """A mistyped token would never be asked for."""
    assert RESOURCES.keys() - sdk.classes().keys() == set()


def test_every_input_of_an_entry_is_an_input_of_the_sdk() -> None:
    """A mistyped input would never be set."""

    def mistyped(entry: Resource) -> Set[str]:
        set_by_users = words(entry.fixed) | words(entry.local) | entry.defaults.keys()
        for step in (entry.create, *entry.update):
            set_by_users |= words(step.inputs or "")
        return set_by_users - sdk.inputs(entry.type)

    assert wrong(mistyped) == {}


def test_every_property_of_an_entry_is_a_property_of_the_sdk() -> None:
    """A mistyped output would never be read."""

    def mistyped(entry: Resource) -> Set[str]:
        named = words(entry.outputs) | words(entry.volatile) | words(entry.secrets) | entry.state.keys()
        named |= {path.partition(".")[0] for path in entry.names}
        return named - sdk.properties(entry.type)

    assert wrong(mistyped) == {}


def test_every_input_that_forces_a_replacement_is_set_at_creation() -> None:
    """An input that AWS can't change has to be given when the resource is made."""

    def lost(entry: Resource) -> Set[str]:
        work = work_on(entry)
        fixed = words(entry.fixed) - words(entry.local)
        return {key for key in fixed if not taken_by(entry.create, work, key)}

    assert wrong(lost) == {}


def test_every_call_and_parameter_exists() -> None:
    """boto3 has the operations, and botocore's model their parameters."""

    def unknown(entry: Resource) -> Set[str]:
        found: set[str] = set()
        for action in actions(entry):
            if isinstance(action, ApiCall):
                shape: Any = work_on(entry).shape(action)
                found |= action.params.keys() - (shape.members.keys() if shape else set())
        return found

    assert wrong(unknown) == {}
