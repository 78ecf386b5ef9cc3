"""Statements that wait until no server of an older release runs: kept back, then applied by another run."""

from __future__ import annotations

import pytest

from migrator.errors import AllowanceError
from tests.migrator.conftest import OwnedDatabase
from tests.unit.migrator.planned import plan

BASE = "CREATE TABLE t (id int PRIMARY KEY, old text, new text); INSERT INTO t VALUES (1, 'a', NULL);"
CHANGE = """\
-- migrator: in batches of 100 by id
UPDATE t SET new = old WHERE new IS NULL;
CREATE INDEX t_new_idx ON t (new);
-- migrator: after verified
-- migrator: allow drop-column because the release that reads it is gone
ALTER TABLE t DROP COLUMN old;
-- migrator: after verified
CREATE INDEX t_id_new_idx ON t (id, new);
"""
COLUMNS = """SELECT string_agg(column_name, ' ' ORDER BY column_name)
    FROM information_schema.columns WHERE table_name = 't'"""


@pytest.fixture
def changed(database: OwnedDatabase) -> OwnedDatabase:
    """A database that is in use, and a change of it."""
    database.write("1", BASE)
    database.apply()
    database.write("2", CHANGE)
    return database


def test_what_waits_is_applied_once_the_release_is_verified(changed: OwnedDatabase) -> None:
    """Not before; and its index is promised only then."""
    first = changed.apply()
    assert "migrations: 0 applied now, 1 before, 1 waiting for a verified release\n" in first
    assert "1 of 1 promised indexes are valid" in first
    assert changed.value(COLUMNS) == "id new old"
    second = changed.apply("--verified")
    assert "2 resumes after statement 2\n" in second
    assert "migrations: 1 applied now, 1 before\n2 of 2 promised indexes are valid" in second
    assert changed.value(COLUMNS) == "id new"


def test_a_run_that_finds_only_what_waits_leaves_the_ledger_alone(changed: OwnedDatabase) -> None:
    """However often the first gate is passed."""
    changed.apply()
    rows = changed.rows("SELECT * FROM _prisma_migrations ORDER BY started_at")
    assert "waiting for a verified release" in changed.apply()
    assert changed.rows("SELECT * FROM _prisma_migrations ORDER BY started_at") == rows
    assert "2  waits for a verified release" in changed.run("status").stdout


def test_a_later_release_does_not_end_the_wait(changed: OwnedDatabase) -> None:
    """The older one may be the one that still runs; the third file is applied, and the wait goes on."""
    changed.apply()
    changed.write("3", "ALTER TABLE t ADD COLUMN more int;")
    assert "migrations: 1 applied now, 1 before, 1 waiting" in changed.apply()
    assert changed.value(COLUMNS) == "id more new old"
    assert "migrations: 1 applied now, 2 before\n" in changed.apply("--verified")
    assert changed.value(COLUMNS) == "id more new"


def test_a_new_database_takes_the_whole_history(database: OwnedDatabase) -> None:
    """No server of any release uses it."""
    database.write("1", BASE)
    database.write("2", CHANGE)
    assert "migrations: 2 applied now, 0 before\n" in database.apply()
    assert database.value(COLUMNS) == "id new"


def test_what_waits_needs_its_allowance_before_anything_runs(changed: OwnedDatabase) -> None:
    """A refusal comes before the rollout, not after it."""
    changed.write("2", CHANGE.replace("-- migrator: allow drop-column", "-- drop-column"))
    refused = changed.run("apply")
    assert refused.returncode == 8
    assert "migration 2, statement 3 (line 6) is refused (drop-column)" in refused.stderr
    assert changed.value("SELECT new FROM t") is None


def test_a_killed_contraction_resumes(changed: OwnedDatabase) -> None:
    """Of two statements that wait, the second fails; mended, it goes on."""
    changed.apply()
    changed.write("2", CHANGE.replace("(id, new)", "(id, missing)"))
    failed = changed.run("apply", "--verified")
    assert failed.returncode == 9
    assert changed.value(COLUMNS) == "id new"
    changed.write("2", CHANGE)
    assert "2 resumes after statement 3" in changed.apply("--verified")


@pytest.mark.parametrize(
    "sql",
    [
        "-- migrator: after verified\nDROP INDEX i;\nSELECT 1;",
        "BEGIN;\nSELECT 1;\n-- migrator: after verified\nSELECT 2;\nCOMMIT;",
    ],
)
def test_a_file_that_would_run_out_of_order_is_told(sql: str) -> None:
    with pytest.raises(AllowanceError, match="splits the file here"):
        plan(sql)


def test_the_plan_says_so() -> None:
    statements = plan(BASE, CHANGE).migrations[1].statements
    assert [statement.how for statement in statements] == ["batches", "online", "verified", "verified"]
