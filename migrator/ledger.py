"""Prisma's bookkeeping, the table `_prisma_migrations`, so that either tool can be used next.

A row that has neither `finished_at` nor `rolled_back_at` is a migration that failed or was interrupted. To
what Prisma writes, its `logs` add a mark: how many statements are applied, and what they were; and how long
named queries took before (`migrator.verifying.verify`). Those of a finished one keep a digest of its
statements. The table's comment has what a run made, until it ends: nobody's yet.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from uuid import uuid4

from migrator.attempt import Pending, Row, accepted_because, changed, is_known, pending_of
from migrator.errors import AppliedMigrationChanged, SettingsError
from migrator.names import quote
from migrator.plan import Plan, PlannedMigration
from migrator.postgres import Session

TABLE = "_prisma_migrations"
_MADE = re.compile(r"migrator: a run that has not ended made (?P<tokens>[a-z\d ]+)")


class Ledger:
    """Reads and writes the table, which lives in the schema that is current at the start."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.schema = session.schema or session.rows("SELECT current_schema()")[0][0]
        self.table = f"{quote(self.schema)}.{TABLE}"

    def exists(self) -> bool:
        found = self._session.rows("SELECT to_regclass(CAST(:table AS text)) IS NOT NULL", table=self.table)
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

    def _refuse_second(self) -> None:
        """Unless a schema was chosen, a history that another has is not begun again."""
        found = self._session.rows(
            "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relname = :table AND c.relkind = 'r'",
            table=TABLE,
        )
        if found and not self._session.schema:
            other = found[0][0]
            raise SettingsError(
                f"{TABLE} is in the schema {other!r}, and this run would begin the history again in "
                f"{self.schema!r}. Set MIGRATOR_SCHEMA={other}, or ?schema={other} in DATABASE_URL; "
                f"if a second history is meant, set MIGRATOR_SCHEMA={self.schema}"
            )

    def rows(self) -> list[Row]:
        """All attempts, oldest first."""
        if not self.exists():
            return []
        found = self._session.rows(
            f"""SELECT id, migration_name, checksum, CAST(date_trunc('second', finished_at) AS text),
                       CAST(rolled_back_at AS text), coalesce(logs, '')
                FROM {self.table} ORDER BY started_at"""
        )
        names = ("id", "name", "checksum", "finished", "rolled_back", "logs")
        return [Row(**dict(zip(names, row, strict=True))) for row in found]

    def pending(self, plan: Plan) -> list[Pending]:
        """What is left to do, in order. Raises AppliedMigrationChanged and AppliedStatementsChanged.

        A migration that the plan does not know was applied by a newer release: nothing runs backwards.
        """
        rows = self.rows()
        finished = {row.name: row for row in rows if row.finished and not row.rolled_back}
        unfinished = {row.name: row for row in rows if row.open}
        left = []
        for migration in plan.migrations:
            if migration.name not in finished:
                left.append(pending_of(migration, unfinished.get(migration.name)))
            elif not is_known(migration, finished[migration.name]):
                raise AppliedMigrationChanged(changed(migration, finished[migration.name]))
        return left

    def accept_edits(self, plan: Plan) -> list[str]:
        """Records why files that differ from what was applied are accepted; a line for each new one."""
        migrations = {migration.name: migration for migration in plan.migrations}
        said = []
        for row in self.rows():
            migration = migrations.get(row.name)
            if not migration or not row.finished or row.rolled_back:
                continue
            reason = accepted_because(migration, row)
            if reason and f"accepted: {reason}" not in row.logs:
                line = f"{migration.name} differs from what was applied, which is accepted: {reason}"
                self._update(
                    row.id, "logs = concat_ws(E'\\n', logs, CAST(:line AS text))", line=f"migrator: {line}"
                )
                said.append(line)
        return said

    def record_applied(self, plan: Plan, *, note: str) -> int:
        """Records migrations that somebody else has applied, with a note; how many were not recorded yet."""
        recorded = {row.name for row in self.rows() if row.finished and not row.rolled_back}
        new = [migration for migration in plan.migrations if migration.name not in recorded]
        mark = f"migrator: baseline: {note}" if note else "migrator: baseline"
        with self._session.transaction():
            for migration in new:
                self._session.rows(
                    f"""INSERT INTO {self.table} (id, checksum, migration_name, logs, started_at, finished_at,
                                                  applied_steps_count)
                        VALUES (:id, :checksum, :name, :logs, clock_timestamp(), clock_timestamp(), 1)""",
                    id=str(uuid4()),
                    checksum=migration.checksum,
                    name=migration.name,
                    logs=f"migrator: tokens {migration.tokens}\n{mark}",
                )
        return len(new)

    def abandoned(self, plan: Plan) -> list[str]:
        """Migrations that were begun, and that the plan does not know."""
        known = {migration.name for migration in plan.migrations}
        return [row.name for row in self.rows() if row.open and row.name not in known]

    def start(self, pending: Pending) -> str:
        """Records an attempt, and that it replaces an earlier one. Returns its id."""
        row = str(uuid4())
        with self._session.transaction():
            if pending.replaces:
                # The figures hold values of the app's data: they move on, and end with the migration.
                self._update(
                    pending.replaces,
                    "rolled_back_at = clock_timestamp(),"
                    " logs = regexp_replace(logs, '\nmigrator: before [^\n]*', '')",
                )
            self._session.rows(
                f"""INSERT INTO {self.table} (id, checksum, migration_name, logs, started_at)
                    VALUES (:id, :checksum, :name, :logs, clock_timestamp())""",
                id=row,
                checksum=pending.migration.checksum,
                name=pending.migration.name,
                logs=f"\nmigrator: before {pending.before}" if pending.before else None,
            )
            self.advance(row, pending.migration, pending.applied)
        return row

    def advance(self, row: str, migration: PlannedMigration, applied: int) -> None:
        """Records how far it is; inside a transaction, together with the statements themselves."""
        mark = f"migrator: {applied} applied, sha256 {migration.digest(applied)}"
        self._update(
            row,
            "applied_steps_count = CAST(:applied AS int),"
            " logs = CAST(:mark AS text) || coalesce(substring(logs, '\nmigrator: before [^\n]*'), '')",
            applied=applied,
            mark=mark,
        )

    def fail(self, row: str, number: int, log: str) -> None:
        """Records an error above the mark."""
        text = f"migrator: statement {number} failed\n{log}\n"
        self._update(row, "logs = CAST(:text AS text) || coalesce(logs, '')", text=text)

    def finish(self, row: str, migration: PlannedMigration) -> None:
        """As Prisma leaves a row: one step (to Prisma the file is one); the log tells what was applied."""
        self._update(
            row,
            "finished_at = clock_timestamp(), applied_steps_count = 1, logs = CAST(:mark AS text)",
            mark=f"migrator: tokens {migration.tokens}",
        )

    def made(self) -> set[str]:
        """What an interrupted run made, as tokens of `migrator.applying.inventory`."""
        if not self.exists():
            return set()
        match = _MADE.fullmatch(self._comment()[0])
        return set(match["tokens"].split()) if match else set()

    def record_made(self, tokens: Collection[str]) -> None:
        """Keeps them for the next run, in the transaction that is under way; none: the run has ended.

        A comment of somebody else's is left alone, and so is a table of another owner.
        """
        comment, ours = self._comment()
        if ours and (comment or tokens) and (not comment or _MADE.fullmatch(comment)):
            made = " ".join(sorted(tokens))
            text = f"'migrator: a run that has not ended made {made}'" if tokens else "NULL"
            self._session.run(f"COMMENT ON TABLE {self.table} IS {text}")

    def _comment(self) -> tuple[str, bool]:
        """The table's comment, and whether it can be changed."""
        comment, ours = self._session.rows(
            """SELECT coalesce(pg_catalog.obj_description(oid, 'pg_class'), ''),
                      pg_catalog.pg_has_role(relowner, 'USAGE')
               FROM pg_catalog.pg_class WHERE oid = CAST(:table AS regclass)""",
            table=self.table,
        )[0]
        return comment, ours

    def _update(self, row: str, assignments: str, **values: Any) -> None:
        self._session.rows(f"UPDATE {self.table} SET {assignments} WHERE id = :id", id=row, **values)
