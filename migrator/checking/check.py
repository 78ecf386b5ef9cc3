"""Judges the migrations of a change as `plan` does, and the change itself: what is applied must stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from migrator.checking.changes import Changes
from migrator.plan import Plan, PlannedMigration

EDITED = "applied-file-edited"
REMOVED = "applied-file-removed"
OUT_OF_ORDER = "out-of-order"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something to mend, or, unless it `refuses`, to know; `file` is relative to the working directory.

    What is about a whole file is at its first line.
    """

    file: str
    code: str
    message: str
    line: int = 1
    statement: str = ""
    refuses: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """The new migrations and what was found in the change."""

    migrations: tuple[PlannedMigration, ...]
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether anything has to be mended before a deployment could run."""
        return any(finding.refuses for finding in self.findings)


def check(plan: Plan, changes: Changes, folder: Path) -> Checked:
    """The plan is that of the whole folder: an older file tells what a new one changes."""
    again = {migration.file for migration in plan.migrations if migration.repeatable} & changes.edited
    new = tuple(migration for migration in plan.migrations if migration.file in changes.added | again)
    findings = [
        *_touched(changes.edited - again, changes.removed, folder),
        *_out_of_order(plan, changes, folder),
        *(finding for migration in new for finding in _refused(migration, folder)),
    ]
    return Checked(migrations=new, findings=tuple(findings))


def _touched(edited: frozenset[str], removed: frozenset[str], folder: Path) -> Iterator[Finding]:
    for file in sorted(edited):
        yield Finding(
            file=(folder / file).as_posix(),
            code=EDITED,
            message="a database that has applied this file refuses the next deployment "
            "(AppliedMigrationChanged)\n"
            "Restore it, and put the change into a new migration",
        )
    for file in sorted(removed):
        yield Finding(
            file=(folder / file).as_posix(),
            code=REMOVED,
            message="databases that have applied this file keep what it made, and new ones go without\n"
            "Restore it, and undo what it did in a new migration",
        )


def _out_of_order(plan: Plan, changes: Changes, folder: Path) -> Iterator[Finding]:
    """A new file that sorts before an older one runs after it where that one is applied."""
    older = [place for place, migration in enumerate(plan.migrations) if migration.file not in changes.added]
    for place, migration in enumerate(plan.migrations):
        if older and place < older[-1] and migration.file in changes.added and not migration.repeatable:
            yield Finding(
                file=(folder / migration.file).as_posix(),
                code=OUT_OF_ORDER,
                message=f"sorts before {plan.migrations[older[-1]].name}, which is there already: a database "
                "that has that one runs this file after it, a new database before\n"
                "Give it a later name, unless the order makes no difference",
                refuses=False,
            )


def _refused(migration: PlannedMigration, folder: Path) -> Iterator[Finding]:
    for statement in migration.statements:
        for hazard in statement.refusals:
            yield Finding(
                file=(folder / migration.file).as_posix(),
                line=statement.line,
                code=hazard.code,
                message=hazard.message,
                statement=statement.title,
            )
