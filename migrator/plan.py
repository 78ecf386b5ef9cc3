"""The plan: per migration its statements and how each will run. Values that travel as JSON to the runner."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import groupby
from typing import Any, Literal

from migrator.errors import PlanError
from migrator.folder import same_script
from migrator.lock_modes import Lock
from migrator.promise import Promise
from migrator.query import Query

EVERYTHING = "rtfnx"  # letters of all that a statement may make
ROW_WIDTH = 110  # characters of a statement that a row shows
HIDDEN_CHANGE = "hidden-change"  # the hazard that no text shows: the runner finds it


@dataclass(frozen=True, kw_only=True, slots=True)
class Hazard:
    """What a statement would do to a live database, and the safe way to write it.

    `table` is the quoted table that would be hurt; None where it is no table's rows that decide. Then
    `object_kind` and `object_name` tell whose users would be hurt: `type`, `function`, `schema`, `sequence`,
    `extension` or `index`, and its quoted name; empty where it is no single one.
    `allowable`: a comment can let it run; without, it can never run in a migration.
    """

    code: str
    message: str
    table: str | None
    allowable: bool
    object_kind: str = ""
    object_name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Online:
    """An index statement that runs CONCURRENTLY, outside a transaction.

    `sql` is the statement with CONCURRENTLY. `schema`, `table` and `index` are quoted; the latter two with
    their schema if the file has one. Of a CREATE INDEX, `rest` is what follows the table's name; `only`
    leaves the partitions out.
    """

    kind: Literal["create", "drop", "reindex"]
    sql: str
    index: str = ""
    table: str = ""
    schema: str = ""
    unique: bool = False
    only: bool = False
    rest: str = ""

    def create(self, *, on: str) -> str:
        """The same index on another table, in that one's schema, and not online."""
        name = self.index.removeprefix(f"{self.schema}.")
        return f"CREATE {'UNIQUE ' if self.unique else ''}INDEX {name} ON {on}{self.rest}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Batches:
    """How an UPDATE or DELETE is cut: at most `size` rows by their `column`, which is quoted.

    A batch is `before`, the condition on the column of `alias`, and `after`. `table` is quoted.
    """

    size: int
    column: str
    table: str
    alias: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement. Those with the same `transaction` number commit together.

    `long` marks one that may take long because it blocks no reader (a validation, a change of data). `locks`
    are those on tables that its file did not make. `own` are hazards to what its file makes, as far as names
    tell: the runner looks. `names` are the new names that it gives to relations, with the old ones (None: it
    makes it); `chosen` the tables of which its own conditions choose rows. `hidden`: its text does not tell
    what it does. `sets`: it is a SET, which touches no row. `setting` is what to run again in each later
    transaction of its file, so that what it sets holds there. `makes`: letters of what it may make, which is
    nobody's until the run has ended: relations, types, functions, namespaces, extensions (`x`).
    `after_verified`: it waits until no server of an older release runs.
    """

    sql: str
    line: int
    title: str
    online: Online | None = None
    transaction: int = 0
    long: bool = False
    refusals: tuple[Hazard, ...] = ()
    own: tuple[Hazard, ...] = ()
    allowed: tuple[str, ...] = ()
    locks: tuple[Lock, ...] = ()
    names: tuple[tuple[str, str | None], ...] = ()
    chosen: tuple[str, ...] = ()
    hidden: bool = False
    sets: bool = False
    setting: str = ""
    makes: str = EVERYTHING
    batches: Batches | None = None
    after_verified: bool = False

    @property
    def how(self) -> str:
        """`online`, `batches`, `transaction`, `verified` or `refused`."""
        if self.refusals:
            return "refused"
        if self.after_verified:
            return "verified"
        if self.batches:
            return "batches"
        return "online" if self.online else "transaction"

    @property
    def is_plain(self) -> bool:
        """Whether it is a definition that leaves the session's settings as they are."""
        return self.makes != EVERYTHING and not self.sets

    @property
    def allowances(self) -> set[str]:
        """The codes of what is allowed."""
        return {entry.partition(" ")[0] for entry in self.allowed}


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedMigration:
    """A migration's name, script and statements in file order.

    `tokens` is the SHA-256 of what is run without comments and white space. `accepted` are the starts of the
    checksums of earlier versions of the file that may have been applied, each with the reason. The others
    are those of `migrator.folder.Migration`.
    """

    name: str
    source: str
    checksum: str
    statements: tuple[Statement, ...]
    tokens: str
    accepted: tuple[tuple[str, str], ...] = ()
    file: str = ""
    recorded: tuple[tuple[str, str], ...] = ()
    repeatable: bool = False
    unreadable: str = ""

    @property
    def before_verified(self) -> int:
        """How many of its statements, from the first on, need not wait for a verified release."""
        waiting = (place for place, statement in enumerate(self.statements) if statement.after_verified)
        return next(waiting, len(self.statements))

    @property
    def waits(self) -> bool:
        """Whether some of them wait."""
        return self.before_verified < len(self.statements)

    def digest(self, count: int) -> str:
        """SHA-256 of the first `count` statements, which mending a failed migration must not change."""
        return sha256("\0".join(statement.sql for statement in self.statements[:count]).encode()).hexdigest()

    def transactions(self, applied: int = 0) -> list[tuple[int, list[Statement]]]:
        """The statements after the first `applied`, by transaction, with the number of the first of each."""
        numbered = list(enumerate(self.statements, 1))[applied:]
        groups = [list(group) for _, group in groupby(numbered, key=lambda pair: pair[1].transaction)]
        return [(group[0][0], [statement for _, statement in group]) for group in groups]

    def settings(self, before: int) -> list[str]:
        """What the statements before that number have set for the rest of the file, to run in this order."""
        return [statement.setting for statement in self.statements[: before - 1] if statement.setting]

    def place(self, number: int) -> str:
        """Where a statement stands, for errors."""
        return f"migration {self.name}, statement {number} (line {self.statements[number - 1].line})"

    def refusals(self) -> list[str]:
        """The text of each refusal, in the order of the statements."""
        return [
            self.refusal(number, hazard)
            for number, statement in enumerate(self.statements, 1)
            for hazard in statement.refusals
        ]

    def refusal(self, number: int, hazard: Hazard) -> str:
        """Which statement is refused and why, and the safe way to write it."""
        title = shortened(self.statements[number - 1].title)
        return f"{self.place(number)} is refused ({hazard.code})\n  {title}\n{hazard.message}"

    def label(self, first: int, group: Sequence[Statement]) -> str:
        """How its lines start: `20251204_indexes 1/3 CREATE INDEX "Member_createdAt_idx" online`."""
        last = first + len(group) - 1
        numbers = str(first) if last == first else f"{first}–{last}"
        online = group[0].online
        what = (
            f"{online.kind.upper()} INDEX {online.index} online"
            if online and online.index
            else summary(group)
        )
        return f"{self.name} {numbers}/{len(self.statements)} {what}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All migrations of a folder, the indexes they promise, and the queries that shall use these.

    `tool` is the name of the folder's format (`migrator.tools.formats`).
    """

    migrations: tuple[PlannedMigration, ...]
    promises: tuple[Promise, ...]
    queries: tuple[Query, ...] = ()
    tool: str = "Prisma"

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Raises PlanError when a script is not the one that was planned."""
        data = json.loads(text)
        migrations = tuple(_migration(entry) for entry in data["migrations"])
        for migration in migrations:
            if not same_script(migration.source, migration.checksum):
                raise PlanError(
                    f"migration {migration.name} is not the file that was planned: build the bundle again"
                )
        return cls(
            migrations=migrations,
            promises=tuple(_promise(entry) for entry in data["promises"]),
            queries=tuple(Query(**{**entry, "uses": tuple(entry["uses"])}) for entry in data["queries"]),
            tool=data["tool"],
        )


