"""A PostgreSQL server of the tests' own: TLS only, on a free port, ended with the process that started it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from migrator.errors import ConnectionFailed
from migrator.postgres import Session
from migrator.settings import Server
from testkit.ports import free_port
from testkit.postgres_versions import SYSTEM
from testkit.waiting import eventually

ADMIN, PASSWORD = "admin", "admin-password"
FOR_TESTS = {
    "fsync": "off",
    "log_statement": "all",
    "max_prepared_transactions": "2",
    "shared_preload_libraries": "pg_stat_statements",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class MigratorPostgres:
    """A running server; `environment` is what the migrator reads."""

    port: int
    certificate: Path
    log: Path

    def environment(self, database: str, *, user: str = ADMIN, password: str = PASSWORD) -> dict[str, str]:
        """What libpq and the migrator read; the port is TLS alone, by the server's own certificate."""
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGDATABASE": database,
            "PGUSER": user,
            "PGPASSWORD": password,
            "PGSSLROOTCERT": str(self.certificate),
        }


def start(
    folder: Path, programs: Path = SYSTEM, *, tuned: Mapping[str, str] = FOR_TESTS
) -> tuple[MigratorPostgres, subprocess.Popen[bytes]]:
    """Makes a cluster in `folder` and serves it; as the user postgres where we are root, whom it refuses."""
    port, data, log = free_port(), folder / "data", folder / "log"
    (folder / "password").write_text(PASSWORD)
    _certificate(folder)
    become = ["setpriv", "--pdeathsig=INT"]
    if os.getuid() == 0:
        become += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        if programs != SYSTEM:  # root's cache is closed to the user postgres
            shutil.copytree(programs.parent, folder / "postgresql", symlinks=True)
            programs = folder / "postgresql" / programs.name
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "postgres", "postgres")
    options = f"--pgdata={data} --pwfile={folder}/password --username={ADMIN} --auth=scram-sha-256 --no-sync"
    initdb = [*become, str(programs / "initdb"), *options.split(), "--encoding=UTF8", "--no-locale"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL)
    (data / "pg_hba.conf").write_text("hostssl all,replication all 127.0.0.1/32 scram-sha-256\n")
    command = [*become, *serving(programs, data, port=port, certificate=folder / "server.crt", tuned=tuned)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    server = MigratorPostgres(port=port, certificate=folder / "server.crt", log=log)
    await_login(process, log, Server.read(server.environment("postgres")))
    return server, process


def serving(
    programs: Path, data: Path, *, port: int, certificate: Path, tuned: Mapping[str, str]
) -> list[str]:
    """The command that serves a cluster on loopback, over TLS."""
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "ssl": "on",
        "ssl_cert_file": certificate,
        "ssl_key_file": certificate.with_suffix(".key"),
        **tuned,
    }
    return [
        str(programs / "postgres"),
        "-D",
        str(data),
        *(f"--{name}={value}" for name, value in settings.items()),
    ]


def _certificate(folder: Path) -> None:
    """Self-signed and its own authority: trusting it is verify-full in small."""
    extensions = [
        "subjectAltName=IP:127.0.0.1,DNS:localhost",
        "keyUsage=critical,digitalSignature,keyCertSign",
    ]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
        + [part for extension in extensions for part in ("-addext", extension)]
        + ["-keyout", folder / "server.key", "-out", folder / "server.crt"],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    (folder / "server.key").chmod(0o600)


def await_login(process: subprocess.Popen[bytes], log: Path, where: Server) -> None:
    """Until it lets one in: a port that listens may still say that it is starting up."""

    def lets_one_in() -> bool:
        try:
            with Session(where):
                return True
        except ConnectionFailed:
            return False

    eventually(lets_one_in, hopeless=lambda: process.poll() is not None, shown=log.read_text)
