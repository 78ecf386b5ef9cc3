"""What is looked at before a build begins: each guard stops or waits, and says what for."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from migrator.settings import Server
from testkit.postgres_server import MigratorPostgres
from testkit.waiting import eventually
from tests.migrator.conftest import MASTER, PASSWORD, OwnedDatabase, read_until
from tests.migrator.neighbours import pooler, replica
from tests.migrator.test_interruptions import BUILDING

BASE = "CREATE TABLE t (a int, b text); INSERT INTO t SELECT n, n FROM generate_series(1, 10000) n;"
INDEX = "CREATE INDEX i ON t (a);"


def with_pending_index(database: OwnedDatabase, index: str = INDEX) -> None:
    database.write("1_base", BASE)
    database.apply()
    database.rows("ANALYZE t")
    database.write("2_i", index)


@pytest.fixture
def standby(server: MigratorPostgres) -> Iterator[MigratorPostgres]:
    with replica(server) as standby:
        yield standby


def test_a_replica_is_refused(database: OwnedDatabase, standby: MigratorPostgres) -> None:
    """Nothing can be written there, and the message says where to go."""
    with_pending_index(database)
    refused = database.run("apply", PGPORT=str(standby.port))
    assert refused.returncode == 12
    assert refused.stderr == (
        f"NotPrimary: 127.0.0.1:{standby.port} is a replica: set PGHOST to the primary's address\n"
    )


def test_a_server_that_takes_no_writes_is_refused(database: OwnedDatabase) -> None:
    """As RDS sets it when the storage is full."""
    with_pending_index(database)
    database.rows(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    refused = database.run("apply")
    assert refused.returncode == 12
    assert refused.stderr == (
        f"NotPrimary: 127.0.0.1:{database.server.port} takes no writes: default_transaction_read_only is on. "
        "Find out why (RDS does that when its storage is full), then switch it off\n"
    )


@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_a_pooler_is_refused(database: OwnedDatabase, mode: str) -> None:
    """It would give the session with the migration lock to others; the address to use is another."""
    with_pending_index(database)
    with pooler(database.server, database.name, user=MASTER, password=PASSWORD, mode=mode) as between:
        refused = database.run("apply", PGPORT=str(between.port))
    assert refused.returncode == 12
    assert refused.stderr == (
        f"ThroughPooler: 127.0.0.1:{between.port} is a pooler: between transactions it gives the session to "
        "others, with its lock and its settings. Set PGHOST and PGPORT to the database's own\n"
    )


def test_a_build_waits_for_a_replica_that_is_behind(
    database: OwnedDatabase, standby: MigratorPostgres
) -> None:
    """It begins when the replica has caught up."""
    with_pending_index(database)
    paused = database.session(**standby.environment("postgres"))
    paused.run("SELECT pg_wal_replay_pause()")
    database.rows("INSERT INTO t SELECT n, n FROM generate_series(1, 30000) n")
    migrator = database.start("apply", "--max-replica-lag", "1")
    waiting = read_until(migrator, "waits for")
    assert re.search(
        r'^2_i 1/1 CREATE INDEX "i" online waits for replica walreceiver at 127\.0\.0\.1, '
        r"\d+ MB behind \d+ s$",
        waiting,
        re.MULTILINE,
    ), waiting
    paused.run("SELECT pg_wal_replay_resume()")
    printed, errors = migrator.communicate(timeout=30)
    assert (migrator.returncode, errors) == (0, ""), printed + errors


def test_a_replica_that_stays_behind_is_an_error(database: OwnedDatabase, standby: MigratorPostgres) -> None:
    """Nothing was built; the message names the replica, the limit and the settings."""
    with_pending_index(database)
    paused = database.session(**standby.environment("postgres"))
    paused.run("SELECT pg_wal_replay_pause()")
    database.rows("INSERT INTO t SELECT n, n FROM generate_series(1, 30000) n")
    refused = database.run("apply", "--max-replica-lag", "1", "--wait-for-replicas", "0")
    assert refused.returncode == 13
    assert re.fullmatch(
        r"ReplicaBehind: migration 2_i, statement 1 \(line 1\): replica walreceiver at 127\.0\.0\.1, "
        r"\d+ MB behind; waited 0 s for at most 1 MB \(--max-replica-lag\)\. "
        r"Run again when it has caught up, or raise that or --wait-for-replicas\n",
        refused.stderr,
    ), refused.stderr
    assert database.value("SELECT to_regclass('i')") is None


def test_a_disk_without_room_is_refused_before_the_build(database: OwnedDatabase) -> None:
    """The estimate is the index and its sort; with room it is built."""
    with_pending_index(database)
    refused = database.run("apply", MIGRATOR_FREE_STORAGE="100000")
    assert refused.returncode == 13
    assert refused.stderr == (
        "StorageShort: migration 2_i, statement 1 (line 1): the build takes about 347 kB (the index, and as "
        "much to sort it), and 98 kB are free: give the database more storage (database.allocated_storage), "
        "and run again\n"
    )
    assert database.value("SELECT to_regclass('i')") is None
    database.apply("--free-storage", "400000")
    built = database.value("SELECT pg_relation_size('i')")
    assert 2 * built < 1.5 * 347 * 1024  # the estimate is not below the truth by much, nor far above
    assert 2 * built > 0.5 * 347 * 1024


def test_a_reindex_needs_the_room_of_what_it_rebuilds(database: OwnedDatabase) -> None:
    """Of one index, of a table's."""
    with_pending_index(database, "REINDEX TABLE t;")
    database.rows("CREATE INDEX j ON t (b)")
    refused = database.run("apply", "--free-storage", "1")
    assert refused.returncode == 13
    assert "the build takes about " in refused.stderr


