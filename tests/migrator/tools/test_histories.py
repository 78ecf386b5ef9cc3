"""A history as its tool writes it, and the tool itself as the judge of what the migrator leaves behind."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator.adopting import catalogue
from testkit.migration_tools import DBMATE, DRIZZLE, NODE_PG_MIGRATE, MigrationTool
from testkit.postgres_server import MigratorPostgres
from tests.migrator.conftest import OwnedDatabase, new_database

STEPS = (
    "CREATE TABLE a (id int PRIMARY KEY, x text);\nINSERT INTO a VALUES (1, 'x;y');\n",
    "CREATE INDEX a_x_idx ON a (x);\nALTER TABLE a ADD COLUMN y int DEFAULT 7;\n",
    "CREATE TABLE b (a_id int REFERENCES a);\n",
)


@pytest.fixture(params=(DRIZZLE, DBMATE, NODE_PG_MIGRATE), ids=lambda tool: tool.name)
def tool(request: pytest.FixtureRequest) -> MigrationTool:
    tool: MigrationTool = request.param
    return tool


@pytest.fixture
def other(
    server: MigratorPostgres, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[OwnedDatabase]:
    """A second database with the same folder, for the tool."""
    name = f"tool_{abs(hash(request.node.nodeid))}"
    with new_database(server, name, tmp_path) as other:
        yield other


def lines(database: OwnedDatabase) -> set[str]:
    """The schema with the tool's own table, but not the migrator's."""
    return catalogue.lines(database.session(), hidden=["public._migrator_migrations"])


def recorded(tool: MigrationTool, database: OwnedDatabase) -> list[list[Any]]:
    return database.rows(tool.books)


def run(tool: MigrationTool, database: OwnedDatabase) -> None:
    tool.run(tool.up, database.folder, database.environment)


def test_afterwards_the_tool_has_nothing_to_do(
    database: OwnedDatabase, other: OwnedDatabase, tool: MigrationTool
) -> None:
    """Schema, rows and the tool's own table are those that the tool makes."""
    tool.write(database.folder, STEPS)
    assert "migrations: 3 applied now, 0 before" in database.apply()
    run(tool, other)
    assert lines(database) == lines(other)
    assert recorded(tool, database) == recorded(tool, other)
    run(tool, database)
    assert recorded(tool, database) == recorded(tool, other)
    assert database.rows("SELECT * FROM a") == other.rows("SELECT * FROM a") == [[1, "x;y", 7]]


def test_what_is_not_recorded_would_run_twice(database: OwnedDatabase, tool: MigrationTool) -> None:
    """The twin: without its rows the tool begins again."""
    tool.write(database.folder, STEPS)
    database.apply()
    database.rows(f"DELETE FROM {tool.books.partition(' FROM ')[2].partition(' ')[0]}")
    with pytest.raises(subprocess.CalledProcessError) as error:
        run(tool, database)
    assert 'relation "a" already exists' in error.value.stderr + error.value.stdout


def test_a_table_that_was_emptied_does_not_let_the_history_run_again(
    database: OwnedDatabase, tool: MigrationTool
) -> None:
    """Nobody takes back all; the message says what to do in either case."""
    tool.write(database.folder, STEPS)
    database.apply()
    table = tool.books.partition(" FROM ")[2].partition(" ")[0]
    database.rows(f"DELETE FROM {table}")
    refused = database.run("apply")
    assert refused.returncode == 3
    assert f"{table.rpartition('.')[2]} has none of the 3 migrations" in refused.stderr
    database.rows("DROP TABLE _migrator_migrations, a, b CASCADE")
    assert "migrations: 3 applied now, 0 before" in database.apply()


def test_the_migrator_goes_on_where_the_tool_ended(database: OwnedDatabase, tool: MigrationTool) -> None:
    """And the other way round."""
    tool.write(database.folder, STEPS[:1])
    run(tool, database)
    tool.write(database.folder, STEPS[:2])
    assert "1 migration, 2 statements" in database.run("plan").stdout
    assert "migrations: 1 applied now, 1 before" in database.apply()
    tool.write(database.folder, STEPS)
    run(tool, database)
    assert "migrations: 0 applied now, 3 before" in database.apply()
    assert [line.split()[1] for line in database.run("status").stdout.splitlines()] == ["applied"] * 3


@pytest.mark.parametrize("tool", [DBMATE, NODE_PG_MIGRATE], ids=lambda tool: tool.name)
def test_what_the_tool_takes_back_is_applied_again(database: OwnedDatabase, tool: MigrationTool) -> None:
    tool.write(database.folder, STEPS)
    database.apply()
    tool.run(tool.down, database.folder, database.environment)
    assert database.value("SELECT to_regclass('b') IS NULL")
    assert "migrations: 1 applied now, 2 before" in database.apply()
    assert len(recorded(tool, database)) == 3


def test_a_history_that_failed_goes_on_and_is_recorded_once(
    database: OwnedDatabase, tool: MigrationTool
) -> None:
    """The tool's row comes with the last statement."""
    tool.write(
        database.folder, (*STEPS[:2], "CREATE INDEX a_y_idx ON a (y);\nALTER TABLE a ADD z int;\nBROKEN")
    )
    assert database.run("apply").returncode == 4
    tool.write(database.folder, (*STEPS[:2], "SELECT 1;\nCREATE INDEX a_y_idx ON a (y);\nSELECT 1 / 0;\n"))
    failed = database.run("apply")
    assert (failed.returncode, len(recorded(tool, database))) == (9, 2)
    tool.write(database.folder, (*STEPS[:2], "SELECT 1;\nCREATE INDEX a_y_idx ON a (y);\nSELECT 2;\n"))
    assert "resumes after statement 2" in database.apply()
    run(tool, database)
    assert len(recorded(tool, database)) == 3


def test_a_baseline_is_the_tools_too(
    database: OwnedDatabase, other: OwnedDatabase, tool: MigrationTool
) -> None:
    """A schema that psql has made: afterwards neither has anything to do."""
    tool.write(database.folder, STEPS)
    database.rows("".join(STEPS))
    taken = database.run("baseline")
    assert (taken.returncode, taken.stderr) == (0, ""), taken.stdout
    run(tool, database)
    run(tool, other)
    assert recorded(tool, database) == recorded(tool, other)
    assert "migrations: 0 applied now, 3 before" in database.apply()
