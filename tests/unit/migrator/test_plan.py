"""How each statement will run, and how a plan travels."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pglast import parse_sql

from migrator.errors import PlanError
from migrator.plan import Plan
from tests.unit.migrator.planned import plan, statements

NAMES = st.sampled_from(["a", '"A"', '"é;"', '"on"', '"a""b"', '"index"'])


def trees(sql: str) -> list[Any]:
    return [raw.stmt for raw in parse_sql(sql)]


@given(
    unique=st.sampled_from(["", "UNIQUE "]),
    condition=st.sampled_from(["", "IF NOT EXISTS "]),
    concurrently=st.sampled_from(["", "CONCURRENTLY "]),
    name=NAMES,
    only=st.sampled_from(["", "ONLY "]),
    schema=st.sampled_from(["", "public.", '"s;" . ', "/* on x */ "]),
    table=NAMES,
    columns=st.sampled_from(
        ["(a)", "USING gin (a jsonb_path_ops)", "(lower(a) DESC, b NULLS LAST) INCLUDE (c)"]
    ),
    rest=st.sampled_from(
        ["", " WITH (fillfactor = 70)", " TABLESPACE x WHERE a = ';'", " -- INDEX\n WHERE b > 0"]
    ),
)
def test_an_index_statement_only_gains_concurrently(
    unique: str,
    condition: str,
    concurrently: str,
    name: str,
    only: str,
    schema: str,
    table: str,
    columns: str,
    rest: str,
) -> None:
    """PostgreSQL reads it as the same, made online; on another table it differs in names alone."""
    sql = f"CREATE {unique}INDEX {concurrently}{condition}{name} ON {only}{schema}{table} {columns}{rest}"
    (statement,) = statements(sql)
    assert statement.online is not None
    (original,), (online,) = trees(sql), trees(statement.online.sql)
    assert online.concurrent
    original.concurrent = True
    assert online == original
    (elsewhere,) = trees(statement.online.create(on="ONLY s.twin"))
    assert (elsewhere.relation.schemaname, elsewhere.relation.relname) == ("s", "twin")
    assert (elsewhere.relation.inh, elsewhere.concurrent) == (False, False)
    elsewhere.relation, elsewhere.concurrent = original.relation, True
    elsewhere.if_not_exists = original.if_not_exists
    assert elsewhere == original


@pytest.mark.parametrize(
    ("sql", "online"),
    [
        ("DROP INDEX IF EXISTS s.i", ['DROP INDEX CONCURRENTLY IF EXISTS "s"."i"']),
        ("DROP INDEX i, J", ['DROP INDEX CONCURRENTLY "i"', 'DROP INDEX CONCURRENTLY "j"']),
        ("REINDEX INDEX i", ["REINDEX INDEX CONCURRENTLY i"]),
        ("REINDEX (TABLESPACE x) TABLE s.t", ["REINDEX (TABLESPACE x) TABLE CONCURRENTLY s.t"]),
        ("REINDEX SCHEMA CONCURRENTLY s", ["REINDEX SCHEMA CONCURRENTLY s"]),
        ("REINDEX (CONCURRENTLY) INDEX i", ["REINDEX (CONCURRENTLY) INDEX i"]),
    ],
)
def test_drops_and_reindexes_run_online(sql: str, online: list[str]) -> None:
    """Each in the form that PostgreSQL takes concurrently."""
    assert [statement.online.sql for statement in statements(sql) if statement.online] == online


def test_statements_commit_together_unless_one_takes_long_or_is_online() -> None:
    """A validation or a change of data never waits with another's lock held."""
    (migration,) = plan(
        """CREATE TABLE n (a int); CREATE INDEX n_a ON n (a); INSERT INTO n VALUES (1);
           ALTER TABLE t ADD COLUMN b int;
           UPDATE t SET b = 1; DELETE FROM t WHERE b = 2;
           ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t VALIDATE CONSTRAINT d;
           CREATE INDEX t_b ON t (b);
           ALTER TABLE t ALTER b SET DEFAULT 1;"""
    ).migrations
    assert [(first, len(group)) for first, group in migration.transactions()] == [
        (1, 4),
        (5, 2),
        (7, 1),
        (8, 1),
        (9, 1),
        (10, 1),
    ]
    assert [statement.long for statement in migration.statements] == [False] * 4 + [True] * 4 + [False] * 2
    assert [first for first, _ in migration.transactions(applied=5)] == [6, 7, 8, 9, 10]


