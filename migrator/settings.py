"""Where the database is, how long to wait, and the app's role: read once, checked once."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from migrator.errors import SettingsError


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A database and how to reach it. `ca` is a file of trusted certificates; None trusts the system's."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    ca: str | None

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Server:
        """From PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD and PGSSLROOTCERT. Raises SettingsError."""
        missing = [n for n in ("PGHOST", "PGDATABASE", "PGUSER", "PGPASSWORD") if not environment.get(n)]
        if missing:
            raise SettingsError(
                f"{', '.join(missing)} not set: the migrator reads its connection from PG* variables"
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long to wait for what, in seconds. Each is a flag, and MIGRATOR_<NAME> in the environment."""

    # Every query on a table queues behind an ALTER TABLE that waits for it, so the app can stall this long:
    # less than any client's patience.
    lock_timeout: float = 1.0
    # With pauses of 1, 2, 4 … 30 s between, some eight minutes: most reports are off a table by then.
    lock_retries: int = 25
    # A schema change that reads no rows takes milliseconds; a longer one holds a strong lock meanwhile.
    statement_timeout: float = 30.0
    # An index built online waits, blocking nobody, for every older transaction to end.
    wait_for_transactions: float = 600.0
    # Another runner's whole work, an index build on a large table included.
    wait_for_lock: float = 3600.0

    @classmethod
    def add_to(cls, parser: ArgumentParser, environment: Mapping[str, str]) -> None:
        for setting in fields(cls):
            parser.add_argument(
                f"--{setting.name.replace('_', '-')}",
                type=type(setting.default),
                default=environment.get(f"MIGRATOR_{setting.name.upper()}", setting.default),
                metavar="COUNT" if setting.name == "lock_retries" else "SECONDS",
                help=f"default {setting.default}",
            )

    @classmethod
    def chosen(cls, arguments: Namespace) -> Patience:
        """Raises SettingsError for what would wait for ever: PostgreSQL's time-outs are off at 0."""
        values = {setting.name: getattr(arguments, setting.name) for setting in fields(cls)}
        for name, value in values.items():
            least = 0 if name in ("lock_retries", "wait_for_lock") else 0.001
            if value < least:
                raise SettingsError(f"--{name.replace('_', '-')} is {value:g}: give {least:g} or more")
        return cls(**values)
