"""A table of one test's own, on which an index build can be held at any of PostgreSQL's phases."""

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from migrator.errors import ConnectionFailed
from migrator.postgres import Session
from migrator.settings import Server
from testkit.deployer import Deployer, send
from testkit.waiting import eventually

FILLER = range(2_000_000, 3_000_000)
"""Rows, none of which is a writer's, that make each phase of a build last some hundredths of a second."""
STUCK = 0.5
"""Seconds after which a look at a stopped build is taken to wait for it."""
SLICE = 0.002
"""Seconds that a build goes on for before its phase is looked at again."""


class HeldTable:
    """One column, `a`. An index on `held` of it stops at a row below 0 while the row's lock is taken."""

    def __init__(self, name: str, server: Server) -> None:
        self.name, self.server = name, server
        self.index, self.held = f"{name}_idx", f"{name}_held(a)"
        self.deployer: Deployer | None = None  # without it no build comes
        self._sessions: list[Session] = []
        self._stopped: int | None = None

    def make(self) -> None:
        """With one row that can be held."""
        self.run(
            f"""CREATE TABLE {self.name} (a int);
                INSERT INTO {self.name} VALUES (-1);
                CREATE FUNCTION {self.name}_held(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
                    IF a < 0 THEN PERFORM pg_advisory_lock_shared(a), pg_advisory_unlock_shared(a); END IF;
                    RETURN a;
                END $$"""
        )

    def partition(self) -> None:
        """Makes it the second partition of a table that takes its name; the first is empty."""
        name = self.name
        self.run(
            f"""BEGIN;
                ALTER TABLE {name} RENAME TO {name}_2;
                CREATE TABLE {name} (a int) PARTITION BY RANGE (a);
                CREATE TABLE {name}_1 PARTITION OF {name} FOR VALUES FROM (1000000) TO (MAXVALUE);
                ALTER TABLE {name} ATTACH PARTITION {name}_2 FOR VALUES FROM (MINVALUE) TO (1000000);
                COMMIT"""
        )

    def fill(self) -> None:
        """Makes it large."""
        self.run(f"INSERT INTO {self.name} SELECT generate_series({FILLER.start}, {FILLER.stop - 1})")

    def stops_in(self, phase: str) -> None:
        """Stops the process of a build in a phase that nothing holds, where it keeps no writer waiting."""
        build = f"""SELECT pid, phase FROM pg_stat_progress_create_index p JOIN pg_class c ON c.oid = p.relid
                    WHERE c.relname = '{self.name}'"""
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'LWLock'"
        with Session(self.server) as session:
            backend = int(self._until(lambda: session.run(build))[0][0])
            # It goes on by slices: on a busy machine a look at one that runs comes too late.
            while found := self._seen_stopped(session, build, backend):
                if found[0][1] == phase and self._stopped:
                    time.sleep(0.2)
                    if not session.run(waiting):
                        return
                self.resume()
                time.sleep(SLICE)
        self.resume()
        raise TimeoutError(f"{phase!r} has passed")

    def _seen_stopped(self, session: Session, build: str, backend: int) -> list[list[Any]]:
        """The build, stopped; it goes on where the look takes long: that may wait for what it holds."""
        send(signal.SIGSTOP, [backend])
        self._stopped = backend
        stuck = threading.Timer(STUCK, self.resume)
        stuck.start()
        try:
            return session.run(build)
        finally:
            stuck.cancel()

    def resume(self) -> None:
        """Lets a stopped process go on."""
        if self._stopped:
            send(signal.SIGCONT, [self._stopped])
            self._stopped = None

    def release(self) -> None:
        """Ends every transaction and lock that was held on it."""
        self.resume()
        while self._sessions:
            self._sessions.pop().__exit__()

    def drop(self) -> None:
        self.run(f"DROP TABLE {self.name} CASCADE; DROP FUNCTION {self.name}_held")

    def run(self, sql: str) -> list[list[Any]]:
        with Session(self.server) as session:
            return session.run(sql)

    def session(self, *statements: str) -> Session:
        """A connection that has run these, one by one, and stays open until `release`."""
        session = Session(self.server)
        self._sessions.append(session)
        for statement in statements:
            session.run(statement)
        return session

    def locked_row(self, a: int) -> Session:
        """Whoever evaluates `held` for this row waits; no transaction is open meanwhile."""
        return self.session(f"SELECT pg_advisory_lock({a})")

    def writer(self) -> Session:
        """A transaction that has written and does not end."""
        return self.session("BEGIN", f"INSERT INTO {self.name} VALUES (0)")

    def reader_elsewhere(self) -> Session:
        """A transaction that keeps its snapshot, and has no lock on this table."""
        return self.session("BEGIN ISOLATION LEVEL REPEATABLE READ", 'SELECT * FROM "Church"')

    def reaches(self, phase: str) -> int:
        """Waits until a build on it is in this phase; its backend's pid."""
        return self._backend(
            f"""SELECT pid FROM pg_stat_progress_create_index p JOIN pg_class c ON c.oid = p.relid
                WHERE c.relname LIKE '{self.name}%' AND phase = '{phase}'"""
        )

    def waits(self, statement: str) -> int:
        """Waits until a statement that starts like this waits for a lock; its backend's pid."""
        return self._backend(
            f"""SELECT pid FROM pg_stat_activity
                WHERE query LIKE '{statement}%' AND wait_event_type = 'Lock'"""
        )

    def _backend(self, query: str) -> int:
        with Session(self.server) as session:
            return int(self._until(lambda: session.run(query))[0][0])

    def _until(self, look: Callable[[], list[list[Any]]]) -> list[list[Any]]:
        return self.deployer.until(look) if self.deployer else eventually(look)

    def indexes(self, partition: str = "") -> list[list[Any]]:
        """Names and object ids of its own indexes, or of those of a partition."""
        return self.run(
            f"SELECT relname, oid FROM pg_class JOIN pg_index ON oid = indexrelid "
            f"WHERE indrelid = '{self.name}{partition}'::regclass"
        )

    def answers(self) -> None:
        """Waits until the server does."""

        def connect() -> bool:
            try:
                return bool(self.run("SELECT 1"))
            except ConnectionFailed:
                return False

        eventually(connect)
