"""One PostgreSQL server: its files, its process, and the few statements that RDS itself would run in it."""

import base64
import hashlib
import hmac
import os
import secrets
import shutil
import signal
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

from pg8000.native import Connection, identifier

from rehearsal.cloud.body import CloudContext
from rehearsal.cloud.certificates import UNNAMED, CertificateFiles
from rehearsal.cloud.rds.parameters import ServerParameters, quote, render
from rehearsal.cloud.rds.postgres_installation import Installation
from rehearsal.cloud.secret_files import write_private
from rehearsal.processes import Child

_ADMIN = "rdsadmin"  # RDS's own superuser; the master user is none
_STOP_TIMEOUT = 10  # seconds for a fast shutdown
_LOOK_TIMEOUT = 2  # seconds for a look that is repeated
_STANDBY = "rds_standby"  # as it names itself to its primary
_PASSWORD = "admin-password"
_STATUS = 7  # the line of postmaster.pid that says `ready`, from 0: LOCK_FILE_LINE_PM_STATUS
_WAL_KEPT = "512MB"  # for a standby that is away for a moment


class PostgresServer:
    """A server with a data folder of its own that listens on one address with TLS and nowhere else."""

    def __init__(
        self, folder: Path, context: CloudContext, installation: Installation, address: str, port: int
    ) -> None:
        self.address, self.port = address, port
        self._folder, self._data, self._context = folder, folder / "data", context
        self._installation = installation
        self._admin_password = secrets.token_urlsafe(24)
        folder.mkdir()
        if context.user:
            os.chown(folder, context.user.uid, context.user.gid)
        self._tls: CertificateFiles = context.authority.issue(
            folder, addresses=[address], names=[UNNAMED], user=context.user
        )
        self._preparation: Child | None = None
        self._process: Child | None = None
        self._primary: PostgresServer | None = None
        self.waits_for_standby = False
        """Whether a commit is acknowledged only when the standby has it on its disk too."""

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
        """Whether the running server accepts connections: its pid file tells, as it tells `pg_ctl`.

        A standby never does, as on RDS.
        """
        if self.pid is None:
            return False
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        if len(lines) <= _STATUS:  # it is just being written
            return False
        return lines[0] == str(self.pid) and lines[_STATUS].strip() == "ready"

    def initialize(self) -> Child:
        """Begin to make the data folder; about a second of work, which `stop` breaks off."""
        password = self._folder / _PASSWORD
        write_private(password, self._admin_password.encode(), owner=self._context.user)
        self._preparation = self._spawn(
            *("initdb", "--pgdata", self._data, "--username", _ADMIN, "--pwfile", password),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        )
        return self._preparation

    def copy(self, primary: "PostgresServer") -> Child:
        """Begin to copy the data of a running server, whose standby this one becomes with `start`."""
        self._primary = primary
        self._preparation = self._base_backup(primary, self._data)
        return self._preparation

    def back_up(self) -> Child:
        """Begin to copy the data of this running server; `leave_backup` takes the copy."""
        shutil.rmtree(self._backup, ignore_errors=True)
        return self._base_backup(self, self._backup)

    def leave_backup(self, folder: Path) -> None:
        """Move the copy that was made into a new folder, from which `restore` takes it."""
        self._leave(self._backup, folder)

    def leave_data(self, folder: Path) -> None:
        """Move the data of this ended server into a new folder, from which `restore` takes it."""
        self._leave(self._data, folder)

    def restore(self, folder: Path) -> Child:
        """Begin with a copy of another server's data, instead of `initialize`."""
        self._admin_password = (folder / _PASSWORD).read_text()
        self._preparation = Child(
            ["cp", "--archive", folder / "data", self._data], log=self.log, cwd=self._folder
        )
        return self._preparation

    @property
    def _backup(self) -> Path:
        return self._folder / "backup"

    def _leave(self, data: Path, folder: Path) -> None:
        """Move data away, with the password that opens it."""
        folder.mkdir(mode=0o700)
        write_private(folder / _PASSWORD, self._admin_password.encode(), owner=None)
        data.rename(folder / "data")
        (folder / "data/postmaster.pid").unlink(missing_ok=True)  # of a server that was killed

    def _base_backup(self, running: "PostgresServer", data: Path) -> Child:
        line = f"*:*:*:*:{running._admin_password}\n"  # has no character that a .pgpass escapes
        write_private(self._passfile, line.encode(), owner=self._context.user)
        return self._spawn(
            *("pg_basebackup", "--pgdata", data, "--dbname", self._way_to(running)),
            *("--wal-method", "stream", "--checkpoint", "fast", "--no-sync"),
        )

    def is_followed(self) -> bool:
        """Whether this primary streams to its standby, and each commit waits for it if it is to."""
        wanted = "sync" if self.waits_for_standby else "async"
        followers = self._run(
            "postgres",
            f"SELECT 1 FROM pg_stat_replication WHERE application_name = {quote(_STANDBY)}"
            f" AND state = 'streaming' AND sync_state = {quote(wanted)}",
            timeout=_LOOK_TIMEOUT,
        )
        return bool(followers)

    def take_over(self, standby: "PostgresServer") -> None:
        """Take a stopped standby's data instead of this ended server's own; `start` makes it a primary.

        It begins a new timeline then, as any promoted server.
        """
        (standby._data / "standby.signal").unlink()
        write_private(standby._data / "recovery.signal", b"", owner=self._context.user)
        old = self._data.rename(self._folder / f"lost-{secrets.token_hex(4)}")
        standby._data.rename(self._data)
        shutil.rmtree(old, ignore_errors=True)  # a killed server's last files may come meanwhile

    def start(self, settings: ServerParameters) -> None:
        """Start the process with these settings; `ready` tells when it serves."""
        self.configure(settings)
        if self._primary:
            write_private(self._data / "standby.signal", b"", owner=self._context.user)
        self._process = self._spawn("postgres", "-D", self._data)

    def reload(self, settings: ServerParameters) -> None:
        """Let the running server take over those settings that need no restart."""
        self.configure(settings)
        if self._process:
            self._process.send(signal.SIGHUP)

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, what is committed is on disk."""
        if self._preparation:
            self._preparation.end(within=0)
        if self._process:
            self._process.end(within=_STOP_TIMEOUT, by=signal.SIGINT)
            self._process = None

    def kill(self) -> None:
        """End it as a host's failure would: nothing that runs is finished."""
        if pid := self.pid:
            os.kill(pid, signal.SIGSTOP)  # so that it has no more children than are found
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for process in (pid, *map(int, children)):  # each in a group of its own
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        if self._process:
            self._process.end(within=0)
            self._process = None

    def configure(self, settings: ServerParameters) -> None:
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
            "hot_standby": "off",  # a Multi-AZ standby serves nobody
            "wal_keep_size": _WAL_KEPT,
            "synchronous_standby_names": _STANDBY if self.waits_for_standby else "",
            "restore_command": "false",  # what `take_over` recovers has all its WAL
        }
        if self._primary:
            ours |= {"primary_conninfo": self._way_to(self._primary), "wal_retrieve_retry_interval": "500ms"}
        wanted = dict(settings.postgres)
        wanted["shared_preload_libraries"] = self._installation.libraries(wanted["shared_preload_libraries"])
        (self._data / "postgresql.conf").write_text(render({**wanted, **ours}))
        kind = "hostssl" if settings.force_ssl else "host"
        (self._data / "pg_hba.conf").write_text(
            f"{kind} all all all scram-sha-256\nhostssl replication {_ADMIN} all scram-sha-256\n"
        )

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

    @property
    def _passfile(self) -> Path:
        return self._folder / "passfile"

    def _way_to(self, running: "PostgresServer") -> str:
        """How a standby reaches its primary, and a backup its server."""
        words = {
            "host": running.address,
            "port": running.port,
            "user": _ADMIN,
            "passfile": self._passfile,
            "sslmode": "verify-full",
            "sslrootcert": self._context.authority.path,
            "application_name": _STANDBY,
        }
        escaped = {name: str(word).replace("\\", r"\\").replace("'", r"\'") for name, word in words.items()}
        return " ".join(f"{name}='{word}'" for name, word in escaped.items())

    def _run(self, database: str, *statements: str, timeout: float = 10) -> Any:
        connection = Connection(
            _ADMIN,
            host=self.address,
            port=self.port,
            database=database,
            password=self._admin_password,
            timeout=timeout,
            ssl_context=ssl.create_default_context(cafile=str(self._context.authority.path)),
        )
        try:
            return [connection.run(statement) for statement in statements][-1]
        finally:
            connection.close()

    def _spawn(self, program: str, *arguments: str | Path) -> Child:
        path = self._installation.bin / program
        words = self._context.as_user(self._folder)
        return Child([*words, path, *arguments], log=self.log, cwd=self._folder)


def scram_verifier(password: str, *, salt: bytes | None = None, iterations: int = 4096) -> str:
    """What PostgreSQL stores for a password (RFC 5803), so that the password itself need not travel."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${iterations}:{encoded[0]}${encoded[1]}:{encoded[2]}"
