"""The safe way that a refusal shows makes the same schema as the statement that it refuses."""

from __future__ import annotations

import pytest

from migrator.adopting import catalogue
from migrator.folder import Migration
from migrator.planning import planner
from migrator.postgres import Session
from migrator.settings import Server
from tests.migrator.conftest import OwnedDatabase

TABLES = """\
CREATE TABLE u (id int PRIMARY KEY, x int, y int, UNIQUE (x, y));
CREATE TABLE t (a int, b int, "C" text);
"""
LONG = "column_whose_name_has_forty_characters_x"
STATEMENTS = [
    "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u ON DELETE CASCADE ON UPDATE SET NULL",
    "ALTER TABLE t ADD FOREIGN KEY (a, b) REFERENCES u (x, y) MATCH FULL DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (id) ON DELETE SET DEFAULT",
    'ALTER TABLE t ADD CONSTRAINT "Odd ""name" CHECK (a > 0 AND "C" IN (\'x\', \'y\'))',
    "ALTER TABLE t ADD CONSTRAINT c CHECK (b IS NULL OR a < b)",
    "ALTER TABLE t ADD UNIQUE (a, b)",
    'ALTER TABLE t ADD CONSTRAINT k UNIQUE ("C") INCLUDE (a) DEFERRABLE',
    "ALTER TABLE t ADD CONSTRAINT k UNIQUE (a) DEFERRABLE INITIALLY DEFERRED",
]


def lines(database: OwnedDatabase) -> set[str]:
    with Session(Server.read(database.environment)) as session:
        return catalogue.lines(session, hidden=["public._prisma_migrations"])


def remedy(statement: str) -> list[str]:
    """The statements of the refusal's message."""
    plan = planner.make([Migration(name="1", sql=TABLES), Migration(name="2", sql=statement)])
    (hazard,) = plan.migrations[1].statements[0].refusals
    return [line.strip() for line in hazard.message.splitlines() if line.startswith("  ")]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_safe_way_ends_as_the_statement_does(database: OwnedDatabase, statement: str) -> None:
    """Names that PostgreSQL would give, actions, columns, deferral: else tools that compare see a drift."""
    database.rows(f"{TABLES} {statement}")
    wanted = lines(database)
    database.rows("DROP TABLE t; DROP TABLE u;" + TABLES)
    for way in remedy(statement):
        database.rows(way)
    assert lines(database) == wanted


def test_a_name_that_postgresql_would_shorten_is_left_to_fill_in() -> None:
    """How it does so is its own affair."""
    statement = f"ALTER TABLE t ADD CHECK (true), ADD FOREIGN KEY ({LONG}, a_{LONG}) REFERENCES u (x, y)"
    plan = planner.make([Migration(name="1", sql=TABLES), Migration(name="2", sql=statement)])
    (foreign, _) = plan.migrations[1].statements[0].refusals
    assert 'ADD CONSTRAINT "<name>" FOREIGN KEY' in foreign.message
