"""A snapshot that would not be restored is refused; the one that the database was made from is none such."""

from typing import Any

import pytest

from stacks import restores
from stacks.deployed import DeployedResource
from stacks.replacements import DATABASE, STORE
from stacks.settings import parse


def refused(setting: str | None, **properties: Any) -> list[str]:
    """What is said of the setting, where a database and a store with such properties are deployed."""
    settings = parse({"database": {"restore_from_snapshot": setting}})
    found = [
        DeployedResource(kind=STORE, name="evenkeel-prod-sessions", properties=properties),
        DeployedResource(kind=DATABASE, name="evenkeel-prod-database", properties=properties),
    ]
    return [str(problem) for problem in restores.problems(settings, found)]


def test_a_snapshot_for_a_database_that_exists_is_refused() -> None:
    """Word for word: nothing of it would be restored."""
    assert refused("nightly") == [
        'evenkeel:database.restore_from_snapshot is "nightly": the database evenkeel-prod-database exists '
        "and was made without a snapshot; this one would not be restored. Take it out, and bring the "
        "snapshot's rows back in a new stack: docs/runbooks/stores.md."
    ]


def test_another_snapshot_than_the_database_was_made_from_is_refused() -> None:
    """The message says which it was."""
    (said,) = refused("nightly", snapshotIdentifier="weekly")
    assert "exists and was made from weekly; this one would not be restored" in said


@pytest.mark.parametrize("setting", [None, "weekly"])
def test_the_snapshot_that_the_database_was_made_from_may_stay_or_go(setting: str | None) -> None:
    """Neither changes the database."""
    assert refused(setting, snapshotIdentifier="weekly") == []


def test_a_new_stack_may_begin_with_any_snapshot() -> None:
    """Nothing is deployed yet."""
    settings = parse({"database": {"restore_from_snapshot": "nightly"}})
    assert list(restores.problems(settings, [])) == []
