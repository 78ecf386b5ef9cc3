"""What the migrator asks of a tool: how its files are read, and where it keeps what is applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from migrator.folder import Migration
from migrator.plan import PlannedMigration
from migrator.postgres import Session


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """A record that stands for several migrations: SQL for its values, and the names that one stands for."""

    sql: str
    of: Callable[[str, Sequence[PlannedMigration]], list[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Books:
    """A tool's own table of what is applied, in SQL in which `{schema}` stands for the ledger's schema.

    `make` makes the table as the tool does where there is none. `applied` selects, oldest first, what
    identifies a migration there (the entry `key` of `PlannedMigration.recorded`), and its checksum (the entry
    `checksum`; NULL where the tool does not compare any). `record` adds a migration; its parameters are
    `recorded`. `summary` is for a record that stands for all that came before it, where the tool has such.
    """

    table: str
    make: str
    applied: str
    record: str
    key: str
    summary: Summary | None = None

    def exist(self, session: Session, schema: str) -> bool:
        """Whether the tool's table is there."""
        table = self.table.format(schema=schema)
        return bool(session.rows("SELECT to_regclass(:table) IS NOT NULL", table=table)[0][0])

    def found(self, session: Session, schema: str, migrations: Sequence[PlannedMigration]) -> dict[str, str]:
        """The migrations that the tool has recorded, by name, each with its checksum or nothing."""
        if not self.exist(session, schema):
            return {}
        recorded = dict(session.rows(self.applied.format(schema=schema)))
        keys = {migration.name: dict(migration.recorded).get(self.key) for migration in migrations}
        each = {name: recorded[key] or "" for name, key in keys.items() if key in recorded}
        if self.summary is None:
            return each
        summaries = session.rows(self.summary.sql.format(schema=schema))
        implied = [name for (value,) in summaries for name in self.summary.of(value, migrations)]
        return dict.fromkeys(implied, "") | each


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """A format of migrations folders; `scripts` is the pattern of its files' paths.

    `ledger` is the table in which the migrator keeps how far it is. `books` is None where that is the tool's
    own table, too, and where there is no tool. `read` raises FolderError.
    """

    name: str
    scripts: str
    recognizes: Callable[[Path], bool]
    read: Callable[[Path], list[Migration]]
    ledger: str = "_migrator_migrations"
    books: Books | None = None
