"""Prisma's bookkeeping, the table `_prisma_migrations`, so that either tool can be used next.

A row that has neither `finished_at` nor `rolled_back_at` is a migration that failed or was interrupted. To
what Prisma writes, its `logs` add a mark: how many statements are applied, and what they were; and how long
named queries took before (`migrator.verifying.verify`). The table's comment has the tables that a run made,
until it ends: nobody's yet.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from migrator.errors import AppliedMigrationChanged, AppliedStatementsChanged
from migrator.folder import same_script
from migrator.names import quote
from migrator.plan import Plan, PlannedMigration
from migrator.postgres import Session

TABLE = "_prisma_migrations"
_MARK = re.compile(r"^migrator: (?P<applied>\d+) applied, sha256 (?P<digest>[0-9a-f]{64})$", re.MULTILINE)
_BEFORE = re.compile(r"^migrator: before (?P<figures>.*)$", re.MULTILINE)
_MADE = re.compile(r"migrator: a run that has not ended made (?P<oids>[\d ]+)")
_ERROR = re.compile(r"^migrator: statement \d+ failed", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One attempt at a migration, as recorded."""

    id: str
    name: str
    checksum: str
    finished: str | None
    rolled_back: str | None
    logs: str

    @property
    def open(self) -> bool:
        """Neither finished nor given up."""
        return not self.finished and not self.rolled_back

    @property
    def failed(self) -> bool:
        """Whether it ended with an error; else it was interrupted."""
        return bool(_ERROR.search(self.logs))

    @property
    def mark(self) -> tuple[int, str]:
        """How many statements are applied and their digest; Prisma's own attempts roll back whole."""
        marks = _MARK.findall(self.logs)
        return (int(marks[-1][0]), marks[-1][1]) if marks else (0, "")

    @property
    def before(self) -> str:
        """The figures that were kept, as they were given."""
        found = _BEFORE.search(self.logs)
        return found["figures"] if found else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """A migration to apply after its first `applied` statements; if `interrupted`, the next may be done.

    `before` is a line of figures that are kept until the migration is finished.
    """

    migration: PlannedMigration
    applied: int
    interrupted: bool
    replaces: str | None
    before: str = ""


class Ledger:
    """Reads and writes the table, which lives in the schema that is current at the start."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.table = f"{quote(session.rows('SELECT current_schema()')[0][0])}.{TABLE}"

    def exists(self) -> bool:
        found = self._session.rows("SELECT to_regclass(CAST(:table AS text)) IS NOT NULL", table=self.table)
        return bool(found[0][0])

    def make(self) -> None:
        """The table as Prisma makes it."""
        if not self.exists():
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
                left.append(_pending(migration, unfinished.get(migration.name)))
            elif not same_script(migration.sql, finished[migration.name].checksum):
                raise AppliedMigrationChanged(
                    f"migration {migration.name} was changed after it was applied: recorded sha256 "
                    f"{finished[migration.name].checksum}, now {migration.checksum}. "
                    "Restore the file from version control and put the change into a new migration"
                )
        return left

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

    def finish(self, row: str) -> None:
        """As Prisma leaves a row: one step (to Prisma the file is one), no log."""
        self._update(row, "finished_at = clock_timestamp(), applied_steps_count = 1, logs = NULL")

    def made(self) -> set[int]:
        """The oids of the tables that an interrupted run made."""
        match = _MADE.fullmatch(self._comment()[0])
        return {int(oid) for oid in match["oids"].split()} if match else set()

    def record_made(self, oids: Collection[int]) -> None:
        """Keeps them for the next run, in the transaction that is under way; none: the run has ended.

        A comment of somebody else's is left alone, and so is a table of another owner.
        """
        comment, ours = self._comment()
        if ours and (comment or oids) and (not comment or _MADE.fullmatch(comment)):
            numbers = " ".join(str(oid) for oid in sorted(oids))
            text = f"'migrator: a run that has not ended made {numbers}'" if oids else "NULL"
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


def _pending(migration: PlannedMigration, attempt: Row | None) -> Pending:
    if attempt is None:
        return Pending(migration=migration, applied=0, interrupted=False, replaces=None)
    applied, digest = attempt.mark
    if applied and digest != migration.digest(applied):
        raise AppliedStatementsChanged(
            f"migration {migration.name} stopped after {applied} statements, and these were changed since: "
            f"restore the first {applied} statements as they were applied, and mend the file after them"
        )
    return Pending(
        migration=migration,
        applied=applied,
        interrupted=not attempt.failed,
        replaces=attempt.id,
        before=attempt.before,
    )
