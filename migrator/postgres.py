"""The only module that connects: a session over TLS whose certificate and host name are verified."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pg8000 import native

from migrator.errors import ConnectionFailed, Refused
from migrator.names import quote
from migrator.settings import Server

APPLICATION = "migrator"
CONNECT_TIMEOUT = 10  # seconds
# Seconds, for both ends: a runner whose machine vanished would keep its lock for two hours, Linux' default.
KEEPALIVES = {"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"}
LOCK_NOT_AVAILABLE, DEADLOCK, UNDEFINED_OBJECT, QUERY_CANCELED = "55P03", "40P01", "42704", "57014"
INSUFFICIENT_PRIVILEGE = "42501"
# The catalogue's own schemas, as an array of SQL.
SYSTEM_SCHEMAS = "ARRAY[CAST('pg_catalog' AS regnamespace), CAST('information_schema' AS regnamespace)]"
AS_OURSELVES = "RESET SESSION AUTHORIZATION; RESET ROLE"
_PARAMETER = re.compile(r"(?<![:\w]):(\w+)")


class PostgresError(Exception):
    """An error that PostgreSQL reported; `code` is its SQLSTATE."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.code = fields.get("C", "")
        lines = [f"{fields.get('S', 'ERROR')}: {fields.get('M', '')} (SQLSTATE {self.code})"]
        lines += [
            f"{label}: {fields[key]}" for key, label in (("D", "DETAIL"), ("H", "HINT")) if key in fields
        ]
        super().__init__("\n".join(lines))


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """An index as the catalogue has it. `usable`: valid, ready, live; `table`: its table's quoted name."""

    usable: bool
    partitioned: bool
    unique: bool
    schema: str
    table: str
    same_table: bool
    definition: str

    @property
    def method_and_columns(self) -> str:
        """All of the definition that follows the table's name."""
        return self.definition.partition(f".{self.table} USING ")[2]

    @property
    def kind(self) -> str:
        """What CREATE makes: `INDEX` or `UNIQUE INDEX`."""
        return "UNIQUE INDEX" if self.unique else "INDEX"

    def same_as(self, other: Index) -> bool:
        """Whether both answer the same queries and refuse the same rows, whatever their names and tables."""
        return (self.method_and_columns, self.unique) == (other.method_and_columns, other.unique)


class Session:
    """One connection. Statements run as they are; only catalogue look-ups take parameters."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.schema = server.schema
        self.last: list[list[Any]] = []
        self._connection = self._connect()
        self.pid = int(self.rows("SELECT pg_backend_pid()")[0][0])
        self.reset()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            self._connection.close()
        except (OSError, native.InterfaceError):
            return  # already gone; what broke it has been reported

    def reset(self) -> None:
        """Undoes every SET, that of a role too."""
        self.run(self.resetting)

    @property
    def resetting(self) -> str:
        """The SQL of `reset`."""
        # Not as parameters of the connection: a pooler refuses these before it can be told from a server.
        ours = "; ".join(f"SET {name} = {value}" for name, value in KEEPALIVES.items())
        if self.schema:
            ours += f"; SET search_path = {quote(self.schema)}"
        return f"{AS_OURSELVES}; RESET ALL; {ours}"

    def run(self, sql: str) -> list[list[Any]]:
        """Runs a script as it is, in the simple protocol."""
        return self._guarded(sql)

    def rows(self, sql: str, **parameters: Any) -> list[list[Any]]:
        """A query's rows; a parameter is `:name`. One round trip, where the extended protocol takes two."""
        return self._guarded(filled(sql, **parameters))

    @property
    def pooled(self) -> bool:
        """Whether a pooler stands between: it greets with a process id of its own making."""
        return int.from_bytes(self._connection._backend_key_data[:4]) != self.pid

    @contextmanager
    def transaction(self, opening: str = "BEGIN", *, clean: bool = False) -> Iterator[list[str]]:
        """Commits at the end, rolls back when PostgreSQL or the migrator refused something.

        It gives a list for the SQL that is sent together with the COMMIT; `last` are its rows. With `clean`,
        nothing that was SET in it stays.
        """
        self.run(opening)
        end: list[str] = []
        try:
            yield end
            self.last = self.run("; ".join([*end, "COMMIT", *([self.resetting] if clean else [])]))
        except (PostgresError, Refused):
            self.run("ROLLBACK")
            raise

    def index(self, index: str, table: str = "") -> Index | None:
        """The index of a quoted name, and whether it is on that table."""
        found = self.rows(
            """SELECT i.indisvalid AND i.indisready AND i.indislive, c.relkind = 'I', i.indisunique,
                      format('%I', n.nspname), format('%I', t.relname),
                      coalesce(i.indrelid = to_regclass(nullif(CAST(:table AS text), '')), false),
                      pg_get_indexdef(i.indexrelid)
               FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
               JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
               WHERE i.indexrelid = to_regclass(CAST(:index AS text))""",
            index=index,
            table=table,
        )
        names = ("usable", "partitioned", "unique", "schema", "table", "same_table", "definition")
        return Index(**dict(zip(names, found[0], strict=True))) if found else None

    def _connect(self) -> Any:
        server = self._server
        try:
            return native.Connection(
                server.user,
                host=server.host,
                database=server.database,
                password=server.password,
                ssl_context=ssl.create_default_context(cafile=server.ca),
                sock=_socket(server),
                application_name=APPLICATION,
            )
        except FileNotFoundError:
            raise ConnectionFailed(
                f"PGSSLROOTCERT {server.ca} does not exist: give the CA bundle's path"
            ) from None
        except native.DatabaseError as error:
            raise ConnectionFailed(
                f"{self._where()} refused the connection: {PostgresError(error.args[0])}"
            ) from None
        except (OSError, native.InterfaceError) as error:
            raise ConnectionFailed(f"cannot connect to {self._where()}: {error.__cause__ or error}") from None

    def _guarded(self, sql: str) -> list[list[Any]]:
        try:
            return self._connection.run(sql) or []
        except native.DatabaseError as error:
            raise PostgresError(error.args[0]) from None
        except (OSError, native.InterfaceError) as error:
            raise ConnectionFailed(
                f"lost the connection to {self._where()} ({error}): run again, it resumes where it stopped"
            ) from None

    def _where(self) -> str:
        return f"{self._server.user}@{self._server.host}:{self._server.port}/{self._server.database}"


def filled(sql: str, **parameters: Any) -> str:
    """The SQL with its parameters' values as literals."""
    values = {name: _literal(value) for name, value in parameters.items()}
    return _PARAMETER.sub(lambda match: values.get(match[1], match[0]), sql) if values else sql


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"ARRAY[{', '.join(map(_literal, value))}]"
    text: str = native.literal(value)
    # As a file may switch standard_conforming_strings off, a backslash is written so that it is always one.
    return f"E{text.replace(chr(92), chr(92) * 2)}" if "\\" in text else text


def _socket(server: Server) -> socket.socket:
    """The driver's own time-out would end a long build too. Keep-alives notice a dead peer."""
    connection = socket.create_connection((server.host, server.port), CONNECT_TIMEOUT)
    connection.settimeout(None)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in zip(
        ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"), KEEPALIVES.values(), strict=True
    ):
        if hasattr(socket, option):  # macOS has other names
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), int(value))
    return connection
