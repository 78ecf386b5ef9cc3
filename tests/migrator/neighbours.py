"""What stands beside a server of the tests, until the block ends: a streaming replica, a PgBouncer."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migrator.postgres import Session
from migrator.settings import Server
from testkit.ports import free_port
from testkit.postgres_server import ADMIN, FOR_TESTS, PASSWORD, MigratorPostgres, await_login, serving
from testkit.postgres_versions import SYSTEM
from testkit.waiting import eventually


@contextmanager
def replica(primary: MigratorPostgres) -> Iterator[MigratorPostgres]:
    """A hot standby that follows the primary; for the system's version, whose pg_basebackup there is."""
    with _folder("replica") as folder:
        port, data = free_port(), folder / "data"
        copy = [
            str(SYSTEM / "pg_basebackup"),
            "--pgdata",
            str(data),
            "--write-recovery-conf",
            "--wal-method=stream",
        ]
        _run_as_postgres(
            [*copy, "--checkpoint=fast", "--no-sync"],
            {**primary.environment("postgres"), "PGSSLMODE": "verify-full", "HOME": str(folder)},
        )
        command = serving(SYSTEM, data, port=port, certificate=primary.certificate, tuned=FOR_TESTS)
        server = MigratorPostgres(port=port, certificate=primary.certificate, log=folder / "log")
        with (
            _running(command, server, "postgres"),
            Session(Server.read(primary.environment("postgres"))) as session,
        ):
            eventually(lambda: session.rows("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"))
            yield server


@contextmanager
def pooler(
    behind: MigratorPostgres, database: str, *, user: str, password: str, mode: str
) -> Iterator[MigratorPostgres]:
    """PgBouncer before one database of a server."""
    with _folder("pooler") as folder:
        port = free_port()
        quoted = password.replace('"', '""')
        (folder / "users").write_text(f'"{user}" "{quoted}"\n')
        (folder / "pgbouncer.ini").write_text(
            f"""[databases]
{database} = host=127.0.0.1 port={behind.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
pool_mode = {mode}
client_tls_sslmode = require
client_tls_cert_file = {behind.certificate}
client_tls_key_file = {behind.certificate.with_suffix(".key")}
server_tls_sslmode = require
ignore_startup_parameters = extra_float_digits
"""
        )
        server = MigratorPostgres(port=port, certificate=behind.certificate, log=folder / "log")
        command = [_pgbouncer(), str(folder / "pgbouncer.ini")]
        with _running(command, server, database, user=user, password=password):
            yield server


def _pgbouncer() -> str:
    path = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        raise FileNotFoundError("pgbouncer is not installed: run `make setup`")
    return path


@contextmanager
def _folder(kind: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"evenkeel-{kind}-") as name:
        if os.getuid() == 0:
            shutil.chown(name, "postgres", "postgres")
        yield Path(name)


@contextmanager
def _running(
    command: list[str],
    server: MigratorPostgres,
    database: str,
    *,
    user: str = ADMIN,
    password: str = PASSWORD,
) -> Iterator[None]:
    """Until the block ends; it begins when the server lets one in."""
    with server.log.open("wb") as log:
        process = subprocess.Popen(
            [*_as_postgres(), *command],
            # What libpq looks for in root's home is closed to the user postgres.
            env={**os.environ, "HOME": str(server.log.parent)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        where = Server.read(server.environment(database, user=user, password=password))
        await_login(process, server.log, where)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def _as_postgres() -> list[str]:
    become = ["setpriv", "--pdeathsig=INT"]
    return [*become, "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else become


def _run_as_postgres(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        [*_as_postgres(), *command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")
