"""That a server reads and rewrites no table where the planner lets a statement through, else does."""

from __future__ import annotations

import pytest

from migrator.planning.column_checks import STEADY_FUNCTIONS
from migrator.postgres import PostgresError, Session
from tests.migrator.conftest import OwnedDatabase
from tests.unit.migrator.planned import plan
from tests.unit.migrator.planning.test_checks import MORE
from tests.unit.migrator.planning.test_schema_state import CHANGES, REWRITES

TABLES = """\
CREATE TABLE u (id int PRIMARY KEY);
CREATE TABLE t (id int, a int, b text, g int);
INSERT INTO t SELECT n, n, n, n FROM generate_series(1, 9) n;
ALTER TABLE t ADD CONSTRAINT a_not_null CHECK (a IS NOT NULL) NOT VALID;
ALTER TABLE t VALIDATE CONSTRAINT a_not_null;
CREATE UNIQUE INDEX t_id ON t (id);
CREATE UNIQUE INDEX t_a ON t (a);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE p (a int NOT NULL, b text) PARTITION BY RANGE (a);
CREATE TABLE q (a int NOT NULL, b text);
INSERT INTO q VALUES (1, 'x');
CREATE TABLE q_checked (a int NOT NULL, b text, CONSTRAINT c CHECK (a IS NOT NULL AND a >= 10 AND a < 20));
INSERT INTO q_checked VALUES (10, 'x');
"""
LET_THROUGH = [
    "ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 7",
    "ALTER TABLE t ADD COLUMN c jsonb DEFAULT jsonb_build_object('x', lower('Y'))",
    "ALTER TABLE t ADD COLUMN c int REFERENCES u (id)",
    "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (id) NOT VALID",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 100) NOT VALID",
    "ALTER TABLE t ALTER a SET NOT NULL",
    "ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX t_id",
    "ALTER TABLE t ADD CONSTRAINT c PRIMARY KEY USING INDEX t_a",
    "ALTER TABLE p ATTACH PARTITION q_checked FOR VALUES FROM (10) TO (20)",
]
REFUSED = [
    "ALTER TABLE t ADD COLUMN c uuid DEFAULT gen_random_uuid()",
    "ALTER TABLE t ADD COLUMN c serial",
    "ALTER TABLE t ADD COLUMN c int GENERATED ALWAYS AS (a + 1) STORED",
    "ALTER TABLE t ADD COLUMN c positive",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
    "ALTER TABLE t ALTER g SET NOT NULL",
    "ALTER TABLE t ADD CONSTRAINT c PRIMARY KEY USING INDEX t_id",
    "ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)",
    "ALTER TABLE t ADD CONSTRAINT c EXCLUDE (a WITH =)",
    "ALTER TABLE t SET UNLOGGED",
    "CLUSTER t USING t_id",
    "ALTER TABLE p ATTACH PARTITION q FOR VALUES FROM (0) TO (10)",
]
# The files of tables and indexes; how often tables were read, in this transaction and those just before.
LOOK = """\
SELECT
    (SELECT array_agg(pg_relation_filenode(oid) ORDER BY oid) FROM pg_class WHERE relname IN ('t', 'i', 'q')),
    (SELECT sum(seq_scan + coalesce(idx_scan, 0)) FROM pg_stat_xact_user_tables WHERE relname <> 'u')"""


def touches(session: Session, sql: str) -> bool:
    """Whether a statement reads a table's rows or writes a new file."""
    session.run("BEGIN")
    try:
        before = session.run(LOOK)
        session.run(sql)
        return session.run(LOOK) != before
    finally:
        session.run("ROLLBACK")


def refusals(history: str, sql: str) -> int:
    return sum(len(statement.refusals) for statement in plan(history, sql).migrations[1].statements)


@pytest.mark.parametrize(("scripts", "refused"), [(LET_THROUGH, False), (REFUSED, True)])
def test_what_is_refused_reads_or_rewrites_and_nothing_else_does(
    database: OwnedDatabase, scripts: list[str], refused: bool
) -> None:
    """The tables have rows, so that a server has something to read."""
    session = database.session()
    session.run(TABLES)
    assert {sql: bool(refusals(TABLES, sql)) for sql in scripts} == dict.fromkeys(scripts, refused)
    assert {sql: touches(session, sql) for sql in scripts} == dict.fromkeys(scripts, refused)


@pytest.mark.parametrize(("changes", "rewritten"), [(CHANGES, False), (REWRITES, True)])
def test_a_type_change_keeps_the_files_of_table_and_index_or_is_refused(
    database: OwnedDatabase, changes: list[tuple[str, str]], rewritten: bool
) -> None:
    """Each change of the planner's own tests, by what PostgreSQL does with a table of that type."""
    session = database.session()
    found = {}
    for old, new in changes:
        index = "" if "json" in old else "CREATE INDEX i ON t (a);"
        session.run(f"CREATE TABLE t (a {old}); {index}")
        using = f" USING a::{new}" if "json" in old else ""
        found[old, new] = touches(session, f"ALTER TABLE t ALTER a TYPE {new}{using}")
        session.run("DROP TABLE t")
    assert found == dict.fromkeys(changes, rewritten)


def test_a_steady_function_is_not_volatile(database: OwnedDatabase) -> None:
    """PostgreSQL's own catalogue says so of each that a default may call; they all exist."""
    names = ", ".join(f"'{name}'" for name in STEADY_FUNCTIONS)
    found = database.rows(
        f"""SELECT proname, bool_or(provolatile = 'v') FROM pg_proc
            WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ({names}) GROUP BY proname"""
    )
    assert dict(found) == dict.fromkeys(STEADY_FUNCTIONS, False)


def test_what_cannot_run_in_a_transaction_is_refused(database: OwnedDatabase) -> None:
    """Each statement of the planner's own tests; the rest of DETACH PARTITION can."""
    session = database.session()
    session.run(
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE q PARTITION OF p FOR VALUES IN (1)"
    )
    found = {}
    refused = [sql for sql, codes in MORE.items() if codes == ["no-transaction"]]
    for sql in [*refused, "VACUUM", "ALTER SYSTEM SET work_mem = '4MB'"]:
        session.run("BEGIN")
        with pytest.raises(PostgresError) as error:
            session.run(sql)
        found[sql] = error.value.code
        session.run("ROLLBACK")
    assert found == dict.fromkeys(found, "25001")
    reader = database.session()
    reader.run("BEGIN; SELECT FROM p")
    session.run("SET statement_timeout = '0.2s'")
    with pytest.raises(PostgresError):
        session.run("ALTER TABLE p DETACH PARTITION q CONCURRENTLY")
    reader.run("COMMIT")
    with session.transaction():
        session.run("ALTER TABLE p DETACH PARTITION q FINALIZE")
