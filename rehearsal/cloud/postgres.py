"""One PostgreSQL server: its files, its process, and the few statements that RDS itself would run in it."""

import base64
import hashlib
import hmac
import logging
import os
import secrets
import signal
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pg8000.native import Connection, identifier

from rehearsal.cloud.certificates import Certificate
from rehearsal.cloud.parameters import Settings, quote, render
from rehearsal.cloud.private import write_private
from rehearsal.cloud.site import Site
from rehearsal.processes import Child

_INSTALLATIONS = Path("/usr/lib/postgresql")
_ADMIN = "rdsadmin"  # RDS's own superuser; the master user is none
_STOP_TIMEOUT = 10  # seconds for a fast shutdown
log = logging.getLogger(__name__)


class PostgresMissingError(RuntimeError):
    """No PostgreSQL server is installed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """PostgreSQL's programs of one major version, in Debian's layout."""

    major: int

    @property
    def bin(self) -> Path:
        """Where `initdb` and `postgres` are."""
        return _INSTALLATIONS / str(self.major) / "bin"

    @property
    def static_parameters(self) -> frozenset[str]:
        """Parameters that only a restart changes."""
        return frozenset(name for name, context in _contexts(self.bin).items() if context == "postmaster") | {
            "pg_stat_statements.max"
        }

    @property
    def parameters(self) -> frozenset[str]:
        """Every parameter that this version knows."""
        return frozenset(_contexts(self.bin))

    def libraries(self, names: str) -> str:
        """Those of a comma-separated list of preload libraries that are installed."""
        folder = _INSTALLATIONS / str(self.major) / "lib"
        wanted = [name.strip() for name in names.split(",") if name.strip()]
        return ",".join(name for name in wanted if (folder / f"{name}.so").exists())


def installation_for(engine_version: str) -> Installation:
    """The installed major version that was asked for, else the newest; raises PostgresMissingError."""
    majors = sorted(int(path.parent.parent.name) for path in _INSTALLATIONS.glob("[0-9]*/bin/postgres"))
    if not majors:
        raise PostgresMissingError(
            f"no PostgreSQL in {_INSTALLATIONS}: install Debian's package `postgresql`"
        )
    asked = engine_version.split(".")[0]
    return Installation(major=int(asked) if asked in map(str, majors) else majors[-1])


@cache
def _contexts(bin_: Path) -> Mapping[str, str]:
    described = subprocess.run(
        [bin_ / "postgres", "--describe-config"], capture_output=True, text=True, check=True
    ).stdout
    return {name: context for name, context, *_ in (line.split("\t") for line in described.splitlines())}


class PostgresServer:
    """A server with a data folder of its own that listens on one address with TLS and nowhere else."""

    def __init__(self, folder: Path, site: Site, installation: Installation, address: str, port: int) -> None:
        self.address, self.port = address, port
        self._folder, self._data, self._site = folder, folder / "data", site
        self._installation = installation
        self._admin_password = secrets.token_urlsafe(24)
        folder.mkdir()
        if site.user:
            os.chown(folder, site.user.uid, site.user.gid)
        self._tls: Certificate = site.authority.issue(folder, addresses=[address], user=site.user)
        self._initdb: Child | None = None
        self._process: Child | None = None

    @property
    def log(self) -> Path:
        """What initdb and the server print."""
        return self._folder / "postgres.log"

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        return self._process.pid if self._process and self._process.alive else None

    @property
    def ready(self) -> bool:
        """Whether the running server accepts connections: its pid file tells, as it tells `pg_ctl`."""
        if self.pid is None:
            return False
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return lines[0] == str(self.pid) and len(lines) > 7 and lines[7].strip() == "ready"

    def initialize(self) -> Child:
        """Begin to make the data folder; about a second of work, which `stop` breaks off."""
        password = self._folder / "admin-password"
        write_private(password, self._admin_password.encode(), owner=self._site.user)
        self._initdb = self._spawn(
            *("initdb", "--pgdata", self._data, "--username", _ADMIN, "--pwfile", password),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        )
        return self._initdb

    def start(self, settings: Settings) -> None:
        """Start the process with these settings; `ready` tells when it serves."""
        self.configure(settings)
        self._process = self._spawn("postgres", "-D", self._data)

    def reload(self, settings: Settings) -> None:
        """Let the running server take over those settings that need no restart."""
        self.configure(settings)
        if self._process:
            self._process.send(signal.SIGHUP)

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, what is committed is on disk."""
        if self._initdb:
            self._initdb.end(within=0)
        if self._process:
            self._process.end(within=_STOP_TIMEOUT, by=signal.SIGINT)
            self._process = None

    def configure(self, settings: Settings) -> None:
        """Write postgresql.conf and pg_hba.conf."""
        ours = {
            "listen_addresses": self.address,
            "port": str(self.port),
            "unix_socket_directories": "",
            "ssl": "on",
            "ssl_cert_file": str(self._tls.certificate),
            "ssl_key_file": str(self._tls.key),
            "logging_collector": "off",  # the log is the process' own output
            "lc_messages": "C",
        }
        wanted = dict(settings.postgres)
        wanted["shared_preload_libraries"] = self._installation.libraries(wanted["shared_preload_libraries"])
        (self._data / "postgresql.conf").write_text(render({**wanted, **ours}))
        kind = "hostssl" if settings.force_ssl else "host"
        (self._data / "pg_hba.conf").write_text(f"{kind} all all all scram-sha-256\n")

    def bootstrap(self, *, master: str, password: str, database: str | None) -> None:
        """Make what a new RDS instance has: the master user (no superuser), its roles, the first database."""
        owner = identifier(master)
        with_extension = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"
        self._run(
            "postgres",
            "CREATE ROLE rds_superuser NOLOGIN IN ROLE pg_monitor, pg_signal_backend",
            "CREATE ROLE rds_iam NOLOGIN",
            f"CREATE ROLE {owner} LOGIN CREATEDB CREATEROLE PASSWORD {quote(scram_verifier(password))}"
            " IN ROLE rds_superuser",
            f"ALTER DATABASE postgres OWNER TO {owner}",
            with_extension,
        )
        self._run(
            "template1", with_extension
        )  # RDS lets its master user create it; only a superuser can here
        if database and database != "postgres":
            self._run("postgres", f"CREATE DATABASE {identifier(database)} OWNER {owner}")

    def set_password(self, role: str, password: str) -> None:
        """Change a role's password; the server sees a verifier only, so no log or statistic can show it."""
        self._run("postgres", f"ALTER ROLE {identifier(role)} PASSWORD {quote(scram_verifier(password))}")

    def _run(self, database: str, *statements: str) -> None:
        connection = Connection(
            _ADMIN,
            host=self.address,
            port=self.port,
            database=database,
            password=self._admin_password,
            timeout=10,
            ssl_context=ssl.create_default_context(cafile=str(self._site.authority.path)),
        )
        try:
            for statement in statements:
                connection.run(statement)
        finally:
            connection.close()

    def _spawn(self, program: str, *arguments: str | Path) -> Child:
        path = self._installation.bin / program
        return Child([path, *arguments], log=self.log, user=self._site.user, cwd=self._folder)


def scram_verifier(password: str, *, salt: bytes | None = None, iterations: int = 4096) -> str:
    """What PostgreSQL stores for a password (RFC 5803), so that the password itself need not travel."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${iterations}:{encoded[0]}${encoded[1]}:{encoded[2]}"
