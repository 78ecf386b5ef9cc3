"""Killed, cut off, doubled: what the next run makes of it."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

from tests.migrator.conftest import Database

T = TypeVar("T")

# An index whose build takes three seconds, since each of its rows does ten milliseconds of work.
BASE = """\
CREATE TABLE t (a int);
INSERT INTO t SELECT generate_series(1, 300);
CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql
AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN $1; END $$;
"""
SLOW_INDEX = "CREATE INDEX i ON t (slow(a));"
BUILDING = "SELECT pid FROM pg_stat_progress_create_index WHERE datname = current_database()"
USABLE = "SELECT indisvalid AND indisready FROM pg_index WHERE indexrelid = to_regclass('i')"


def until(look: Callable[[], T]) -> T:
    """What `look` finds, once it finds something; ten seconds at most."""
    for _ in range(200):
        if found := look():
            return found
        time.sleep(0.05)
    raise TimeoutError(look)


def start_build(database: Database) -> tuple[subprocess.Popen[str], int]:
    """A migrator that is building the slow index, and its backend's pid."""
    database.write("1_base", BASE)
    database.apply()
    database.write("2_slow", SLOW_INDEX)
    migrator = database.start("apply")
    backend = until(lambda: database.rows(BUILDING))[0][0]
    return migrator, backend


def test_progress_is_shown_while_an_index_is_built(database: Database) -> None:
    """Phase, per cent and time, about every two seconds."""
    migrator, _ = start_build(database)
    printed = migrator.communicate()[0]
    assert re.search(
        r'^2_slow 1/1 CREATE INDEX "i" online (\d+ % )?\(building index: scanning table\) 2 s$',
        printed,
        re.MULTILINE,
    ), printed


def test_a_build_that_outlives_its_killed_runner_is_followed_and_used(database: Database) -> None:
    """PostgreSQL goes on building after kill -9; the next run waits for it and starts nothing over."""
    migrator, backend = start_build(database)
    migrator.kill()
    migrator.communicate()
    printed = database.apply()
    assert f"waiting for the migration lock, held by pid {backend} (migrator, since " in printed
    assert "index build" in printed
    assert '2_slow 1/1 CREATE INDEX "i" online is there already' in printed
    assert database.value(USABLE)


def test_a_build_killed_with_its_backend_is_repaired(database: Database) -> None:
    """The runner reports the lost connection; the next run builds again what was left invalid."""
    migrator, backend = start_build(database)
    until(lambda: database.rows("SELECT to_regclass('i') WHERE to_regclass('i') IS NOT NULL"))
    database.rows(f"SELECT pg_terminate_backend({backend})")
    errors = migrator.communicate()[1]
    assert migrator.returncode == 5
    assert errors == (
        f"ConnectionFailed: lost the connection to master@127.0.0.1:{database.server.port}/{database.name} "
        "(network error): run again, it resumes where it stopped\n"
    )
    assert database.value(USABLE) is False
    assert "invalid leftover of an interrupted build: dropped, built again" in database.apply()
    assert database.value(USABLE)


def test_a_drop_that_was_done_but_not_recorded_is_not_an_error(database: Database) -> None:
    """A runner killed between DROP INDEX and its record leaves nothing to drop."""
    database.write("1_base", "CREATE TABLE t (a int); CREATE INDEX i ON t (a);")
    database.apply()
    database.write("2_drop", "DROP INDEX i;")
    database.rows(
        """DROP INDEX i; INSERT INTO _prisma_migrations (id, checksum, migration_name, logs)
           VALUES (gen_random_uuid(), 'x', '2_drop', 'migrator: 0 applied, sha256 ' || repeat('0', 64))"""
    )
    assert '2_drop 1/1 DROP INDEX "i" online was dropped already' in database.apply()


def test_of_two_runners_one_works_and_the_other_waits(database: Database) -> None:
    """Both succeed; each migration is applied once."""
    first, _ = start_build(database)
    second = database.start("apply")
    outputs = [runner.communicate(timeout=30)[0] for runner in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0]
    assert "migrations: 1 applied now, 1 before" in outputs[0]
    assert "waiting for the migration lock, held by pid " in outputs[1]
    assert "migrations: 0 applied now, 2 before" in outputs[1]
    assert database.value("SELECT count(*) FROM _prisma_migrations") == 2


def test_waiting_for_another_runner_ends(database: Database) -> None:
    """The message says who holds the lock, and which setting waits longer."""
    first, backend = start_build(database)
    second = database.run("apply", "--wait-for-lock", "0.5")
    assert second.returncode == 6
    assert re.fullmatch(
        rf"LockHeld: the migration lock is held by pid {backend} \(migrator, since [\d:]+ \S+, \d+ s\), "
        r"index build .*; waited 0.5 s. Run again when it has ended, or raise --wait-for-lock\n",
        second.stderr,
    ), second.stderr
    first.communicate()


def test_prisma_waiting_for_its_lock_cannot_break_a_build(database: Database) -> None:
    """It waits for the lock with a snapshot, for which the build waits: a deadlock, tried again."""
    migrator, _ = start_build(database)
    prisma = database.start_sql("SET lock_timeout = '6s'; SELECT pg_advisory_lock(72707369)")
    printed, errors = migrator.communicate(timeout=60)
    prisma.join()
    assert (migrator.returncode, errors) == (0, ""), printed + errors
    assert "deadlock with another session: built again in 5 s" in printed
    assert database.value(USABLE)
