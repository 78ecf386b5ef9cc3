"""The bench's server and its one table."""

from __future__ import annotations

import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrator.postgres import Session
from migrator.settings import Server
from testkit import postgres_server

TABLE, INDEX = '"Member"', '"Member_churchId_optInSms_idx"'
SETTINGS = {
    "shared_buffers": "512MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    # The bench checkpoints before each build; one in the midst of it would be noise.
    "checkpoint_timeout": "1h",
    # Autovacuum takes the lock that a CONCURRENTLY build takes: it would be measured as a wait.
    "autovacuum": "off",
    "log_min_duration_statement": "20ms",  # all builds, and few of the writes
}
CHURCHES = 5000
STATEMENT = re.compile(r"duration: ([\d.]+) ms  statement: CREATE INDEX ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What the writers leave: rows, and the sum of `touched`, which each update raises by one."""

    rows: int
    touched: int


class DurableDatabase:
    """A server with production's durability in `folder`, ended with its block."""

    def __init__(self, folder: Path) -> None:
        self._server, self._process = postgres_server.start(folder, tuned=SETTINGS)
        self.environment = self._server.environment("postgres")

    def __enter__(self) -> DurableDatabase:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # the fast stop
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()  # its folder goes anyway
            self._process.wait()

    @property
    def version(self) -> str:
        """The server's, such as `17.6 (Debian 17.6-1)`."""
        return str(self.run("SHOW server_version")[0][0])

    def fill(self, rows: int) -> None:
        """The reference app's table, and a count of each row's updates."""
        self.run(
            f"""CREATE TABLE {TABLE} (
                    id uuid NOT NULL DEFAULT gen_random_uuid(), "churchId" uuid NOT NULL,
                    "firstName" text NOT NULL, "lastName" text NOT NULL, phone text NOT NULL, email text,
                    "optInSms" boolean NOT NULL DEFAULT false,
                    "createdAt" timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
                    touched int NOT NULL DEFAULT 0);
                INSERT INTO {TABLE} (id, "churchId", "firstName", "lastName", phone, email, "optInSms")
                SELECT {uuid("n")}, {uuid(f"n % {CHURCHES}")}, 'first ' || n, 'last ' || n,
                       '+1' || 2000000000 + n, n || '@example.org', n % 2 = 0
                FROM generate_series(1, {rows}) n;
                ALTER TABLE {TABLE} ADD PRIMARY KEY (id)"""
        )
        self.run(f"VACUUM (ANALYZE) {TABLE}")

    def fresh(self, name: str) -> dict[str, str]:
        """What leads to an empty database of that name, with nothing left to write behind it."""
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.run(f"CREATE DATABASE {name}")
        self.run("CHECKPOINT")
        return self._server.environment(name)

    def forget_builds(self) -> None:
        """As before any build, and with nothing left to write behind it."""
        self.run(f"DROP INDEX IF EXISTS {INDEX}; DROP TABLE IF EXISTS _prisma_migrations")
        self.run("CHECKPOINT")

    def counts(self) -> Counts:
        """What the table has, to compare with what the writers were told."""
        rows, touched = self.run(f"SELECT count(*), sum(touched) FROM {TABLE}")[0]
        return Counts(rows=rows, touched=touched)

    def has_valid_index(self) -> bool:
        """Whether the build has left its index, and one that queries may use."""
        return bool(
            self.run(f"SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('{INDEX}') AND indisvalid")
        )

    def log_size(self) -> int:
        """Bytes, from which `statement_seconds` reads on."""
        return self._server.log.stat().st_size

    def statement_seconds(self, since: int) -> float:
        """How long the server took for the CREATE INDEX that it logged after that many bytes."""
        with self._server.log.open("rb") as log:
            log.seek(since)
            return logged_seconds(log.read().decode())

    def run(self, sql: str) -> list[list[Any]]:
        """One or several statements; the rows of all."""
        with Session(Server.read(self.environment)) as session:
            return session.run(sql)


def uuid(number: str) -> str:
    """An SQL expression's UUID: the same for the same number, and in no order."""
    return f"CAST(md5(CAST({number} AS text)) AS uuid)"


def logged_seconds(log: str) -> float:
    """The longest CREATE INDEX of a log of statements; 0 where none is."""
    return max((float(milliseconds) / 1000 for milliseconds in STATEMENT.findall(log)), default=0.0)
