"""One Redis server of a replication group: its files, its process, and what ElastiCache itself would tell it.

As on ElastiCache, the user that clients log in as may not reconfigure the server; the cloud has a user of
its own.
"""

import hashlib
import logging
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import redis

from rehearsal.cloud.body import CloudContext
from rehearsal.cloud.certificates import UNNAMED, CertificateFiles
from rehearsal.cloud.secret_files import write_private
from rehearsal.processes import Child

ADMIN = "elasticache"
# "Restricted Redis OSS commands" of the Amazon ElastiCache User Guide, those that a group without shards has.
_RESTRICTED = (
    *("acl|deluser", "acl|load", "acl|save", "acl|setuser", "bgrewriteaof", "bgsave", "config", "debug"),
    *("migrate", "psync", "replicaof", "save", "shutdown", "slaveof", "sync"),
)
_DATA = "appendonlydir"
_STOP_TIMEOUT = 5  # seconds
_ANSWER_TIMEOUT = 1.0  # seconds for an answer of a server that runs on this machine
log = logging.getLogger(__name__)


@cache
def installed_version() -> str:
    """The version of the machine's Redis, which runs whatever version was asked for."""
    said = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=True).stdout
    return said.partition("v=")[2].split()[0]


class RedisServer:
    """A server that keeps its data over restarts (AOF, synced each second) and listens on one address."""

    def __init__(
        self,
        folder: Path,
        context: CloudContext,
        *,
        address: str,
        port: int,
        tls_for: Sequence[str] | None,
        password: str,
    ) -> None:
        """`tls_for`: further addresses that the certificate is valid for; None for no TLS."""
        self.address, self.port = address, port
        self._folder, self._context, self._admin_password = folder, context, password
        folder.mkdir()
        if context.user:
            os.chown(folder, context.user.uid, context.user.gid)
        self._tls: CertificateFiles | None = None
        if tls_for is not None:
            self._tls = context.authority.issue(
                folder, addresses=[address, *tls_for], names=[UNNAMED], user=context.user
            )
        self._process: Child | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.alive else None

    def start(
        self, *, tokens: Sequence[str], parameters: Mapping[str, str], primary: "RedisServer | None"
    ) -> None:
        """Start it as a replica of `primary`, or as the primary."""
        text = render(
            listen=(self.address, self.port),
            folder=self._folder,
            tls=self._tls,
            ca=self._context.authority.path,
            admin_password=self._admin_password,
            tokens=tokens,
            parameters=parameters,
            primary=(primary.address, primary.port) if primary else None,
        )
        configuration = self._folder / "redis.conf"
        write_private(configuration, text.encode(), owner=self._context.user)
        self._process = Child(
            [*self._context.as_user(self._folder), "redis-server", configuration],
            log=self._folder / "redis.log",
            cwd=self._folder,
        )

    def is_ready(self) -> bool:
        """Whether it has loaded its data, and as a replica also its primary's."""
        try:
            state = self._ask("INFO", "replication")
        except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
            return False
        return bool(state["role"] == "master" or state["master_link_status"] == "up")

    def parameters(self) -> dict[str, str]:
        """Everything that this server can be configured by, with its values."""
        return dict(self._ask("CONFIG GET", "*"))

    def configure(self, name: str, value: str) -> None:
        """Change one parameter of the running server; redis.ResponseError when it refuses the value."""
        self._ask("CONFIG SET", name, value)

    def set_tokens(self, tokens: Sequence[str]) -> None:
        """Let clients log in with any of these from now on; open connections stay."""
        self._ask("ACL SETUSER", "default", "reset", *_client_rules(tokens))

    def promote(self) -> None:
        """Make a replica the primary."""
        self._ask("REPLICAOF", "NO", "ONE")

    def follow(self, primary: "RedisServer") -> None:
        """Make it a replica of another."""
        self._ask("REPLICAOF", primary.address, str(primary.port))

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process:
            self._process.end(within=0)
            self._process = None

    def forget(self) -> None:
        """Remove the data of an ended server."""
        shutil.rmtree(self._folder / _DATA, ignore_errors=True)

    def leave_data(self, folder: Path) -> None:
        """Move the data of an ended server away."""
        if (self._folder / _DATA).exists():
            (self._folder / _DATA).rename(folder)

    def stop(self) -> None:
        """End it; what it acknowledged is on disk."""
        if self._process:
            self._process.end(within=_STOP_TIMEOUT)
            self._process = None

    def _ask(self, *command: str) -> Any:
        with redis.Redis(
            host=self.address,
            port=self.port,
            username=ADMIN,
            password=self._admin_password,
            ssl=self._tls is not None,
            ssl_ca_certs=str(self._context.authority.path),
            socket_timeout=_ANSWER_TIMEOUT,
            socket_connect_timeout=_ANSWER_TIMEOUT,
            decode_responses=True,
        ) as client:
            return client.execute_command(*command)


def render(
    *,
    listen: tuple[str, int],
    folder: Path,
    tls: CertificateFiles | None,
    ca: Path,
    admin_password: str,
    tokens: Sequence[str],
    parameters: Mapping[str, str],
    primary: tuple[str, int] | None,
) -> str:
    """The configuration file: with the cloud's own password, and of the clients' tokens only the hashes."""
    address, port = listen
    return "\n".join(
        [
            f"bind {address}",
            *(_tls_lines(port, tls, ca) if tls else [f"port {port}"]),
            "protected-mode no",
            f"dir {quote(folder)}",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "repl-diskless-sync-delay 0",  # seconds that a first replica would wait for others
            f"user {ADMIN} on {_hashed(admin_password)} ~* &* +@all",
            f"user default {' '.join(_client_rules(tokens))}",
            f"masteruser {ADMIN}",
            f"masterauth {quote(admin_password)}",
            *(f"{name} {quote(value)}" for name, value in parameters.items()),
            *(["replicaof {} {}".format(*primary)] if primary else []),
            "",
        ]
    )


def quote(value: str | Path) -> str:
    """A word as redis.conf reads it."""
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _tls_lines(port: int, tls: CertificateFiles, ca: Path) -> list[str]:
    return [
        "port 0",
        f"tls-port {port}",
        f"tls-cert-file {quote(tls.certificate)}",
        f"tls-key-file {quote(tls.key)}",
        f"tls-ca-cert-file {quote(ca)}",
        "tls-auth-clients no",
        "tls-replication yes",
    ]


def _client_rules(tokens: Sequence[str]) -> list[str]:
    who = [_hashed(token) for token in tokens] or ["nopass"]
    return ["on", *who, "~*", "&*", "+@all", *(f"-{command}" for command in _RESTRICTED)]


def _hashed(password: str) -> str:
    return "#" + hashlib.sha256(password.encode()).hexdigest()
