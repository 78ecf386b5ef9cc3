"""The bench's Postgres and its two Redis: one for sessions and jobs, one for the cache."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from bench.load.processes import family
from migrator.postgres import Session
from migrator.settings import Server
from rehearsal.processes import Child
from testkit import postgres_server
from testkit.ports import free_port
from testkit.postgres_server import ADMIN, PASSWORD

APP = Path(__file__).parents[2] / "app"
MIGRATIONS = APP / "prisma" / "migrations"
INDICES = MIGRATIONS / "20251204_add_critical_indices" / "migration.sql"
SETTINGS = {
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track_utility": "off",  # BEGIN and COMMIT read and write nothing
    "checkpoint_timeout": "1h",  # one in the midst of a phase would be noise
    "track_io_timing": "on",
}
STOP = 5  # seconds
OURS = "application_name <> 'migrator' AND backend_type = 'client backend'"


class BenchStores:
    """Servers on loopback ports of their own, over TLS, as durable as production's; ended with the block."""

    def __init__(self, folder: Path) -> None:
        self._server, self._process = postgres_server.start(folder, tuned=SETTINGS)
        self.certificate = self._server.certificate
        with Session(Server.read(self._server.environment("postgres"))) as session:
            session.run("CREATE DATABASE app")
        self._session = Session(Server.read(self._server.environment("app")))
        self.rows("CREATE EXTENSION pg_stat_statements")
        self._sessions_port, self._cache_port = free_port(), free_port()
        # As ElastiCache has them: what is kept is kept on disk and never evicted, what is cached is neither.
        self._sessions = self._redis(
            folder / "sessions", self._sessions_port, appendonly="yes", maxmemory_policy="noeviction"
        )
        self._cache = self._redis(
            folder / "cache", self._cache_port, maxmemory="64mb", maxmemory_policy="allkeys-lru"
        )
        for port in (self._sessions_port, self._cache_port):
            self._client(port).ping()

    def __enter__(self) -> BenchStores:
        return self

    def __exit__(self, *exception: object) -> None:
        for server in (self._sessions, self._cache):
            server.end(within=STOP)
        self._process.send_signal(signal.SIGINT)  # the fast stop
        try:
            self._process.wait(STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()  # its folder goes anyway
            self._process.wait()

    @property
    def pids(self) -> dict[str, list[int]]:
        """The servers' processes, by what they are called."""
        return {"Postgres": family(self._process.pid), "Redis": [self._sessions.pid, self._cache.pid]}

    @property
    def environment(self) -> dict[str, str]:
        """What the app reads of them."""
        where = f"{ADMIN}:{PASSWORD}@127.0.0.1:{self._server.port}"
        return {
            "DATABASE_URL": f"postgresql://{where}/app?sslmode=verify-full",
            "REDIS_URL": f"rediss://127.0.0.1:{self._sessions_port}",
            "CACHE_REDIS_URL": f"rediss://127.0.0.1:{self._cache_port}",
            "NODE_EXTRA_CA_CERTS": str(self.certificate),
        }

    @property
    def version(self) -> str:
        """Postgres'."""
        return str(self.rows("SHOW server_version")[0][0])

    def fill(self, *, members: int, messages: int, password: str) -> None:
        """The app's schema and its seed, whose demo user has that password."""
        for migration in sorted(MIGRATIONS.glob("*/migration.sql")):
            self.rows(migration.read_text())
        self._seed("--members", str(members), "--messages", str(messages), SEED_PASSWORD=password)
        self.rows("VACUUM (ANALYZE)")  # or autovacuum does it, in the midst of a phase

    def rows(self, sql: str) -> list[list[Any]]:
        """Of the app's database."""
        return self._session.run(sql)

    def set_indices(self, *, present: bool) -> None:
        """Those of the 20251204 migration, by the migration itself; without them it is as it was."""
        statements = INDICES.read_text()
        if present:
            self.rows(statements)
            return
        for index in re.findall(r'CREATE INDEX IF NOT EXISTS ("\w+")', statements):
            self.rows(f"DROP INDEX IF EXISTS {index}")

    def empty_cache(self) -> None:
        """So that the next requests meet a cold one."""
        self._client(self._cache_port).flushall()

    def statements(self) -> int:
        """How many were executed since the server's start; those that begin and end transactions aside."""
        return int(self.rows("SELECT COALESCE(sum(calls), 0) FROM pg_stat_statements")[0][0])

    def busy(self) -> Counter[str]:
        """What each of the app's connections that is in the midst of a statement waits for at this moment."""
        found = self.rows(
            f"""SELECT COALESCE(wait_event_type || ': ' || wait_event, 'a core') FROM pg_stat_activity
                WHERE {OURS} AND state = 'active'"""
        )
        return Counter(waited for (waited,) in found)

    def _seed(self, *arguments: str, **environment: str) -> None:
        subprocess.run(
            ["node", "src/cli/seed.js", *arguments],
            cwd=APP,
            env={"PATH": os.environ["PATH"], **self.environment, **environment},
            check=True,
            capture_output=True,
        )

    def _redis(self, folder: Path, port: int, **settings: str) -> Child:
        folder.mkdir()
        named = {
            "bind": "127.0.0.1",
            "port": 0,
            "tls-port": port,
            "tls-auth-clients": "no",
            "tls-cert-file": self.certificate,
            "tls-key-file": self.certificate.with_suffix(".key"),
            "tls-ca-cert-file": self.certificate,
            "dir": folder,
            "save": "",
            **{name.replace("_", "-"): value for name, value in settings.items()},
        }
        arguments = [word for name, value in named.items() for word in (f"--{name}", str(value))]
        return Child(["redis-server", *arguments], log=folder / "log")

    def _client(self, port: int) -> redis.Redis:
        # It is asked while it starts, too: some 5 s at most.
        return redis.Redis(
            host="127.0.0.1",
            port=port,
            ssl=True,
            ssl_ca_certs=str(self.certificate),
            retry=Retry(ConstantBackoff(0.05), 100, supported_errors=(redis.ConnectionError,)),
        )
