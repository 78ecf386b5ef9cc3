"""Where the database is, how long to wait, what to use, and the app's role: read once, checked once."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from migrator.errors import SettingsError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A database and how to reach it.

    `ca` is a file of trusted certificates; None trusts the system's. `schema` is where the history and its
    ledger live; None is the user's own search path, which is mostly `public`.
    """

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    ca: str | None
    schema: str | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Server:
        """From PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD and PGSSLROOTCERT, or else from DATABASE_URL.

        Of a URL, Prisma's `?schema=` counts, and libpq's `?sslrootcert=`; MIGRATOR_SCHEMA comes before it.
        Raises SettingsError.
        """
        if not environment.get("PGHOST") and environment.get("DATABASE_URL"):
            environment = {**_of_url(environment["DATABASE_URL"]), **_without_empty(environment)}
        missing = [n for n in ("PGHOST", "PGDATABASE", "PGUSER", "PGPASSWORD") if not environment.get(n)]
        if missing:
            raise SettingsError(
                f"{', '.join(missing)} not set: the migrator reads its connection from PG* variables, "
                "or from DATABASE_URL"
            )
        port = environment.get("PGPORT", "5432")
        if not port.isdigit():
            raise SettingsError(f"PGPORT is {port!r}: give the port's number")
        return cls(
            host=environment["PGHOST"],
            port=int(port),
            database=environment["PGDATABASE"],
            user=environment["PGUSER"],
            password=environment["PGPASSWORD"],
            ca=environment.get("PGSSLROOTCERT"),
            schema=environment.get("MIGRATOR_SCHEMA") or None,
        )


def _without_empty(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if value}


def _of_url(url: str) -> dict[str, str]:
    """A URL's parts as the variables that say the same. The URL has a password, so no error repeats it."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("postgres", "postgresql") or not parts.hostname or port == 0:
        raise SettingsError(
            "DATABASE_URL is not understood: write postgresql://user:password@host:port/database?schema=name"
        )
    options = dict(parse_qsl(parts.query))
    return _without_empty(
        {
            "PGHOST": parts.hostname,
            "PGPORT": str(port or ""),
            "PGDATABASE": unquote(parts.path.removeprefix("/")),
            "PGUSER": unquote(parts.username or ""),
            "PGPASSWORD": unquote(parts.password or ""),
            "PGSSLROOTCERT": options.get("sslrootcert", ""),
            "MIGRATOR_SCHEMA": options.get("schema", ""),
        }
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class AppRole:
    """The role the app connects as: reads and writes rows, owns nothing."""

    name: str
    password: str = field(repr=False)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> AppRole | None:
        """From APP_ROLE and APP_ROLE_PASSWORD; None when neither is set. Raises SettingsError."""
        name, password = environment.get("APP_ROLE"), environment.get("APP_ROLE_PASSWORD")
        if not name and not password:
            return None
        if not name or not password:
            there, lacking = ("APP_ROLE", "APP_ROLE_PASSWORD") if name else ("APP_ROLE_PASSWORD", "APP_ROLE")
            raise SettingsError(f"{there} is set and {lacking} is not: set both, or neither to make no role")
        if name == environment.get("PGUSER"):
            raise SettingsError(
                f"APP_ROLE is {name!r}, the migrator's own user: give the app a role of its own"
            )
        return cls(name=name, password=password)


def setting(default: Any, *, unit: str, least: float, kind: type = float) -> Any:
    """A field that is a flag, and MIGRATOR_<NAME> in the environment; a value below `least` is refused."""
    return field(default=default, metadata={"kind": kind, "unit": unit, "least": least})


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long to wait for what, in seconds. A time-out cannot be 0: to PostgreSQL that is none."""

    # Every query on a table queues behind an ALTER TABLE that waits for it, so the app can stall this long:
    # less than any client's patience.
    lock_timeout: float = setting(1.0, unit="SECONDS", least=0.001)
    # With pauses of 1, 2, 4 … 30 s between, some eight minutes: most reports are off a table by then.
    lock_retries: int = setting(25, unit="COUNT", least=0, kind=int)
    # A schema change that reads no rows takes milliseconds; a longer one holds a strong lock meanwhile.
    statement_timeout: float = setting(30.0, unit="SECONDS", least=0.001)
    # An index built online waits, blocking nobody, for every older transaction to end.
    wait_for_transactions: float = setting(600.0, unit="SECONDS", least=0.001)
    # A replica that an earlier build left behind.
    wait_for_replicas: float = setting(600.0, unit="SECONDS", least=0)
    # Another runner's whole work, an index build on a large table included.
    wait_for_lock: float = setting(3600.0, unit="SECONDS", least=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resources:
    """What a build may take of the server, and what it must leave. None: as the server has it, or unknown."""

    # Memory of one build, its parallel workers' included: with more, a large index is sorted with less disk.
    maintenance_work_mem: int | None = setting(None, unit="MIB", least=1, kind=int)
    # Processes beside the build's own; 0 leaves the app all other cores.
    parallel_workers: int | None = setting(None, unit="COUNT", least=0, kind=int)
    # WAL that a replica has yet to replay: a build adds as much as its index is large. Eight segments are
    # replayed in seconds. In bytes, since the lag in seconds is not known while little is written.
    max_replica_lag: int = setting(128, unit="MIB", least=1, kind=int)
    # RDS tells it to CloudWatch only (FreeStorageSpace), so whoever starts the migrator has to say.
    free_storage: int | None = setting(None, unit="BYTES", least=0, kind=int)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """How far named queries may go."""

    # Of a statement, and of all runs of one query. A page that takes longer has no reader left.
    query_timeout: float = setting(10.0, unit="SECONDS", least=0.001)


def add_flags(parser: ArgumentParser, settings: type, environment: Mapping[str, str]) -> None:
    """A flag for each field of `Patience`, `Resources` or `Verification`."""
    for entry in fields(settings):
        parser.add_argument(
            _flag(entry.name),
            type=entry.metadata["kind"],
            default=environment.get(f"MIGRATOR_{entry.name.upper()}", entry.default),
            metavar=entry.metadata["unit"],
            help="default: the server's" if entry.default is None else f"default {entry.default}",
        )


def chosen(settings: type[T], arguments: Namespace) -> T:
    """What the flags said. Raises SettingsError, which names the flag, its value and the least."""
    values = {}
    for entry in fields(settings):  # type: ignore[arg-type]  # mypy cannot say "a dataclass"
        values[entry.name] = value = getattr(arguments, entry.name)
        if value is not None and value < entry.metadata["least"]:
            raise SettingsError(f"{_flag(entry.name)} is {value:g}: give {entry.metadata['least']:g} or more")
    return settings(**values)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
