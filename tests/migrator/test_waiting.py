"""Locks that others hold: the app's writers come first."""

from __future__ import annotations

import threading
import time

from testkit.waiting import eventually
from tests.migrator.conftest import OwnedDatabase, read_until

BASE = "CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 100);"


def test_writers_are_not_held_up_while_a_table_is_locked(database: OwnedDatabase) -> None:
    """ALTER TABLE gives up after lock_timeout, lets the writers pass, and tries again."""
    database.write("1_base", BASE)
    database.apply()
    database.write("2_column", "ALTER TABLE t ADD COLUMN b int;")
    report = database.session()
    report.run("BEGIN; SELECT count(*) FROM t")
    writer, writes, stop = database.session(), list[float](), threading.Event()

    def write() -> None:
        while not stop.wait(0.01):
            started = time.monotonic()
            writer.run("INSERT INTO t VALUES (0)")
            writes.append(time.monotonic() - started)

    thread = threading.Thread(target=write)
    thread.start()
    migrator = database.start("apply", "--lock-timeout", "0.5")
    printed = read_until(migrator, "no lock within")
    gave_up_after = len(writes)
    eventually(lambda: len(writes) > gave_up_after)  # while the report goes on
    report.run("COMMIT")
    rest, errors = migrator.communicate(timeout=30)
    printed += rest
    stop.set()
    thread.join()
    assert (migrator.returncode, errors) == (0, "")
    assert "2_column 1/1 ALTER TABLE t ADD COLUMN b int: no lock within 0.5 s, held by pid " in printed
    assert "(migrator, idle in transaction, transaction" in printed
    assert "s: BEGIN; SELECT count(*) FROM t); next try in " in printed
    assert max(writes) > 0.3  # one did wait behind ALTER TABLE


def test_a_lock_that_is_never_free_is_an_error_that_names_the_holder(database: OwnedDatabase) -> None:
    """The statement, the time, the holder, the setting."""
    database.write("1_base", BASE)
    database.apply()
    database.write("2_column", "ALTER TABLE t ADD COLUMN b int;")
    report = database.session()
    report.run("BEGIN; SELECT count(*) FROM t")
    failed = database.run("apply", "--lock-timeout", "0.5", "--lock-retries", "1")
    assert failed.returncode == 11
    assert failed.stderr.startswith(
        "LockTimeout: migration 2_column, statement 1 (line 1): no lock within 0.5 s, "
        f"held by pid {report.pid} (migrator, idle in transaction, transaction "
    )
    assert failed.stderr.endswith(
        "tried 2 times. End that transaction, or raise --lock-retries, and run again\n"
    )


def test_an_old_transaction_is_named_while_an_index_waits_for_it(database: OwnedDatabase) -> None:
    """And after the time-out there is no invalid index."""
    database.write("1_base", BASE + "CREATE TABLE other (a int);")
    database.apply()
    database.write("2_i", "CREATE INDEX i ON t (a);")
    report = database.session()
    report.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other")
    failed = database.run("apply", "--wait-for-transactions", "3")
    report.run("ROLLBACK")
    assert failed.returncode == 11
    assert f"waits for pid {report.pid} (migrator, idle in transaction, transaction" in failed.stdout
    assert failed.stderr.startswith(
        f"LockTimeout: migration 2_i, statement 1 (line 1): waited 3 s for pid {report.pid} (migrator, "
    )
    assert failed.stderr.endswith("End that transaction, or raise --wait-for-transactions, and run again\n")
    assert database.value("SELECT to_regclass('i')") is None
    database.apply()


def test_what_cannot_be_cleaned_up_is_told_and_repaired_by_the_next_run(database: OwnedDatabase) -> None:
    """A writer's open transaction keeps the failed build from being dropped as well."""
    database.write("1_base", BASE)
    database.apply()
    database.write("2_i", "CREATE INDEX i ON t (a);")
    writer = database.session()
    writer.run("BEGIN; DELETE FROM t WHERE a = 1")
    failed = database.run("apply", "--wait-for-transactions", "1")
    writer.run("ROLLBACK")
    assert failed.returncode == 11
    assert '"i" online what was built stays invalid; the next run drops it' in failed.stdout
    assert "invalid leftover of an interrupted build: dropped, built again" in database.apply()


def test_a_validation_does_not_keep_the_locks_of_what_precedes_it(database: OwnedDatabase) -> None:
    """It runs in a transaction of its own, and then SET NOT NULL is no hazard."""
    database.write("1_base", BASE)
    database.apply()
    database.write(
        "2_not_null",
        """ALTER TABLE t ADD CONSTRAINT a_not_null CHECK (a IS NOT NULL) NOT VALID;
           ALTER TABLE t VALIDATE CONSTRAINT a_not_null;
           ALTER TABLE t ALTER COLUMN a SET NOT NULL;
           ALTER TABLE t DROP CONSTRAINT a_not_null;""",
    )
    commits = [line for line in database.apply().splitlines() if " committed " in line]
    assert [line.split()[1] for line in commits] == ["1/4", "2/4", "3–4/4"]


def test_a_schema_change_that_takes_long_is_stopped(database: OwnedDatabase) -> None:
    """statement_timeout ends it, and the message says why."""
    database.write("1_base", BASE)
    database.apply()
    database.write("2_slow", "SELECT pg_sleep(5);")
    failed = database.run("apply", "--statement-timeout", "0.3")
    assert failed.returncode == 9
    assert "It would have blocked the app for longer: split it, or raise --statement-timeout" in failed.stderr


def test_settings_of_a_file_do_not_outlive_its_transaction(database: OwnedDatabase) -> None:
    """A SET cannot move the ledger or the next migration to another schema."""
    database.write("1_base", "CREATE SCHEMA s; SET search_path = s; CREATE TABLE t (a int);")
    database.write("2_more", "CREATE TABLE u (a int);")
    database.apply()
    assert database.rows("SELECT to_regclass('s.t')::text, to_regclass('public.u')::text") == [["s.t", "u"]]
    assert database.value("SELECT count(*) FROM public._prisma_migrations WHERE finished_at IS NOT NULL") == 2
