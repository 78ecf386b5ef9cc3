"""Killed, cut off, doubled: what the next run makes of it."""

from __future__ import annotations

import re
import signal
import subprocess
from typing import TypeVar

import pytest

from migrator.ledger import Ledger
from migrator.plan import Plan
from migrator.postgres import Session
from testkit.waiting import eventually
from tests.migrator.conftest import OwnedDatabase, read_until

T = TypeVar("T")

# An index on slow(a) takes three seconds to build, since each of its rows does ten milliseconds of work.
BASE = """\
CREATE TABLE t (a int);
INSERT INTO t SELECT generate_series(1, 300);
CREATE TABLE other (a int);
CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql
AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN $1; END $$;
"""
BUILDING = "SELECT pid FROM pg_stat_progress_create_index WHERE datname = current_database()"
WAITING = f"{BUILDING} AND phase = 'waiting for old snapshots'"
USABLE = "SELECT indisvalid AND indisready FROM pg_index WHERE indexrelid = to_regclass('i')"


def hold_build(database: OwnedDatabase) -> tuple[subprocess.Popen[str], int, Session]:
    """A migrator whose index is built but not valid, its backend's pid, and whom it waits for."""
    database.write("1_base", BASE)
    database.apply()
    database.write("2_i", "CREATE INDEX i ON t (a);")
    holder = database.session()
    holder.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other")
    migrator = database.start("apply")
    backend = eventually(lambda: database.rows(WAITING))[0][0]
    return migrator, backend, holder


def start_slow_build(database: OwnedDatabase) -> subprocess.Popen[str]:
    """A migrator whose index takes three seconds, of which it is in the first."""
    database.write("1_base", BASE)
    database.apply()
    database.write("2_slow", "CREATE INDEX i ON t (slow(a));")
    migrator = database.start("apply")
    eventually(lambda: database.rows(BUILDING))
    return migrator


def test_progress_is_shown_while_an_index_is_built(database: OwnedDatabase) -> None:
    """Phase, per cent and time, about every two seconds."""
    printed = start_slow_build(database).communicate()[0]
    assert re.search(
        r'^2_slow 1/1 CREATE INDEX "i" online (\d+ % )?\(building index: scanning table\) \d s$',
        printed,
        re.MULTILINE,
    ), printed


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_runner_says_that_it_resumes(database: OwnedDatabase, stop: signal.Signals) -> None:
    """ECS sends SIGTERM, a person Ctrl-C; the server goes on building, and the next run uses that."""
    migrator = start_slow_build(database)
    migrator.send_signal(stop)
    errors = migrator.communicate(timeout=10)[1]
    assert migrator.returncode == 130
    assert errors == "interrupted: run again, it resumes where it stopped\n"
    assert '2_slow 1/1 CREATE INDEX "i" online is there already' in database.apply()


def test_a_build_that_outlives_its_killed_runner_is_followed_and_used(database: OwnedDatabase) -> None:
    """PostgreSQL goes on building after kill -9; the next run waits for it and starts nothing over."""
    killed, backend, holder = hold_build(database)
    killed.kill()
    killed.communicate()
    index = database.value("SELECT to_regclass('i')::oid")
    following = database.start("apply")
    waiting = read_until(following, "waiting for the migration lock")
    assert re.search(
        rf"held by pid {backend} \(migrator, since .*\), index build .*\(waiting for old snapshots\)$",
        waiting,
    ), waiting
    holder.run("COMMIT")
    printed, errors = following.communicate(timeout=60)
    assert (following.returncode, errors) == (0, "")
    assert '2_i 1/1 CREATE INDEX "i" online is there already' in printed
    assert database.value(USABLE)
    assert database.value("SELECT to_regclass('i')::oid") == index


def test_a_build_killed_with_its_backend_is_repaired(database: OwnedDatabase) -> None:
    """The runner reports the lost connection; the next run builds again what was left invalid."""
    migrator, backend, holder = hold_build(database)
    database.rows(f"SELECT pg_terminate_backend({backend})")
    errors = migrator.communicate()[1]
    holder.run("COMMIT")
    assert migrator.returncode == 5
    assert errors == (
        f"ConnectionFailed: lost the connection to master@127.0.0.1:{database.server.port}/{database.name} "
        "(network error): run again, it resumes where it stopped\n"
    )
    assert database.value(USABLE) is False
    assert "invalid leftover of an interrupted build: dropped, built again" in database.apply()
    assert database.value(USABLE)


def test_a_drop_that_was_done_but_not_recorded_is_not_an_error(database: OwnedDatabase) -> None:
    """A runner killed between DROP INDEX and its record leaves nothing to drop."""
    database.write("1_base", "CREATE TABLE t (a int); CREATE INDEX i ON t (a);")
    database.apply()
    database.write("2_drop", "DROP INDEX i;")
    database.rows(
        """DROP INDEX i; INSERT INTO _prisma_migrations (id, checksum, migration_name, logs)
           VALUES (gen_random_uuid(), 'x', '2_drop', 'migrator: 0 applied, sha256 ' || repeat('0', 64))"""
    )
    assert '2_drop 1/1 DROP INDEX "i" online was dropped already' in database.apply()


def test_of_two_runners_one_works_and_the_other_waits(database: OwnedDatabase) -> None:
    """Both succeed; each migration is applied once."""
    first, backend, holder = hold_build(database)
    second = database.start("apply")
    assert f"waiting for the migration lock, held by pid {backend} " in read_until(second, "waiting")
    holder.run("COMMIT")
    outputs = [runner.communicate(timeout=60)[0] for runner in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0]
    assert "migrations: 1 applied now, 1 before" in outputs[0]
    assert "migrations: 0 applied now, 2 before" in outputs[1]
    with database.session() as session:
        ledger = Ledger(session, Plan(migrations=(), promises=()))
        assert [(row.name, row.open) for row in ledger.rows()] == [("1_base", False), ("2_i", False)]


def test_waiting_for_another_runner_ends(database: OwnedDatabase) -> None:
    """The message says who holds the lock, and which setting waits longer."""
    database.write("1_base", BASE)
    holder = database.session()
    holder.run("SELECT pg_advisory_lock(72707369)")
    refused = database.run("apply", "--wait-for-lock", "0.5")
    assert refused.returncode == 6
    assert re.fullmatch(
        rf"LockHeld: the migration lock is held by pid {holder.pid} \(migrator, since [\d:]+ \S+, \d+ s\); "
        r"waited 0.5 s. Run again when it has ended, or raise --wait-for-lock\n",
        refused.stderr,
    ), refused.stderr


def test_prisma_waiting_for_its_lock_cannot_break_a_build(database: OwnedDatabase) -> None:
    """It waits for the lock with a snapshot, for which the build waits: a deadlock, tried again."""
    migrator = start_slow_build(database)
    prisma = database.start_sql("SET lock_timeout = '6s'; SELECT pg_advisory_lock(72707369)")
    printed, errors = migrator.communicate(timeout=60)
    prisma.join()
    assert (migrator.returncode, errors) == (0, ""), printed + errors
    assert "deadlock with another session: built again in 5 s" in printed
    assert database.value(USABLE)
