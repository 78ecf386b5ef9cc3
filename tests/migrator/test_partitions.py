"""Indexes on partitioned tables, interrupted or half there: completed, never started over."""

from __future__ import annotations

from typing import Any

import pytest

from testkit.waiting import eventually
from tests.migrator.conftest import OwnedDatabase
from tests.migrator.test_interruptions import BUILDING

# An index on slow(a) takes 0.75 s a partition, since each row does ten milliseconds of work.
BASE = """\
CREATE TABLE p (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (76);
CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (76) TO (1000) PARTITION BY RANGE (a);
CREATE TABLE p_2_1 PARTITION OF p_2 FOR VALUES FROM (76) TO (1000);
INSERT INTO p SELECT n, n FROM generate_series(1, 150) n;
CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql
AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN $1; END $$;
"""
TREE = """
SELECT CAST(relid AS regclass)::text, CAST(parentrelid AS regclass)::text, indisvalid
FROM pg_partition_tree('i') JOIN pg_index ON indexrelid = relid ORDER BY 1
"""
ALL = """
SELECT CAST(indexrelid AS regclass)::text FROM pg_index
WHERE indrelid IN (SELECT relid FROM pg_partition_tree('p')) ORDER BY 1
"""


def whole(column: str) -> list[list[Any]]:
    """The index `i` and its parts, all valid and attached, under PostgreSQL's own names."""
    return [
        ["i", None, True],
        [f"p_1_{column}_idx", "i", True],
        [f"p_2_1_{column}_idx", f"p_2_{column}_idx", True],
        [f"p_2_{column}_idx", "i", True],
    ]


def apply(database: OwnedDatabase) -> str:
    done = database.run_here("apply")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def with_table(database: OwnedDatabase) -> None:
    database.write("1_base", BASE)
    apply(database)


@pytest.mark.parametrize(
    "left",
    [
        "CREATE INDEX i ON ONLY p (b)",
        "CREATE INDEX i ON ONLY p (b); CREATE INDEX p_1_b_idx ON p_1 (b)",
        """CREATE INDEX i ON ONLY p (b); CREATE INDEX p_1_b_idx ON p_1 (b);
           ALTER INDEX i ATTACH PARTITION p_1_b_idx""",
        """CREATE INDEX i ON ONLY p (b); CREATE INDEX p_2_b_idx ON ONLY p_2 (b);
           ALTER INDEX i ATTACH PARTITION p_2_b_idx""",
    ],
)
def test_what_an_interrupted_build_left_is_completed(database: OwnedDatabase, left: str) -> None:
    """Whichever parts are built and attached, and the rest is built under the same names."""
    with_table(database)
    database.rows(left)
    database.write("2_i", "CREATE INDEX i ON p (b);")
    apply(database)
    assert database.rows(TREE) == whole("b")
    assert database.rows(ALL) == [[name] for name, _, _ in whole("b")]


def test_a_partitions_invalid_leftover_is_built_again(database: OwnedDatabase) -> None:
    """It is not attached as it is, and none is made beside it."""
    with_table(database)
    database.rows("CREATE INDEX i ON ONLY p (b); CREATE INDEX p_1_b_idx ON p_1 (b)")
    admin = database.session(**database.server.environment(database.name))
    admin.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'p_1_b_idx'::regclass")
    database.write("2_i", "CREATE INDEX i ON p (b);")
    assert "is left of an interrupted build: dropped, built again" in apply(database)
    assert database.rows(TREE) == whole("b")
    assert database.rows(ALL) == [[name] for name, _, _ in whole("b")]


def test_a_build_killed_in_its_second_partition_keeps_the_first(database: OwnedDatabase) -> None:
    """What is built stays, in the same file; the rest is built by the next run."""
    with_table(database)
    database.write("2_i", "CREATE INDEX i ON p (slow(a));")
    migrator = database.start("apply")
    of_second = f"{BUILDING} AND relid = 'p_2_1'::regclass"
    backend = eventually(lambda: database.rows(of_second))[0][0]
    built = database.value("SELECT pg_relation_filenode('p_1_slow_idx')")
    database.rows(f"SELECT pg_terminate_backend({backend})")
    migrator.communicate()
    assert migrator.returncode == 5
    apply(database)
    assert database.rows(TREE) == whole("slow")
    assert database.rows(ALL) == [[name] for name, _, _ in whole("slow")]
    assert database.value("SELECT pg_relation_filenode('p_1_slow_idx')") == built


def test_a_duplicate_in_one_partition_is_an_error_and_the_mended_table_is_indexed(
    database: OwnedDatabase,
) -> None:
    """The error is PostgreSQL's own; no invalid index of the partition costs writes meanwhile."""
    with_table(database)
    database.rows("INSERT INTO p VALUES (150, '150')")
    database.write("2_i", "CREATE UNIQUE INDEX i ON p (a, b);")
    failed = database.run_here("apply")
    assert failed.returncode == 9
    assert "SQLSTATE 23505" in failed.stderr
    assert database.value("SELECT to_regclass('p_2_1_a_b_idx')") is None
    database.rows("DELETE FROM p WHERE a = 150")
    apply(database)
    assert database.rows(TREE) == whole("a_b")


def test_another_definition_is_an_error_that_shows_both(database: OwnedDatabase) -> None:
    """As with a plain table's index."""
    with_table(database)
    database.rows("CREATE INDEX i ON p (b)")
    database.write("2_i", "CREATE INDEX IF NOT EXISTS i ON p (b, a);")
    refused = database.run_here("apply")
    assert refused.returncode == 10
    assert "USING btree (b)\n" in refused.stderr
    assert "USING btree (b, a)\n" in refused.stderr


def test_an_index_that_lacks_a_part_is_told_and_completed(database: OwnedDatabase) -> None:
    """ON ONLY leaves it invalid, which no REINDEX mends; the same statement without ONLY does."""
    with_table(database)
    database.write("2_only", "CREATE INDEX i ON ONLY p (b);")
    told = database.run("apply")
    assert told.returncode == 1
    assert told.stderr == (
        'IndexesMissing: "i" is invalid: a partition has no part of it. '
        'Complete it with a new migration: CREATE INDEX "i" … without ONLY\n'
    )
    database.write("3_whole", "CREATE INDEX i ON p (b);")
    database.apply()
    assert database.rows(TREE) == whole("b")