def summary(group: Sequence[Statement]) -> str:
    """`3 CREATE TABLE, 1 ALTER TABLE`: a transaction in one line; a single statement is its title."""
    if len(group) == 1:
        return shortened(group[0].title)
    kinds = Counter(" ".join(statement.title.split()[:2]) for statement in group)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())


def shortened(text: str) -> str:
    """At most ROW_WIDTH characters."""
    return text if len(text) <= ROW_WIDTH else text[: ROW_WIDTH - 1] + "…"


def _migration(entry: dict[str, Any]) -> PlannedMigration:
    return PlannedMigration(
        **{
            **entry,
            "statements": tuple(_statement(item) for item in entry["statements"]),
            "accepted": tuple((checksum, reason) for checksum, reason in entry["accepted"]),
            "recorded": tuple((name, value) for name, value in entry["recorded"]),
        }
    )


def _promise(entry: dict[str, Any]) -> Promise:
    return Promise(**{**entry, "keys": tuple(entry["keys"]), "columns": tuple(entry["columns"])})


def _statement(entry: dict[str, Any]) -> Statement:
    online, batches = entry["online"], entry["batches"]
    return Statement(
        **{
            **entry,
            "online": Online(**online) if online else None,
            "batches": Batches(**batches) if batches else None,
            "refusals": tuple(Hazard(**hazard) for hazard in entry["refusals"]),
            "own": tuple(Hazard(**hazard) for hazard in entry["own"]),
            "allowed": tuple(entry["allowed"]),
            "locks": tuple(Lock(**lock) for lock in entry["locks"]),
            "names": tuple((new, old) for new, old in entry["names"]),
            "chosen": tuple(entry["chosen"]),
        }
    )