def test_promises_follow_what_later_statements_do() -> None:
    """Renamed, dropped alone, with a column, with a table: only what remains is promised."""
    promised = plan(
        "CREATE TABLE t (a int, b int, c int); CREATE INDEX i1 ON t (a);"
        "CREATE INDEX i2 ON t (b) INCLUDE (c);",
        'CREATE INDEX i3 ON s.u (lower(x)); CREATE INDEX "I4" ON s.u (y); CREATE UNIQUE INDEX i5 ON t (a);',
        'ALTER INDEX i1 RENAME TO j1; ALTER TABLE t DROP COLUMN c; DROP INDEX s."I4";',
        "ALTER TABLE t ADD CONSTRAINT k5 UNIQUE USING INDEX i5;"
        "CREATE TABLE v (a int); CREATE INDEX i6 ON v (a);",
        "DROP TABLE v; ALTER TABLE t RENAME COLUMN a TO z; ALTER TABLE t RENAME TO tt;",
    ).promises
    assert {(promise.index, promise.table) for promise in promised} == {
        ('"j1"', '"tt"'),
        ('"k5"', '"tt"'),
        ('"s"."i3"', '"s"."u"'),
    }


def test_promises_move_with_their_table_and_take_any_new_name() -> None:
    """SET SCHEMA takes the indexes along; ALTER TABLE renames an index as ALTER INDEX does."""
    promised = plan(
        "CREATE TABLE t (a int); CREATE INDEX i ON t (a); CREATE INDEX j ON t (a);",
        "ALTER TABLE i RENAME TO k; ALTER TABLE t SET SCHEMA s; ALTER TABLE s.k RENAME TO l;",
        "CREATE TABLE s.u (a int); CREATE INDEX m ON s.u (a); ALTER TABLE s.u SET SCHEMA public;",
    ).promises
    assert {(promise.index, promise.table) for promise in promised} == {
        ('"s"."l"', '"s"."t"'),
        ('"s"."j"', '"s"."t"'),
        ('"m"', '"u"'),
    }


def test_the_indexes_of_partitions_go_with_their_table_and_their_index() -> None:
    """As PostgreSQL drops them: with the table, with its column, with the index they are attached to."""
    promised = plan(
        "CREATE TABLE p (a int, b int, c int) PARTITION BY RANGE (a);"
        "CREATE TABLE p1 PARTITION OF p DEFAULT PARTITION BY RANGE (a);"
        "CREATE TABLE p2 (a int, b int, c int); ALTER TABLE p1 ATTACH PARTITION p2 DEFAULT;"
        "CREATE TABLE q (a int); CREATE INDEX kept ON q (a);",
        "CREATE INDEX column_gone ON p2 (z); CREATE INDEX part ON p2 (b); CREATE INDEX whole ON ONLY p1 (b);"
        "ALTER INDEX whole ATTACH PARTITION part; CREATE INDEX rest ON p2 (c);",
        "ALTER TABLE p RENAME COLUMN c TO d; ALTER TABLE p DROP COLUMN z;"
        "ALTER INDEX whole RENAME TO entire; DROP INDEX entire;",
    )
    assert {promise.index for promise in promised.promises} == {'"kept"', '"rest"'}
    dropped = plan(
        *[migration.source for migration in promised.migrations], "ALTER TABLE p RENAME TO r; DROP TABLE r"
    )
    assert {promise.index for promise in dropped.promises} == {'"kept"'}
    detached = plan(
        *[migration.source for migration in promised.migrations],
        "ALTER TABLE p1 DETACH PARTITION p2; DROP TABLE p",
    )
    assert {promise.index for promise in detached.promises} == {'"kept"', '"rest"'}


def test_a_partitions_equal_index_goes_with_the_index_that_takes_it_as_a_part() -> None:
    """PostgreSQL attaches it unasked; another index of the partition stays."""
    promised = plan(
        "CREATE TABLE p (a int, b int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT;",
        "CREATE INDEX taken ON p1 (a); CREATE INDEX other ON p1 (b); CREATE INDEX whole ON p (a);",
        "DROP INDEX whole;",
    ).promises
    assert [promise.index for promise in promised] == ['"other"']


def test_a_plan_travels_unchanged() -> None:
    """Through JSON and back; a script that was tampered with on the way is refused."""
    made = plan(
        "CREATE INDEX i ON t (a); DROP TABLE t;",
        "-- migrator: allow rename because x\nALTER TABLE a RENAME TO b",
    )
    assert Plan.from_json(made.to_json()) == made
    tampered = json.loads(made.to_json())
    tampered["migrations"][0]["source"] += " "
    with pytest.raises(PlanError) as error:
        Plan.from_json(json.dumps(tampered))
    assert str(error.value) == "migration m1 is not the file that was planned: build the bundle again"