def test_another_build_on_the_table_is_waited_for(database: OwnedDatabase) -> None:
    """PostgreSQL lets one at a time; the message says who builds what, and how far it is."""
    with_pending_index(database)
    holder = database.session()
    holder.run("BEGIN; INSERT INTO t VALUES (0, '')")
    other = database.start_sql("CREATE INDEX CONCURRENTLY j ON t (b)")
    builder = eventually(lambda: database.rows(BUILDING))[0][0]
    migrator = database.start("apply")
    waiting = read_until(migrator, "waits for pid")
    assert re.search(
        rf"online waits for pid {builder}, which builds j on t: .*"
        r"\(waiting for writers before build\) \d+ s$",
        waiting,
        re.MULTILINE,
    ), waiting
    holder.run("COMMIT")
    other.join()
    printed, errors = migrator.communicate(timeout=30)
    assert (migrator.returncode, errors) == (0, ""), printed + errors


def test_another_build_that_does_not_end_is_an_error(database: OwnedDatabase) -> None:
    """After as long as older transactions are waited for."""
    with_pending_index(database)
    holder = database.session()
    holder.run("BEGIN; INSERT INTO t VALUES (0, '')")
    other = database.start_sql("CREATE INDEX CONCURRENTLY j ON t (b)")
    eventually(lambda: database.rows(BUILDING))
    failed = database.run("apply", "--wait-for-transactions", "0.5")
    holder.run("ROLLBACK")
    other.join()
    assert failed.returncode == 11
    assert re.fullmatch(
        r"LockTimeout: migration 2_i, statement 1 \(line 1\): waited 0\.5 s for pid \d+, "
        r"which builds j on t: .*\. Let it end, or raise --wait-for-transactions, and run again\n",
        failed.stderr,
    ), failed.stderr


def test_older_transactions_are_named_before_the_build_waits(database: OwnedDatabase) -> None:
    """Who, since when, running what."""
    with_pending_index(database)
    report = database.session()
    report.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t")
    time.sleep(1.1)
    migrator = database.start("apply")
    named = read_until(migrator, "will wait for older transactions")
    report.run("COMMIT")
    migrator.communicate(timeout=30)
    assert re.search(
        rf'^2_i 1/1 CREATE INDEX "i" online will wait for older transactions: pid {report.pid} '
        r"\(migrator, idle in transaction, transaction \d+ s: BEGIN ISOLATION LEVEL REPEATABLE READ; "
        r"SELECT count\(\*\) F",
        named,
        re.MULTILINE,
    ), named


def test_a_prepared_transaction_is_named_too(database: OwnedDatabase) -> None:
    """It has no process, survives a restart, and a build waits for it until somebody ends it."""
    with_pending_index(database)
    other = database.session()
    other.run("BEGIN; INSERT INTO t VALUES (0, ''); PREPARE TRANSACTION 'left by a queue'")
    migrator = database.start("apply")
    named = read_until(migrator, "waits for prepared")
    other.run("ROLLBACK PREPARED 'left by a queue'")
    printed, errors = migrator.communicate(timeout=30)
    assert (migrator.returncode, errors) == (0, ""), printed + errors
    for line in ("will wait for older transactions: ", r".*\(waiting for writers before build\), waits for "):
        assert re.search(rf"online {line}prepared transaction left by a queue \(of master, \d+ s\)", named), (
            named
        )


def test_a_vanished_runner_is_noticed_by_the_server(database: OwnedDatabase) -> None:
    """The server ends the session, and so frees the lock, within a minute; also after a file's own SETs."""
    session = database.session()
    session.run("SET tcp_keepalives_idle = 7200")
    session.reset()
    shown = [session.rows(f"SHOW tcp_keepalives_{name}")[0][0] for name in ("idle", "interval", "count")]
    assert shown == ["30", "10", "3"]


def test_memory_and_workers_are_those_that_were_asked_for(database: OwnedDatabase) -> None:
    """For the build alone: the server's log shows what was set, and nothing outlives the statement."""
    with_pending_index(database)
    database.apply("--maintenance-work-mem", "96", "--parallel-workers", "0")
    log = database.server.log.read_text()
    assert "SET maintenance_work_mem = '96MB'" in log
    assert "SET max_parallel_maintenance_workers = 0" in log


def test_a_server_that_has_none_of_this_is_let_in(database: OwnedDatabase) -> None:
    """The twin of the refusals above: the primary itself, reached directly."""
    with_pending_index(database)
    assert Server.read(database.environment).host == "127.0.0.1"
    assert "migrations: 1 applied now, 1 before" in database.apply()
