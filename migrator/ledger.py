"""How far each migration is: Prisma's own table, `_prisma_migrations`, or one like it beside another tool's.

A row that has neither `finished_at` nor `rolled_back_at` is a migration that failed or was interrupted. To
what Prisma writes, its `logs` add lines of ours, `migrator: …`: how many statements are applied, and what
they were; how long named queries took before (`migrator.verifying.verify`); and what its statements made,
which is nobody's until the run has ended. Those of a finished one keep a digest of its statements.

Where another tool keeps books, too, they decide what is applied: it may have applied migrations, or taken
some back.
"""

from __future__ import annotations

from dataclasses import replace

from migrator.attempt import (
    MADE,
    Pending,
    Row,
    accepted_because,
    changed,
    is_known,
    pending_of,
)
from migrator.entry import Entry
from migrator.errors import AppliedMigrationChanged, SettingsError
from migrator.names import quote
from migrator.plan import Plan
from migrator.postgres import Session, filled
from migrator.tools.recognize import NAMED


class Ledger:
    """Reads and writes the table, which lives in the schema that is current at the start."""

    def __init__(self, session: Session, plan: Plan) -> None:
        self._session, self._plan = session, plan
        tool = NAMED[plan.tool]
        self.schema = session.schema or session.rows("SELECT current_schema()")[0][0]
        self._name, self.table = tool.ledger, f"{quote(self.schema)}.{tool.ledger}"
        self._tool, self._books = tool.name, tool.books

    @property
    def tables(self) -> list[str]:
        """The ledger, and the tool's own table where that is another one."""
        books = [self._books.table.format(schema=quote(self.schema))] if self._books else []
        return [self.table, *books]

    def exists(self) -> bool:
        found = self._session.rows("SELECT to_regclass(:table) IS NOT NULL", table=self.table)
        return bool(found[0][0])

    def make(self) -> None:
        """The table as Prisma makes it, with its schema. Raises SettingsError where there is another."""
        if not self.exists():
            self._refuse_second()
            if self._session.schema:
                self._session.run(f"CREATE SCHEMA IF NOT EXISTS {quote(self.schema)}")
            self._session.run(
                f"""CREATE TABLE {self.table} (
                    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
                    checksum                VARCHAR(64) NOT NULL,
                    finished_at             TIMESTAMPTZ,
                    migration_name          VARCHAR(255) NOT NULL,
                    logs                    TEXT,
                    rolled_back_at          TIMESTAMPTZ,
                    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
                    applied_steps_count     INTEGER NOT NULL DEFAULT 0
                )"""
            )
        if self._books and not self._books.exist(self._session, quote(self.schema)):
            self._session.run(self._books.make.format(schema=quote(self.schema)))

    def _refuse_second(self) -> None:
        """Unless a schema was chosen, a history that another has is not begun again."""
        found = self._session.rows(
            "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relname = :table AND c.relkind = 'r'",
            table=self._name,
        )
        if found and not self._session.schema:
            other = found[0][0]
            raise SettingsError(
                f"{self._name} is in the schema {other!r}, and this run would begin the history again in "
                f"{self.schema!r}. Set MIGRATOR_SCHEMA={other}, or ?schema={other} in DATABASE_URL; "
                f"if a second history is meant, set MIGRATOR_SCHEMA={self.schema}"
            )

    def rows(self) -> list[Row]:
        """All attempts, oldest first; of a finished migration the last one is what counts."""
        own = self._own_rows()
        if self._books is None:
            return own
        found = self._books.found(self._session, quote(self.schema), self._plan.migrations)
        planned = {migration.name: migration for migration in self._plan.migrations if migration.recorded}
        self._refuse_empty_books([row for row in own if row.counts and row.name in planned], found)
        taken_back = planned.keys() - found.keys()
        rows = [row for row in own if not row.counts or row.name not in taken_back]
        finished = {row.name: row for row in rows if row.counts}
        for name, checksum in found.items():
            as_file = not checksum or checksum == dict(planned[name].recorded)["checksum"]
            row = finished.get(name)
            if row is None:
                rows.append(
                    Row(
                        id="",
                        name=name,
                        checksum=planned[name].checksum if as_file else checksum,
                        finished=f"by {self._tool}",
                        rolled_back=None,
                        logs="",
                    )
                )
            elif checksum:
                rows.append(replace(row, checksum=planned[name].checksum if as_file else checksum))
        return rows

    def _refuse_empty_books(self, applied: list[Row], found: dict[str, str]) -> None:
        """Some migrations can be taken back, not all: an emptied table would let the history run again."""
        if applied and not found:
            table = self.tables[-1]
            raise SettingsError(
                f"{table} has none of the {len(applied)} migrations that {self.table} has as applied. "
                f"Restore {table}; or, if the history shall begin again, drop {self.table} too"
            )

    def _own_rows(self) -> list[Row]:
        if not self.exists():
            return []
        found = self._session.rows(
            f"""SELECT id, migration_name, checksum, CAST(date_trunc('second', finished_at) AS text),
                       CAST(rolled_back_at AS text), coalesce(logs, '')
                FROM {self.table} ORDER BY started_at"""
        )
        names = ("id", "name", "checksum", "finished", "rolled_back", "logs")
        return [Row(**dict(zip(names, row, strict=True))) for row in found]

    def pending(self) -> list[Pending]:
        """What is left to do, in order. Raises AppliedMigrationChanged and AppliedStatementsChanged.

        A migration that the plan does not know was applied by a newer release: nothing runs backwards.
        """
        rows = self.rows()
        finished = {row.name: row for row in rows if row.counts}
        unfinished = {row.name: row for row in rows if row.open}
        left = []
        for migration in self._plan.migrations:
            row = finished.get(migration.name)
            if row is None or (migration.repeatable and not is_known(migration, row)):
                left.append(pending_of(migration, unfinished.get(migration.name)))
            elif not is_known(migration, row):
                raise AppliedMigrationChanged(changed(migration, row))
        return left

    def accept_edits(self) -> list[str]:
        """Records why files that differ from what was applied are accepted; a line for each new one."""
        migrations = {migration.name: migration for migration in self._plan.migrations}
        said = []
        for row in self._own_rows():
            migration = migrations.get(row.name)
            if not migration or not row.counts:
                continue
            reason = accepted_because(migration, row)
            if reason and f"accepted: {reason}" not in row.logs:
                line = f"{migration.name} differs from what was applied, which is accepted: {reason}"
                self._session.rows(
                    f"UPDATE {self.table} SET logs = concat_ws(E'\\n', logs, :line) WHERE id = :id",
                    id=row.id,
                    line=f"migrator: {line}",
                )
                said.append(line)
        return said

    def record_applied(self, *, note: str) -> int:
        """Records migrations that somebody else has applied, with a note; how many were not recorded yet."""
        recorded = {row.name for row in self.rows() if row.counts}
        new = [migration for migration in self._plan.migrations if migration.name not in recorded]
        mark = f"migrator: baseline: {note}" if note else "migrator: baseline"
        with self._session.transaction():
            for migration in new:
                pending = Pending(migration=migration, applied=0, interrupted=False, replaces=None)
                self._session.run(self.entry(pending).finished(note=mark))
        return len(new)

    def abandoned(self) -> list[str]:
        """Migrations that were begun, and that the plan does not know."""
        known = {migration.name for migration in self._plan.migrations}
        return [row.name for row in self._own_rows() if row.open and row.name not in known]

    def made(self) -> set[str]:
        """What interrupted runs made, as tokens of `migrator.applying.inventory`."""
        return {token for row in self._own_rows() for token in row.made}

    def forget_made(self) -> None:
        """The run has ended: what it made is somebody's now."""
        self._session.rows(
            f"""UPDATE {self.table} SET logs = regexp_replace(logs, :line, '', 'g')
                WHERE logs LIKE '%migrator: made %'""",
            line=rf"\n{MADE}[^\n]*",
        )

    def entry(self, pending: Pending) -> Entry:
        """A new row, for an attempt at a migration."""
        recorded, booked = dict(pending.migration.recorded), ""
        if self._books and recorded:
            booked = filled(self._books.record.format(schema=quote(self.schema)), **recorded)
        return Entry(pending, table=self.table, booked=booked)
