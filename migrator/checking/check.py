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
    new = tuple(migration for migration in plan.migrations if migration.name in changes.added)
    findings = [
        *_touched(changes, folder),
        *_out_of_order(plan, changes, folder),
        *(finding for migration in new for finding in _refused(migration, folder)),
    ]
    return Checked(migrations=new, findings=tuple(findings))


def _touched(changes: Changes, folder: Path) -> Iterator[Finding]:
    for name in sorted(changes.edited):
        yield Finding(
            file=_script(folder, name),
            code=EDITED,
            message="a database that has applied this file refuses the next deployment "
            "(AppliedMigrationChanged)\n"
            "Restore it, and put the change into a new migration",
        )
    for name in sorted(changes.removed):
        yield Finding(
            file=_script(folder, name),
            code=REMOVED,
            message="databases that have applied this file keep what it made, and new ones go without\n"
            "Restore it, and undo what it did in a new migration",
        )


def _out_of_order(plan: Plan, changes: Changes, folder: Path) -> Iterator[Finding]:
    """A new file that sorts before an older one runs after it where that one is applied."""
    older = [migration.name for migration in plan.migrations if migration.name not in changes.added]
    for name in sorted(changes.added):
        if older and name < older[-1]:
            yield Finding(
                file=_script(folder, name),
                code=OUT_OF_ORDER,
                message=f"sorts before {older[-1]}, which is there already: a database that has that one "
                "runs this file after it, a new database before\n"
                "Give it a later name, unless the order makes no difference",
                refuses=False,
            )


def _refused(migration: PlannedMigration, folder: Path) -> Iterator[Finding]:
    for statement in migration.statements:
        for hazard in statement.refusals:
            yield Finding(
                file=_script(folder, migration.name),
                line=statement.line,
                code=hazard.code,
                message=hazard.message,
                statement=statement.title,
            )


def _script(folder: Path, name: str) -> str:
    return (folder / name / "migration.sql").as_posix()
