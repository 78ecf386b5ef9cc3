"""Flyway's history: the rows that Flyway 12.0.0 wrote for these scripts, on PostgreSQL 15.

Flyway needs Java, and is not run here. By hand, its `validate` and `migrate` had nothing to say and nothing
to do after the migrator, and the migrator nothing to do after Flyway.
"""

from __future__ import annotations

import pytest

from tests.migrator.conftest import OwnedDatabase

SCRIPTS = {
    "V1__first_tables.sql": b"-- Two tables.\nCREATE TABLE a (id int PRIMARY KEY, x text);\r\n"
    b"CREATE TABLE b (id int);\n",
    "V1.10__an_index.sql": b"ALTER TABLE a ADD COLUMN y int;\nCREATE INDEX a_y_idx ON a (y);",
    "V1_9__rows.sql": "INSERT INTO b VALUES (1);\n-- ü\n".encode(),
    "R__a_view.sql": b"DROP VIEW IF EXISTS c;\nCREATE VIEW c AS SELECT id FROM a;\n",
    "later/V2__with_a_bom.sql": b"\xef\xbb\xbfCREATE TABLE d (id int);\n\n",
}
WRITTEN = [
    [1, "1", "first tables", "SQL", "V1__first_tables.sql", 1125770831, True],
    [2, "1.9", "rows", "SQL", "V1_9__rows.sql", 619801327, True],
    [3, "1.10", "an index", "SQL", "V1.10__an_index.sql", 1241194198, True],
    [4, "2", "with a bom", "SQL", "later/V2__with_a_bom.sql", -1416942565, True],
    [5, None, "a view", "SQL", "R__a_view.sql", -715035791, True],
]
HISTORY = "flyway_schema_history"
ROWS = f"""SELECT installed_rank, version, description, type, script, checksum, success
    FROM {HISTORY} ORDER BY installed_rank"""


@pytest.fixture
def flyways(database: OwnedDatabase) -> OwnedDatabase:
    """A database with the scripts beside it."""
    (database.folder / "later").mkdir()
    for name, text in SCRIPTS.items():
        (database.folder / name).write_bytes(text)
    return database


def test_the_rows_are_flyways(flyways: OwnedDatabase) -> None:
    assert "migrations: 5 applied now, 0 before" in flyways.apply()
    assert flyways.rows(ROWS) == WRITTEN
    assert "migrations: 0 applied now, 5 before" in flyways.apply()


def test_what_flyway_has_applied_is_applied(flyways: OwnedDatabase) -> None:
    """A script that was edited since is told, until `flyway repair` has recorded its new checksum."""
    flyways.apply()
    flyways.rows("DROP TABLE _migrator_migrations")
    assert "migrations: 0 applied now, 5 before" in flyways.apply()
    script = flyways.folder / "V1_9__rows.sql"
    script.write_bytes(SCRIPTS[script.name] + b"-- edited")
    edited = flyways.run("apply")
    assert edited.returncode == 7
    assert "V1_9__rows was changed after it was applied" in edited.stderr
    assert "  recorded 619801327\n" in edited.stderr
    script.write_bytes(b"-- migrator: accept 619801327 because the comment is new\n" + script.read_bytes())
    assert "migrations: 0 applied now, 5 before" in flyways.apply()
    script.write_bytes(SCRIPTS[script.name] + b"-- edited")
    flyways.rows(f"UPDATE {HISTORY} SET checksum = -1310607737 WHERE script = '{script.name}'")
    assert "migrations: 0 applied now, 5 before" in flyways.apply()


def test_a_repeatable_migration_runs_again_when_it_was_edited(flyways: OwnedDatabase) -> None:
    """And only then; Flyway finds one more row, as after its own run."""
    flyways.apply()
    view = flyways.folder / "R__a_view.sql"
    view.write_text("CREATE OR REPLACE VIEW c AS SELECT id, x FROM a;\n")
    assert "migrations: 1 applied now, 4 before" in flyways.apply()
    assert "migrations: 0 applied now, 5 before" in flyways.apply()
    assert flyways.value(f"SELECT count(*) FROM {HISTORY} WHERE script = 'R__a_view.sql'") == 2


def test_a_baseline_of_flyway_stands_for_the_versions_up_to_it(flyways: OwnedDatabase) -> None:
    flyways.rows("CREATE TABLE a (id int PRIMARY KEY, x text); CREATE TABLE b (id int);")
    flyways.run("apply")  # it fails at the first table, and has made the history
    flyways.rows(
        f"""INSERT INTO {HISTORY} VALUES
            (1, '1', '<< Flyway Baseline >>', 'BASELINE', '<< Flyway Baseline >>', NULL, 'me', now(), 0,
             true)"""
    )
    assert "migrations: 4 applied now, 1 before" in flyways.apply()
