"""What is not the build of one index, hit in the middle: the next `pulumi up` ends it well too."""

import pytest

from tests.faults.migrations.kills import CONNECTION, MIGRATOR, SERVER
from tests.faults.migrations.phases import OLD_SNAPSHOTS, SCANNING
from tests.faults.migrations.problems import index_problems, problems
from tests.faults.migrations.stage import MigrationStage

pytestmark = pytest.mark.long


def test_an_interrupted_reindex_leaves_one_valid_index(stage: MigrationStage) -> None:
    """The new index that was not ready goes, and is built again."""
    table = stage.table
    table.run(f"CREATE INDEX {table.index} ON {table.name} ({table.held})")
    stage.migrates(f"REINDEX INDEX {table.index};\n")
    SERVER.hit(stage, OLD_SNAPSHOTS.reach(table, stage.up))
    table.release()
    assert f"{table.index}_ccnew is invalid" in list(index_problems(table))
    stage.up().succeeded()
    assert problems(stage) == []


def test_an_interrupted_drop_is_finished(stage: MigrationStage) -> None:
    """An index that is no longer valid is dropped, not left to cost every write."""
    table = stage.table
    table.run(f"CREATE INDEX {table.index} ON {table.name} ({table.held})")
    stage.migrates(f"DROP INDEX {table.index};\n")
    table.writer()
    stage.up()
    CONNECTION.hit(stage, table.waits("DROP INDEX"))
    assert list(index_problems(table)) == [f"{table.index} is invalid"]
    table.release()
    stage.up().succeeded()
    assert table.indexes() == []
    assert stage.attempts == [(False, True), (True, False)]
    assert stage.gate_moved


def test_a_partitioned_build_goes_on_with_the_partition_that_was_interrupted(stage: MigrationStage) -> None:
    """What is attached stays; the interrupted one is built again; the parent's index is valid in the end."""
    table = stage.table
    table.partition()
    CONNECTION.hit(stage, SCANNING.reach(table, stage.up))
    table.release()
    first = table.indexes("_1")
    assert len(first) == 1
    stage.up().succeeded()
    assert problems(stage) == []
    assert table.indexes("_1") == first


def test_an_interrupted_transaction_has_done_nothing_and_then_all(stage: MigrationStage) -> None:
    """Of a migration in a transaction nothing is there; the next `up` applies it once."""
    table, copy = stage.table, f"{stage.table.name}_copy"
    stage.migrates(
        f"CREATE TABLE {copy} (a int);\n"
        f"INSERT INTO {copy} SELECT {table.held} FROM {table.name} WHERE a < 0;\n"
    )
    table.locked_row(-1)
    stage.up()
    MIGRATOR.hit(stage, table.waits("INSERT INTO"))
    table.release()
    assert table.run(f"SELECT to_regclass('{copy}')") == [[None]]
    stage.up().succeeded()
    assert table.run(f"SELECT a FROM {copy}") == [[-1]]
    assert stage.attempts == [(False, True), (True, False)]
    assert stage.gate_moved
    table.run(f"DROP TABLE {copy}")
