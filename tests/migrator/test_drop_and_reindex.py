"""Each form of DROP INDEX and REINDEX, online: what it names is dropped or built again, nothing else is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.migrator.conftest import OwnedDatabase

BASE = """\
CREATE SCHEMA s;
CREATE TABLE s.t (a int, b text);
INSERT INTO s.t SELECT n, n FROM generate_series(1, 100) n;
CREATE INDEX i ON s.t (a);
CREATE TABLE t (id serial PRIMARY KEY, a int, b text);
INSERT INTO t (a, b) SELECT n, n FROM generate_series(1, 100) n;
CREATE INDEX i ON t (a);
CREATE UNIQUE INDEX "J" ON t (b) WHERE a > 3;
CREATE TABLE p (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (MINVALUE) TO (5);
CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (5) TO (MAXVALUE) PARTITION BY RANGE (a);
CREATE TABLE p_2_1 PARTITION OF p_2 FOR VALUES FROM (5) TO (MAXVALUE);
INSERT INTO p SELECT n, n FROM generate_series(1, 9) n;
CREATE INDEX k ON p (b);
"""
# Every index with its file, which is another after the index has been built again.
INDEXES = """
SELECT CAST(i.indexrelid AS regclass)::text, pg_relation_filenode(i.indexrelid), indisvalid
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 's') AND c.relname <> '_prisma_migrations_pkey'
"""
ALL = {"s.i", "i", '"J"', "t_pkey", "k", "p_1_b_idx", "p_2_b_idx", "p_2_1_b_idx"}
PARTITIONED = {"k", "p_1_b_idx", "p_2_b_idx", "p_2_1_b_idx"}
PARTITIONS = {"p_1_b_idx", "p_2_1_b_idx"}  # those that hold rows


def indexes(database: OwnedDatabase) -> dict[str, Any]:
    found = database.rows(INDEXES)
    assert all(valid for _, _, valid in found), found
    return {name: file for name, file, _ in found}


def apply(database: OwnedDatabase, sql: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The indexes before and after a migration; a second run changes nothing more."""
    database.rows(BASE)
    before = indexes(database)
    assert set(before) == ALL
    database.write("1_more", sql)
    for applied in ("1 applied now, 0 before", "0 applied now, 1 before"):
        done = database.run_here("apply")
        assert done.returncode == 0, done.stderr
        assert f"migrations: {applied}" in done.stdout
    return before, indexes(database)


@pytest.mark.parametrize(
    ("sql", "dropped"),
    [
        ("DROP INDEX i", {"i"}),
        ("drop index if exists public.i restrict", {"i"}),
        ("DROP INDEX CONCURRENTLY s.i", {"s.i"}),
        ("DROP INDEX CONCURRENTLY IF EXISTS s.i", {"s.i"}),
        ("DROP INDEX IF EXISTS nothing", set()),
        ('DROP INDEX i, "J", s.i', {"i", '"J"', "s.i"}),
        ("DROP INDEX k", PARTITIONED),
        ("DROP INDEX IF EXISTS k, i", {*PARTITIONED, "i"}),
    ],
)
def test_a_drop_takes_what_it_names(database: OwnedDatabase, sql: str, dropped: set[str]) -> None:
    """A partitioned index goes with those of its partitions."""
    before, after = apply(database, sql)
    assert after == {name: file for name, file in before.items() if name not in dropped}


@pytest.mark.parametrize(
    ("sql", "rebuilt"),
    [
        ("REINDEX INDEX i", {"i"}),
        ('reindex index concurrently "J"', {'"J"'}),
        ("REINDEX (VERBOSE, CONCURRENTLY) INDEX s.i", {"s.i"}),
        ("REINDEX (CONCURRENTLY true) INDEX s.i", {"s.i"}),
        ("REINDEX (VERBOSE) TABLE t", {"i", '"J"', "t_pkey"}),
        ("REINDEX TABLE CONCURRENTLY s.t", {"s.i"}),
        ("REINDEX (TABLESPACE pg_default) TABLE s.t", {"s.i"}),
        ("REINDEX SCHEMA s", {"s.i"}),
        ("REINDEX INDEX k", PARTITIONS),
        ("REINDEX TABLE p", PARTITIONS),
        ("REINDEX TABLE p_2", {"p_2_1_b_idx"}),
        ("REINDEX INDEX p_1_b_idx", {"p_1_b_idx"}),
    ],
)
def test_a_reindex_builds_what_it_names_again(database: OwnedDatabase, sql: str, rebuilt: set[str]) -> None:
    """Under the same names, and leaves nothing else behind."""
    before, after = apply(database, sql)
    assert set(after) == set(before)
    assert {name for name in after if after[name] != before[name]} == rebuilt


@pytest.mark.parametrize(
    "sql",
    [
        "DROP INDEX i",
        "REINDEX INDEX i",
        "REINDEX (VERBOSE) TABLE t",
        "REINDEX (CONCURRENTLY off) INDEX i",
        "CREATE INDEX n ON t (b)",
    ],
)
def test_what_reaches_the_server_is_concurrent(database: OwnedDatabase, sql: str) -> None:
    """Whatever the file says: the server's log has no plain form of it."""
    log = database.server.log
    database.rows(BASE)
    before = log.stat().st_size
    database.write("1_more", sql)
    assert database.run_here("apply").returncode == 0
    logged = log.read_bytes()[before:].decode()
    ran = re.findall(r"statement: ((?:CREATE INDEX|DROP INDEX|REINDEX).*)", logged)
    assert len(ran) == 1
    assert re.match(r"(CREATE|DROP) INDEX CONCURRENTLY|REINDEX .*\bCONCURRENTLY\b(?! *(off|false|0))", ran[0])
