"""The plan as people read it: short, as a preview shows it line by line, or with all that there is to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from migrator.lock_modes import Lock
from migrator.plan import Plan, PlannedMigration, Statement, shortened, summary

# Bytes; AWS keeps at most 4,096 in a standard SSM parameter, and a preview stays readable.
LIMIT = 4_000
NO_MIGRATIONS = "no migrations"


def short(plan: Plan) -> str:
    """The newest migrations in full, within LIMIT, with the first line of each refusal."""
    blocks: list[str] = []
    room = LIMIT - 100
    for migration in reversed(plan.migrations):
        block = "\n".join([_title(migration), *_rows(migration)])
        if len(block.encode()) > room:
            blocks.append(_rest(block, room, left=len(plan.migrations) - len(blocks), newest=not blocks))
            break
        blocks.append(block)
        room -= len(block.encode()) + 1
    return "\n".join(reversed(blocks)) or NO_MIGRATIONS


def full(plan: Plan, sizes: Mapping[str, str]) -> str:
    """Every statement with its locks, the safe way of what is refused, and a table's size if known."""
    lines = []
    for migration in plan.migrations:
        lines.append(_title(migration))
        for number, statement in enumerate(migration.statements, 1):
            lines += [
                _row(number, statement),
                *_locks(statement.locks, sizes),
                *_notes(statement, whole=True),
            ]
    return "\n".join(lines) or NO_MIGRATIONS


def _title(migration: PlannedMigration) -> str:
    return f"{migration.name} (sha256 {migration.checksum[:12]})"


def _rows(migration: PlannedMigration) -> list[str]:
    return [row for first, group in migration.transactions() for row in _transaction(first, group)]


def _transaction(first: int, group: list[Statement]) -> list[str]:
    """A row a statement, or one for a transaction of more than four without anything remarkable in it."""
    if len(group) > 4 and not any(statement.refusals or statement.allowed for statement in group):
        row = f"  {first}–{first + len(group) - 1}  transaction  {summary(group)}"
        return [row, *_locks([lock for statement in group for lock in statement.locks], {})]
    rows = []
    for number, statement in enumerate(group, first):
        locks = [] if statement.refusals else _locks(statement.locks, {})
        rows += [_row(number, statement), *locks, *_notes(statement, whole=False)]
    return rows


def _row(number: int, statement: Statement) -> str:
    return f"  {number}  {statement.how:<11}  {shortened(statement.title)}"


def _locks(locks: Sequence[Lock], sizes: Mapping[str, str]) -> list[str]:
    """A line a mode, the strongest first: `"Member": SHARE UPDATE EXCLUSIVE, blocks schema changes only`."""
    strongest: dict[str, Lock] = {}
    for lock in sorted(locks, key=lambda lock: lock.strength):
        strongest[lock.table] = lock
    tables: dict[str, list[str]] = {}
    for lock in sorted(strongest.values(), key=lambda lock: (-lock.strength, lock.table)):
        size = f" ({sizes[lock.table]})" if lock.table in sizes else ""
        tables.setdefault(str(lock), []).append(lock.table + size)
    return [f"       {shortened(', '.join(names))}: {lock}" for lock, names in tables.items()]


def _notes(statement: Statement, *, whole: bool) -> list[str]:
    """What is refused, what cannot be shown, and what is allowed and why."""
    notes = (
        ["       not shown: what it does to older rows is judged when it runs"] if statement.hidden else []
    )
    for hazard in statement.refusals:
        first, *rest = hazard.message.splitlines()
        notes += [f"       {hazard.code}: {first}", *(f"         {line}" for line in rest if whole)]
    return notes + [f"       allowed: {reason}" for reason in statement.allowed]


def _rest(block: str, room: int, *, left: int, newest: bool) -> str:
    """What stands for the migrations that have no room; of the newest it is the rows that have."""
    if not newest:
        return f"… and {left} earlier migration{'s' if left > 1 else ''}"
    rows = block.splitlines()
    ends = accumulate(len(row.encode()) + 1 for row in rows)
    shown = [row for row, end in zip(rows, ends, strict=True) if end <= room]
    return "\n".join([*shown, f"  … and {len(rows) - len(shown)} more lines"])
