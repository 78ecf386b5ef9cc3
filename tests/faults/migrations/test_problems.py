"""The twin of all zeros: what must not happen to a write is noticed when it does."""

import pytest

from tests.faults.migrations.problems import write_problems
from tests.faults.migrations.stage import MigrationStage


def test_writes_that_are_blocked_and_lost_are_noticed(
    stage: MigrationStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plain index build's lock, held beyond the limit, and a row that goes, each show."""
    monkeypatch.setattr("tests.faults.migrations.problems.LOCK_TIMEOUT", 0.5)
    table, load = stage.table, stage.load
    blocker = table.session("BEGIN", f"LOCK TABLE {table.name} IN SHARE MODE")
    table.waits("INSERT INTO")
    blocker.run("SELECT pg_sleep(0.6); COMMIT")
    load.stop()
    assert load.acknowledged
    table.run(f"DELETE FROM {table.name} WHERE a = {max(load.acknowledged)}")
    lost = f"1 of {len(load.acknowledged)} rows are not in"
    assert list(write_problems(stage)) == [
        f"{lost} the table",
        f"{lost} the index",
        f"a write took {load.slowest:.1f} s",
    ]
