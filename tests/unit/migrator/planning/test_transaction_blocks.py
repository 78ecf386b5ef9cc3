"""Which statements of a file commit together: its own blocks, and what a session's objects need."""

from __future__ import annotations

import pytest

from tests.unit.migrator.planned import plan, statements

PRISMAS_ENUM = """BEGIN;
CREATE TYPE "Role_new" AS ENUM ('A', 'B');
ALTER TABLE "User" ALTER COLUMN "role" TYPE "Role_new" USING ("role"::text::"Role_new");
ALTER TYPE "Role" RENAME TO "Role_old";
ALTER TYPE "Role_new" RENAME TO "Role";
DROP TYPE "Role_old";
COMMIT;
"""


def lengths(*scripts: str) -> list[int]:
    """How many statements each transaction of the last script has."""
    return [len(group) for _, group in plan(*scripts).migrations[-1].transactions()]


def refusals(script: str) -> list[tuple[str, str | None]]:
    return [(hazard.code, hazard.table) for item in statements(script) for hazard in item.refusals]


def test_a_block_of_prismas_commits_together() -> None:
    """Its BEGIN and COMMIT are the migrator's; what precedes and follows is not in it."""
    (migration,) = plan(f"CREATE TABLE t (a int); {PRISMAS_ENUM} INSERT INTO t VALUES (1);").migrations
    assert [(first, len(group)) for first, group in migration.transactions()] == [(1, 1), (2, 5), (7, 1)]
    assert [statement.line for statement in migration.statements] == [1, 2, 3, 4, 5, 6, 8]
    assert lengths("BEGIN; UPDATE t SET a = 1 WHERE b; ALTER TABLE t ADD c int; END;") == [2]


def test_a_value_taken_out_of_an_enum_is_one_hazard() -> None:
    """The type's name stands for a type before and after: only the column's rewrite hurts."""
    assert refusals(PRISMAS_ENUM) == [("column-type", '"User"')]


@pytest.mark.parametrize(
    ("sql", "hazards"),
    [
        # Not in one transaction: in between there is no type of that name.
        ('ALTER TYPE "R" RENAME TO "o"; ALTER TYPE "n" RENAME TO "R"; DROP TYPE "o";', 3),
        # Given to nobody else.
        ('BEGIN; ALTER TYPE "R" RENAME TO "o"; DROP TYPE "o"; COMMIT;', 2),
        # In another schema.
        ('BEGIN; ALTER TYPE "R" RENAME TO "o"; ALTER TYPE s."n" RENAME TO "R"; DROP TYPE "o"; COMMIT;', 3),
        # With the columns that have it.
        (
            'BEGIN; CREATE TYPE n AS ENUM (); ALTER TYPE "R" RENAME TO "o"; ALTER TYPE n RENAME TO "R"; '
            'DROP TYPE "o" CASCADE; COMMIT;',
            1,
        ),
        # The new one.
        ('BEGIN; ALTER TYPE "R" RENAME TO "o"; ALTER TYPE "n" RENAME TO "R"; DROP TYPE "R"; COMMIT;', 2),
    ],
)
def test_a_type_that_others_miss_stays_a_hazard(sql: str, hazards: int) -> None:
    """Unlike one that is exchanged in a block."""
    assert len(refusals(sql)) == hazards


@pytest.mark.parametrize(
    "sql",
    [
        "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;",
        "BEGIN; SELECT 1; ROLLBACK;",
        "BEGIN; SELECT 1; COMMIT AND CHAIN;",
        "BEGIN; SELECT 1;",
        "SELECT 1; COMMIT;",
    ],
)
def test_a_block_that_cannot_be_kept_is_refused(sql: str) -> None:
    """Rather than taken apart in silence."""
    assert ("transaction-control", None) in refusals(sql)


def test_a_block_may_have_an_index_on_what_it_makes() -> None:
    """It blocks nobody, also where it has no name."""
    sql = "BEGIN; CREATE TABLE t (a int); CREATE INDEX i ON t (a); CREATE INDEX ON t (a); COMMIT;"
    assert (lengths(sql), refusals(sql)) == ([3], [])


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("CREATE INDEX j ON t (a)", '"t"'),
        ("CREATE INDEX ON t (a)", '"t"'),
        ("REINDEX TABLE t", '"t"'),
        ("REINDEX INDEX i", '"t"'),
        ("DROP INDEX i", '"t"'),
        ("DROP INDEX i CASCADE", '"t"'),
        ("DROP INDEX unknown", None),
    ],
)
def test_an_index_of_an_older_table_hurts_in_a_block(statement: str, table: str | None) -> None:
    """It can be allowed there, and runs as it is written; without the block it would run online."""
    made = "CREATE TABLE t (a int); CREATE INDEX i ON t (a);"
    (item,) = plan(made, f"BEGIN; {statement}; COMMIT;").migrations[-1].statements
    assert [(hazard.code, hazard.table) for hazard in item.refusals] == [("index-in-transaction", table)]
    assert (item.online, item.sql) == (None, statement)


@pytest.mark.parametrize(
    "statement",
    ["CREATE INDEX CONCURRENTLY j ON t (a)", "DROP INDEX CONCURRENTLY j", "REINDEX TABLE CONCURRENTLY t"],
)
def test_concurrently_is_refused_in_a_block(statement: str) -> None:
    """PostgreSQL would refuse it halfway."""
    assert refusals(f"BEGIN; {statement}; COMMIT;") == [("no-transaction", None)]


@pytest.mark.parametrize(
    "making",
    [
        "CREATE TEMP TABLE m (a int)",
        "CREATE TABLE pg_temp.m (a int)",
        "CREATE TEMP TABLE m ON COMMIT DROP AS SELECT 1 AS a",
        "SELECT 1 AS a INTO TEMP m",
        "CREATE TEMP VIEW m AS SELECT 1 AS a",
        "CREATE TEMP SEQUENCE m",
        "PREPARE m AS SELECT 1",
    ],
)
def test_what_a_session_has_is_made_and_used_in_one_transaction(making: str) -> None:
    """An index statement, a change of data and a new enum value between them included."""
    before, after = "ALTER TABLE t ADD b int", "ALTER TABLE t ADD c int"
    between = "UPDATE t SET b = 1 WHERE a = 1; ALTER TYPE e ADD VALUE 'x'"
    assert lengths(f"{before}; {making}; {between}; SELECT 'of M'; {after};") == [1, 4, 1]
    assert lengths(f"{before}; {making}; {between}; {after};") == [2, 1, 1, 1]


def test_the_temporary_table_of_a_block_takes_the_whole_block_along() -> None:
    """It lives on after the COMMIT."""
    assert lengths("BEGIN; SELECT 1; CREATE TEMP TABLE m (); COMMIT; SELECT 2; TABLE m; SELECT 3;") == [4, 1]
    assert lengths("CREATE TEMP TABLE m (); BEGIN; TABLE m; SELECT 1; COMMIT; SELECT 3;") == [3, 1]


def test_a_name_within_another_is_no_use_of_it() -> None:
    """Else the transaction would be longer than it needs to be."""
    assert lengths("CREATE TEMP TABLE m (); TABLE m; UPDATE mm SET a = 1 WHERE b;") == [2, 1]
