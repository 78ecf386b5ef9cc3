"""No writer waits longer than the migrator's lock_timeout, whatever a file sets."""

from __future__ import annotations

import pytest

from migrator.postgres import PostgresError
from testkit.waiting import eventually
from tests.migrator.conftest import OwnedDatabase, read_until

BASE = "CREATE TABLE t (a int); INSERT INTO t VALUES (1);"
SEEN = """CREATE TABLE seen AS
SELECT current_setting('lock_timeout') AS a, current_setting('statement_timeout') AS b"""
FLAGS = ("--lock-timeout", "0.5", "--statement-timeout", "20")
LONGER = [
    "SET lock_timeout = '8s'",
    "SET lock_timeout = 0",
    "SET LOCAL lock_timeout TO '8 s'",
    "SET lock_timeout = 2000; SET statement_timeout = 0",
    "SET SESSION lock_timeout = '1min'; SET LOCAL statement_timeout = '1h'",
    "SELECT set_config('lock_timeout', '0', false)",
    "DO $$ BEGIN PERFORM set_config('statement_timeout', '1d', true); SET LOCAL lock_timeout = 0; END $$",
    "RESET ALL",
    "ALTER DATABASE {database} SET lock_timeout = '8s'; RESET lock_timeout",
]
# One statement that waits for the table with a time-out of its own making.
WAITING = [
    "SET lock_timeout = '10min'; ALTER TABLE t ADD COLUMN b int;",
    "SET lock_timeout = 0; SET statement_timeout = 0; ALTER TABLE t ADD COLUMN b int;",
    "DO $$ BEGIN SET LOCAL lock_timeout = 0; ALTER TABLE t ADD COLUMN b int; END $$;",
    """CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SET lock_timeout = '10min' AS
       $$ BEGIN ALTER TABLE t ADD COLUMN b int; END $$;
       SELECT f();""",
]
WAITS = (
    "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 't'::regclass AND mode = 'AccessExclusiveLock'"
)


@pytest.fixture
def base(database: OwnedDatabase) -> OwnedDatabase:
    database.write("1_base", BASE)
    assert database.run_here("apply").returncode == 0
    return database


@pytest.mark.parametrize("sql", LONGER)
def test_a_file_cannot_lengthen_a_time_out(base: OwnedDatabase, sql: str) -> None:
    """The next statement runs with the migrator's own, and a line says so."""
    base.write("2_longer", sql.format(database=base.name))
    assert base.run_here("apply", *FLAGS).returncode == 0
    base.write("3_seen", f"{sql.format(database=base.name)}; {SEEN};")
    done = base.run_here("apply", *FLAGS)
    assert (done.returncode, done.stderr) == (0, "")
    assert base.rows("SELECT a, b FROM seen") == [["500ms", "20s"]]
    assert "of the file would block the app for longer than the migrator's 0.5 s, which holds" in done.stdout


def test_the_line_names_what_was_set_and_what_holds(base: OwnedDatabase) -> None:
    """Once, whatever the number of tries."""
    base.write("2_longer", f"SET lock_timeout = '8s'; {SEEN};")
    assert base.run_here("apply").stdout.splitlines()[0] == (
        "2_longer 1–2/2 1 SET lock_timeout, 1 CREATE TABLE: lock_timeout = 8s of the file would block the "
        "app for longer than the migrator's 1 s, which holds"
    )


def test_a_file_may_shorten_a_time_out(base: OwnedDatabase) -> None:
    """It holds for the rest of its transaction, and the message about a lock has it."""
    base.write("2_shorter", f"SET lock_timeout = '200ms'; SET statement_timeout = '9s'; {SEEN};")
    done = base.run_here("apply", *FLAGS)
    assert (done.returncode, "which holds" in done.stdout) == (0, False)
    assert base.rows("SELECT a, b FROM seen") == [["200ms", "9s"]]
    base.write("3_column", "SET lock_timeout = '200ms'; ALTER TABLE t ADD COLUMN b int;")
    report = base.session()
    report.run("BEGIN; SELECT count(*) FROM t")
    failed = base.run_here("apply", "--lock-retries", "0")
    assert failed.returncode == 11
    assert ": no lock within 0.2 s, held by " in failed.stderr


@pytest.mark.parametrize("sql", WAITING)
def test_a_writer_does_not_wait_for_what_a_file_waits_for(base: OwnedDatabase, sql: str) -> None:
    """It comes in front of a statement that would wait for as long as a report runs, which is still open.

    For whom it waits is known once the second connection is there, which may be after the first try.
    """
    base.write("2_column", sql)
    report, writer = base.session(), base.session()
    report.run("BEGIN; SELECT count(*) FROM t")
    migrator = base.start("apply", "--lock-timeout", "0.5")
    eventually(lambda: base.rows(WAITS))
    writer.run("SET statement_timeout = '60s'; INSERT INTO t VALUES (2)")
    assert ": no lock within 0.5 s, held by pid" in read_until(migrator, "held by pid")
    assert report.rows("SELECT count(*) FROM t") == [[2]]
    report.run("COMMIT")
    printed, errors = migrator.communicate(timeout=60)
    assert (migrator.returncode, errors) == (0, ""), printed


def test_without_the_migrator_the_writer_waits(base: OwnedDatabase) -> None:
    """Else the test above would prove nothing."""
    report, writer = base.session(), base.session()
    report.run("BEGIN; SELECT count(*) FROM t")
    change = base.start_sql(WAITING[0])
    eventually(lambda: base.rows(WAITS))
    with pytest.raises(PostgresError, match="statement timeout"):
        writer.run("SET statement_timeout = '3s'; INSERT INTO t VALUES (2)")
    report.run("COMMIT")
    change.join()
