"""The plan as people read it: short, as a preview shows it line by line, or with all that there is to say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

from migrator.lock_modes import Lock
from migrator.plan import Plan, PlannedMigration, Statement, shortened, summary

# Bytes; AWS keeps at most 4,096 in a standard SSM parameter, and a preview stays readable.
LIMIT = 4_000
_TITLE = re.compile(r"^(\S+) \(sha256 [0-9a-f]{12}\)$", re.MULTILINE)
NO_MIGRATIONS = "no migrations"
SHOWN = 50
"""Statements of a plan that is short enough to be shown whole unasked."""


class Hazards(Enum):
    """How much a statement's row tells of what it is refused for."""

    NONE = "none"
    FIRST_LINE = "first line"
    SAFE_WAY = "safe way"


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """What people read of new migrations, and whether a deployment would refuse any of their statements."""

    text: str
    refused: bool


def short(plan: Plan) -> str:
    """The newest migrations in full, within LIMIT, with the first line of each refusal."""
    blocks: list[str] = []
    room = LIMIT - 100
    for migration in reversed(plan.migrations):
        block = "\n".join([_title(migration), *_rows(migration, Hazards.FIRST_LINE)])
        if len(block.encode()) > room:
            blocks.append(_rest(block, room, left=len(plan.migrations) - len(blocks), newest=not blocks))
            break
        blocks.append(block)
        room -= len(block.encode()) + 1
    return "\n".join(reversed(blocks)) or NO_MIGRATIONS


def report(plan: Plan, sizes: Mapping[str, str], *, spared: int, everything: bool) -> str:
    """Totals, then what is refused with its safe way, then, of a short plan or when asked, every statement.

    `spared` statements have hazards that would hurt nobody in the database that was asked.
    """
    statements = [statement for migration in plan.migrations for statement in migration.statements]
    lines = [totals(plan.migrations)]
    if spared:
        lines.append(f"{spared} more would be refused on tables in use; here nobody would miss anything")
    for migration in plan.migrations:
        for text in migration.refusals():
            lines += ["", text]
    if everything or len(statements) <= SHOWN:
        return "\n".join([*lines, "", full(plan, sizes, hazards=Hazards.NONE)]) if statements else lines[0]
    return "\n".join([*lines, "", "--all shows how each statement runs"])


def news(plan: Plan, deployed: str) -> News | None:
    """What a deployment applies besides what `deployed` shows, the `short` of an earlier plan.

    A database that has nothing takes the whole history, whose hazards hurt nobody there.
    """
    if not plan.migrations:
        return None
    known = set(_TITLE.findall(deployed))
    if not known:
        history = _counted(len(plan.migrations), "migration")
        return News(text=f"the database takes the whole history: {history}", refused=False)
    # Of a long history only the newest are recorded: what precedes them is older.
    oldest = next((place for place, item in enumerate(plan.migrations) if item.name in known), 0)
    new = [item for item in plan.migrations[oldest:] if item.name not in known]
    if not new:
        return None
    lines = [totals(new, noun="new migration")]
    for item in new:
        lines += [_title(item), *_rows(item, Hazards.NONE), *item.refusals()]
    return News(text="\n".join(lines), refused=any(item.refusals() for item in new))


def totals(migrations: Sequence[PlannedMigration], noun: str = "migration") -> str:
    """`2 migrations, 8 statements: 5 in transactions, 1 online, 1 after verified, 1 refused`."""
    if not migrations:
        return f"no {noun}s"
    hows = Counter(statement.how for migration in migrations for statement in migration.statements)
    words = {
        "transaction": "in transactions",
        "online": "online",
        "batches": "in batches",
        "verified": "after verified",
        "refused": "refused",
    }
    parts = ", ".join(f"{hows[how]:,} {word}" for how, word in words.items() if hows[how])
    counted = _counted(len(migrations), noun)
    return f"{counted}, {_counted(sum(hows.values()), 'statement')}: {parts}" if parts else counted


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def full(plan: Plan, sizes: Mapping[str, str], *, hazards: Hazards = Hazards.SAFE_WAY) -> str:
    """Every statement with its locks, what it is refused for, and a table's size if known."""
    lines = []
    for migration in plan.migrations:
        lines.append(_title(migration))
        for number, statement in enumerate(migration.statements, 1):
            lines += [
                _row(number, statement),
                *_locks(statement.locks, sizes),
                *_notes(statement, hazards),
            ]
    return "\n".join(lines) or NO_MIGRATIONS


def _title(migration: PlannedMigration) -> str:
    return f"{migration.name} (sha256 {migration.checksum[:12]})"


def _rows(migration: PlannedMigration, hazards: Hazards) -> list[str]:
    return [row for first, group in migration.transactions() for row in _transaction(first, group, hazards)]


def _transaction(first: int, group: list[Statement], hazards: Hazards) -> list[str]:
    """A row a statement, or one for a transaction of more than four without anything remarkable in it."""
    if len(group) > 4 and not any(statement.refusals or statement.allowed for statement in group):
        row = f"  {first}–{first + len(group) - 1}  transaction  {summary(group)}"
        return [row, *_locks([lock for statement in group for lock in statement.locks], {})]
    rows = []
    for number, statement in enumerate(group, first):
        locks = [] if statement.refusals else _locks(statement.locks, {})
        rows += [_row(number, statement), *locks, *_notes(statement, hazards)]
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


def _notes(statement: Statement, hazards: Hazards) -> list[str]:
    """What is refused, what cannot be shown, and what is allowed and why."""
    notes = (
        ["       not shown: what it does to older rows is judged when it runs"] if statement.hidden else []
    )
    for hazard in statement.refusals if hazards is not Hazards.NONE else ():
        first, *rest = hazard.message.splitlines()
        notes.append(f"       {hazard.code}: {first}")
        notes += [f"         {line}" for line in rest if hazards is Hazards.SAFE_WAY]
    return notes + [f"       allowed: {reason}" for reason in statement.allowed]


def _rest(block: str, room: int, *, left: int, newest: bool) -> str:
    """What stands for the migrations that have no room; of the newest it is the rows that have."""
    if not newest:
        return f"… and {left} earlier migration{'s' if left > 1 else ''}"
    rows = block.splitlines()
    ends = accumulate(len(row.encode()) + 1 for row in rows)
    shown = [row for row, end in zip(rows, ends, strict=True) if end <= room]
    return "\n".join([*shown, f"  … and {len(rows) - len(shown)} more lines"])
