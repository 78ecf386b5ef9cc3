"""A database of each test's own, and the migrator as a command against it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pg8000 import native

from migrator.__main__ import main
from migrator.postgres import PostgresError, Session
from migrator.settings import Server
from testkit import postgres_server
from testkit.postgres_server import MigratorPostgres
from testkit.postgres_versions import NEWEST, OLDEST, SYSTEM_VERSION, VERSIONS, binaries

REPOSITORY = Path(__file__).parents[2]
# What depends on the version: index statements on each, locks, catalogues and roles on the ends.
ON = {
    "test_create_index": VERSIONS,
    "test_drop_and_reindex": (OLDEST, NEWEST),
    "test_versions": VERSIONS,
    "test_indexes": (OLDEST, NEWEST),
    "test_partitions": (OLDEST, NEWEST),
    "test_app_role": (OLDEST, NEWEST),
    # Slow ones; tests/faults interrupts builds on the rehearsal's own version.
    "test_interruptions": (NEWEST,),
    "test_waiting": (NEWEST,),
    "test_locks": (OLDEST, NEWEST),
    "test_rewrites": (OLDEST, NEWEST),
    "test_runbook": (OLDEST, NEWEST),
    "test_verify": (OLDEST, NEWEST),
    "test_findings": (OLDEST, NEWEST),
}
MASTER, PASSWORD = "master", "master's p4ss"


class OwnedDatabase:
    """One test's database, owned by a user with what RDS' master user has, and no more."""

    def __init__(self, server: MigratorPostgres, name: str, folder: Path) -> None:
        self.server, self.name, self.folder = server, name, folder
        self.environment = server.environment(name, user=MASTER, password=PASSWORD)
        self._sessions: list[Session] = []

    def session(self, **environment: str) -> Session:
        """A connection of the test's own; by default as the owner."""
        session = Session(Server.read({**self.environment, **environment}))
        self._sessions.append(session)
        return session

    def rows(self, sql: str) -> list[list[Any]]:
        with Session(Server.read(self.environment)) as session:
            return session.run(sql)

    def value(self, sql: str) -> Any:
        return self.rows(sql)[0][0]

    def start_sql(self, sql: str) -> threading.Thread:
        """Runs statements in a thread and session of their own; an error ends only them."""

        def run() -> None:
            with Session(Server.read(self.environment)) as session, suppress(PostgresError):
                session.run(sql)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def write(self, name: str, sql: str) -> None:
        """Puts a migration into the test's folder."""
        (self.folder / name).mkdir(exist_ok=True)
        (self.folder / name / "migration.sql").write_text(sql)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """`python -m migrator <arguments> --migrations <the test's folder>`, running."""
        return subprocess.Popen(
            [sys.executable, "-m", "migrator", *arguments, "--migrations", str(self.folder)],
            cwd=REPOSITORY,
            env={**os.environ, **self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def apply(self, *arguments: str, **environment: str) -> str:
        """Applies, expects success, returns what was printed."""
        done = self.run("apply", *arguments, **environment)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout

    def run_here(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same in this process, for tests that run it often: it needs no half a second to start."""
        out, err = io.StringIO(), io.StringIO()
        with patch.dict(os.environ, self.environment), redirect_stdout(out), redirect_stderr(err):
            code = main([*arguments, "--migrations", str(self.folder)])
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    def close(self) -> None:
        for session in self._sessions:
            session.__exit__()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """What a process prints, up to the line that has this text, or to its end."""
    assert process.stdout
    printed = ""
    for line in process.stdout:
        printed += line
        if text in line:
            break
    return printed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that needs a server runs on the system's version; a module of this table on those it names.

    Versions between the oldest and the newest are left to `make test-long`.
    """
    if "server" in metafunc.fixturenames:
        module = metafunc.module.__name__.rpartition(".")[2]
        quick = (OLDEST, NEWEST, SYSTEM_VERSION)
        versions = [
            pytest.param(version, id=f"pg{version}", marks=() if version in quick else pytest.mark.long)
            for version in ON.get(module, [SYSTEM_VERSION])
        ]
        metafunc.parametrize("server", versions, indirect=True, scope="session")


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[MigratorPostgres]:
    """A server per version, by which pytest orders the tests: one runs at a time."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # an installation shows its progress
        programs = binaries(request.param)
    with tempfile.TemporaryDirectory(prefix="evenkeel-postgres-") as folder:
        server, process = postgres_server.start(Path(folder), programs)
        try:
            with Session(Server.read(server.environment("postgres"))) as session:
                password = native.literal(PASSWORD)
                session.run(
                    f"CREATE ROLE {MASTER} LOGIN CREATEROLE CREATEDB PASSWORD {password} IN ROLE pg_monitor"
                )
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # the fast stop
            process.wait(20)


@pytest.fixture
def database(
    server: MigratorPostgres, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[OwnedDatabase]:
    with new_database(server, f"test_{abs(hash(request.node.nodeid))}", tmp_path) as database:
        yield database


@contextmanager
def new_database(server: MigratorPostgres, name: str, folder: Path) -> Iterator[OwnedDatabase]:
    """A database that is dropped at the end, whose migrations are in `folder`."""
    admin = Server.read(server.environment("postgres"))
    with Session(admin) as session:
        session.run(f"CREATE DATABASE {name} OWNER {MASTER}")
    database = OwnedDatabase(server, name, folder)
    try:
        yield database
    finally:
        database.close()
        with Session(admin) as session:
            session.run(f"DROP DATABASE {name} WITH (FORCE)")
