"""An UPDATE or DELETE in batches: each row once, also after a kill, and nobody waits long."""

from __future__ import annotations

import re

import pytest

from tests.migrator.conftest import OwnedDatabase, read_until

ROWS = 3000
KEYS = {
    "int": "n",
    "uuid": "CAST(md5(CAST(n AS text)) AS uuid)",
    "text": "CASE WHEN n % 2 = 0 THEN 'É' ELSE '''\\' END || n",
    "timestamptz": "CAST('2026-01-01 00:00:00.000001+00' AS timestamptz) + n * interval '1 microsecond'",
    "numeric(12, 4)": "n / 7.0",
}
BACKFILL = (
    "-- migrator: in batches of {size} by id\nUPDATE t SET y = x, touched = touched + 1 WHERE x % 3 > 0;\n"
)
SLOW = """CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN PERFORM pg_sleep({seconds}); RETURN new; END';
    CREATE TRIGGER slow BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION slow()"""


def fill(database: OwnedDatabase, key: str = "int", *, rows: int = ROWS) -> None:
    database.write(
        "1",
        f"""CREATE TABLE t (id {key} PRIMARY KEY, x int, y int, touched int NOT NULL DEFAULT 0);
            INSERT INTO t (id, x) SELECT {KEYS[key]}, n FROM generate_series(1, {rows}) n;""",
    )
    database.apply()


def wrong(database: OwnedDatabase) -> int:
    """Rows that were not changed as one UPDATE would have."""
    condition = "CASE WHEN x % 3 > 0 THEN y = x AND touched = 1 ELSE y IS NULL AND touched = 0 END"
    count: int = database.value(f"SELECT count(*) FROM t WHERE ({condition}) IS NOT TRUE")
    return count


@pytest.mark.parametrize("key", KEYS)
def test_each_row_is_changed_once(database: OwnedDatabase, key: str) -> None:
    """Whatever the key's type and order."""
    fill(database, key)
    database.write("2", BACKFILL.format(size=700))
    assert re.search(r"2 1/1 .* done in \d+ batches \d", database.apply())
    assert wrong(database) == 0


def test_a_killed_run_goes_on_after_the_last_batch(database: OwnedDatabase) -> None:
    """The twin is in the count: a row that was done again would be touched twice."""
    fill(database)
    database.write("2", f"SET search_path = public; {BACKFILL.format(size=20)}ALTER TABLE t ADD z int;")
    holder = database.session()
    holder.run("BEGIN; SELECT FROM t WHERE id = 1501 FOR UPDATE")
    migrator = database.start("apply")
    read_until(migrator, "no lock within")  # it has come to that row, and waits
    migrator.kill()
    migrator.communicate()
    holder.run("ROLLBACK")
    assert 900 < database.value("SELECT count(*) FROM t WHERE touched > 0") <= 1000
    assert re.search(r'2 2/3 .* resumes after "id" 1\d{3}\n', database.apply())
    assert wrong(database) == 0


def test_a_statement_that_was_changed_begins_again(database: OwnedDatabase) -> None:
    fill(database, rows=100)
    database.rows("ALTER TABLE t ADD CHECK (x < 60 OR y IS NULL)")
    database.write("2", BACKFILL.format(size=25))
    failed = database.run("apply")
    assert failed.returncode == 9
    assert 0 < database.value("SELECT count(*) FROM t WHERE touched > 0") <= 40  # the batches before it stay
    database.write("2", BACKFILL.format(size=25).replace("y = x", "y = NULL"))
    assert "resumes" not in database.apply()
    assert database.value("SELECT count(*) FROM t WHERE y IS NOT NULL") == 0
    assert database.value("SELECT max(touched) FROM t") == 2


def test_a_batch_that_takes_long_is_cut(database: OwnedDatabase) -> None:
    """Since a writer of one of its rows waits for its end."""
    fill(database, rows=300)
    database.rows(SLOW.format(seconds=0.002))
    database.write("2", BACKFILL.format(size=300))
    done = re.search(r"done in (\d+) batches", database.apply())
    assert done
    assert int(done[1]) > 20  # the first of 100 rows, the others of 10


def test_long_work_shows_how_far_it_is(database: OwnedDatabase) -> None:
    fill(database)
    database.rows(f"ANALYZE t; {SLOW.format(seconds=0.001)}")
    database.write("2", BACKFILL.format(size=100))
    migrator = database.start("apply")
    assert re.search(r"2 1/1 UPDATE .* \d+ % of about 3,000 rows \d+ s\n", read_until(migrator, "% of about"))
    migrator.kill()
    migrator.communicate()


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("CREATE TABLE t (a int PRIMARY KEY, x int)", 'there is no column "t"."id"'),
        ("CREATE TABLE t (id int UNIQUE, x int)", '"t"."id" may be NULL'),
        ("CREATE TABLE t (id int NOT NULL, x int, PRIMARY KEY (x, id))", "is no index' first column"),
    ],
)
def test_a_key_that_will_not_do_is_refused(database: OwnedDatabase, table: str, why: str) -> None:
    """Before the first row is changed."""
    database.write("1", f"{table}; INSERT INTO t VALUES (1, 1);")
    database.apply()
    database.write("2", "-- migrator: in batches of 10 by id\nUPDATE t SET x = 2 WHERE x = 1;")
    refused = database.run("apply")
    assert refused.returncode == 8
    assert "migration 2, statement 1 (line 2) cannot run in batches\n" in refused.stderr
    assert why in refused.stderr
    assert database.value("SELECT x FROM t") == 1


def test_a_partitioned_table_and_an_alias(database: OwnedDatabase) -> None:
    """The index is the partitioned one; the file's search_path holds in each batch."""
    database.write(
        "1",
        """CREATE SCHEMA app; CREATE TABLE app.p (id int PRIMARY KEY, x int) PARTITION BY RANGE (id);
           CREATE TABLE app.p_1 PARTITION OF app.p FOR VALUES FROM (0) TO (50);
           CREATE TABLE app.p_2 PARTITION OF app.p DEFAULT;
           INSERT INTO app.p SELECT n, n FROM generate_series(1, 99) n;""",
    )
    database.apply()
    database.write(
        "2",
        "SET search_path = app;\n-- migrator: in batches of 20 by id\nDELETE FROM p AS old WHERE old.x > 9;",
    )
    assert re.search(r"done in \d+ batches", database.apply())
    assert database.value("SELECT count(*) FROM app.p") == 9
