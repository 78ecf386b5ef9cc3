"""The ledger's row of one attempt, as SQL that commits together with what it records."""

from __future__ import annotations

from uuid import uuid4

from migrator.attempt import MADE, Pending, reached_mark
from migrator.postgres import filled


class Entry:
    """A row that is written when its first transaction commits, and updated by each later one.

    Each method gives SQL, and the SQL the row's `logs`, with the tokens of what the transaction has made.
    `booked` is SQL that adds the migration to its tool's own table. `applied` statements of the file are
    committed, and of the next, if it runs in batches, the rows up to `key`.
    """

    def __init__(self, pending: Pending, *, table: str, booked: str) -> None:
        self._pending, self._migration = pending, pending.migration
        self._table, self._booked = table, booked
        self._id = str(uuid4())
        self._made: set[str] = set()
        self.applied = pending.applied
        self.key = pending.reached
        self.written = False

    def advanced(self, applied: int, *, making: str = "''") -> str:
        """That so many statements are applied; `making` is SQL for the tokens of what they made."""
        mark = self._mark(applied, self.key if applied == self.applied else None)
        return self._sql(mark, applied, finished=False, making=making)

    def reached(self, key: str) -> str:
        """How far the statement that is under way in batches is."""
        return self._sql(self._mark(self.applied, key), self.applied, finished=False, making="''")

    def touched(self) -> str:
        """A small write that changes nothing."""
        return filled(f"UPDATE {self._table} SET id = id WHERE id = :id", id=self._id)

    def finished(self, *, note: str = "", making: str = "''") -> str:
        """As Prisma leaves a row: one step (to Prisma the file is one); the log tells what was applied."""
        mark = f"migrator: tokens {self._migration.tokens}" + (f"\n{note}" if note else "")
        return self._sql(mark, 1, finished=True, making=making) + (
            f"; {self._booked}" if self._booked else ""
        )

    def failed(self, number: int, log: str) -> str:
        """An error, above the mark."""
        text = f"migrator: statement {number} failed\n{log}\n{self._mark(self.applied, self.key)}"
        return self._sql(text, self.applied, finished=False, making="''")

    def committed(self, applied: int, made: set[str]) -> None:
        """After its transaction."""
        if applied > self.applied:
            self.key = None
        self.applied, self.written = applied, True
        self._made |= made

    def _mark(self, applied: int, key: str | None) -> str:
        lines = [f"migrator: {applied} applied, sha256 {self._migration.digest(applied)}"]
        if key is not None:
            lines.append(reached_mark(self._migration, applied + 1, key))
        if self._pending.before:
            lines.append(f"migrator: before {self._pending.before}")
        return "\n".join(lines)

    def _sql(self, logs: str, applied: int, *, finished: bool, making: str) -> str:
        if self._made:
            logs += f"\n{MADE}{' '.join(sorted(self._made))}"
        values = {
            "id": self._id,
            "checksum": self._migration.checksum,
            "name": self._migration.name,
            "logs": logs,
            "applied": applied,
            "line": f"\n{MADE}",
        }
        kept = f":logs || coalesce(:line || nullif({making}, ''), '')"
        end = "clock_timestamp()" if finished else "NULL"
        if self.written:
            return filled(
                f"""UPDATE {self._table}
                    SET logs = {kept}, applied_steps_count = :applied, finished_at = {end}
                    WHERE id = :id RETURNING logs""",
                **values,
            )
        return self._replacing() + filled(
            f"""INSERT INTO {self._table}
                (id, checksum, migration_name, logs, started_at, finished_at, applied_steps_count)
                VALUES (:id, :checksum, :name, {kept}, clock_timestamp(), {end}, :applied) RETURNING logs""",
            **values,
        )

    def _replacing(self) -> str:
        """An earlier attempt ends. Its figures hold values of the app's data: they move on with the row."""
        if not self._pending.replaces:
            return ""
        return filled(
            f"""UPDATE {self._table} SET rolled_back_at = clock_timestamp(),
                logs = regexp_replace(logs, :before, '') WHERE id = :id; """,
            id=self._pending.replaces,
            before=r"\nmigrator: before [^\n]*",
        )
