"""One attempt at a migration as the ledger has it, and what follows from it for a file of today."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from migrator.errors import AppliedStatementsChanged
from migrator.folder import same_script
from migrator.plan import PlannedMigration

_MARK = re.compile(r"^migrator: (?P<applied>\d+) applied, sha256 (?P<digest>[0-9a-f]{64})$", re.MULTILINE)
_BEFORE = re.compile(r"^migrator: before (?P<figures>.*)$", re.MULTILINE)
_TOKENS = re.compile(r"^migrator: tokens (?P<digest>[0-9a-f]{64})$", re.MULTILINE)
_REACHED = re.compile(
    r"^migrator: statement (?P<number>\d+) reached (?P<key>.*), sha256 (?P<digest>[0-9a-f]{64})$",
    re.MULTILINE,
)
MADE = "migrator: made "
"""What follows on a line is what the attempt's statements made, while its run goes on."""
SHORT = 12
"""Hexadecimal digits of a checksum that a file names."""
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
    def counts(self) -> bool:
        """Whether the migration is applied."""
        return bool(self.finished) and not self.rolled_back

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
    def reached(self) -> tuple[int, str, str] | None:
        """Of a statement in batches: its number, the digest up to it, and the key of its last row."""
        found = _REACHED.search(self.logs)
        return (int(found["number"]), found["digest"], json.loads(found["key"])) if found else None

    @property
    def made(self) -> set[str]:
        """Tokens of what its statements made, while its run goes on."""
        return tokens_made([[self.logs]])

    @property
    def before(self) -> str:
        """The figures that were kept, as they were given."""
        found = _BEFORE.search(self.logs)
        return found["figures"] if found else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """A migration to apply after its first `applied` statements; if `interrupted`, the next may be done.

    `reached` is the key after which the next goes on, if it ran in batches. `before` is a line of figures
    that are kept until the migration is finished.
    """

    migration: PlannedMigration
    applied: int
    interrupted: bool
    replaces: str | None
    before: str = ""
    reached: str | None = None

    @property
    def only_waits(self) -> bool:
        """Whether all that is left of it waits for a verified release."""
        return self.migration.waits and self.applied == self.migration.before_verified


def tokens_made(rows: list[list[Any]]) -> set[str]:
    """Tokens of what was made, from rows of the column `logs`."""
    lines = (line for row in rows for line in str(row[0]).splitlines() if line.startswith(MADE))
    return {token for line in lines for token in line.removeprefix(MADE).split()}


def is_known(migration: PlannedMigration, row: Row) -> bool:
    """Whether the file is the one that was applied, or says that it may differ from it."""
    return same_script(migration.source, row.checksum) or accepted_because(migration, row) is not None


def accepted_because(migration: PlannedMigration, row: Row) -> str | None:
    """Why the file accepts that another version of it was applied."""
    if same_script(migration.source, row.checksum):
        return None
    return next((reason for start, reason in migration.accepted if row.checksum.startswith(start)), None)


def changed(migration: PlannedMigration, row: Row) -> str:
    """The error of a file that is not what was applied: what differs, and both ways on."""
    match = _TOKENS.search(row.logs)
    if not match:
        difference = "what it was is not recorded: `git log -p` of the file shows it"
    elif match["digest"] == migration.tokens:
        difference = "only comments or white space differ"
    else:
        difference = "its statements differ"
    return (
        f"migration {migration.name} was changed after it was applied: {difference}\n"
        f"  recorded {row.checksum}\n  now      {migration.checksum}\n"
        "Restore the file from version control and put the change into a new migration. "
        "If both versions may stay, say so before its first statement:\n"
        f"  -- migrator: accept {row.checksum[:SHORT]} because <reason>"
    )


def pending_of(migration: PlannedMigration, attempt: Row | None) -> Pending:
    """What is left of a migration after an attempt at it. Raises AppliedStatementsChanged."""
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
        reached=_key_after(migration, applied, attempt),
    )


def reached_mark(migration: PlannedMigration, number: int, key: str) -> str:
    """The line of the log that keeps how far a statement in batches is."""
    return f"migrator: statement {number} reached {json.dumps(key)}, sha256 {migration.digest(number)}"


def _key_after(migration: PlannedMigration, applied: int, attempt: Row) -> str | None:
    """A statement that was changed since begins again."""
    if attempt.reached is None:
        return None
    number, digest, key = attempt.reached
    return key if number == applied + 1 and digest == migration.digest(number) else None
