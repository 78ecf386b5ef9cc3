"""One migration, statement by statement: each is recorded together with what it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from migrator.applying.batches import Batch, BatchRunner, Reporter
from migrator.applying.headroom import Headroom
from migrator.applying.indexes import IndexRunner
from migrator.applying.inventory import Inventory
from migrator.applying.progress import Watcher
from migrator.applying.retries import Retries
from migrator.applying.rows import Rows
from migrator.attempt import Pending, tokens_made
from migrator.errors import (
    ForeignPartition,
    IndexDiffers,
    LockTimeout,
    Refused,
    ReplicaBehind,
    StatementFailed,
    StorageShort,
)
from migrator.ledger import Ledger
from migrator.plan import Batches, Online, Statement, shortened
from migrator.postgres import AS_OURSELVES, QUERY_CANCELED, PostgresError, Session
from migrator.settings import Patience, Resources


class Run:
    """One migration's run, from its first statement that is not applied."""

    def __init__(
        self,
        pending: Pending,
        *,
        everything: bool,
        session: Session,
        ledger: Ledger,
        inventory: Inventory,
        watcher: Watcher,
        patience: Patience,
        resources: Resources,
        say: Callable[[str], None],
    ) -> None:
        self._pending, self._migration, self._everything = pending, pending.migration, everything
        self._session, self._inventory, self._say = session, inventory, say
        self._entry = ledger.entry(pending)
        self._watcher, self._patience, self._resources = watcher, patience, resources
        self._retries = Retries(session, watcher=watcher, patience=patience, say=say)

    def run(self) -> None:
        if self._pending.applied:
            self._say(f"{self._migration.name} resumes after statement {self._pending.applied}")
        self._at = self._pending.applied + 1  # the statement that runs
        for first, group in self._migration.transactions(self._pending.applied):
            if group[0].after_verified and not self._everything:
                return
            self._at = first
            try:
                self._group(first, group)
            except PostgresError as error:
                raise self._failed(first, error) from None
            except Refused as error:
                self._record(str(error))
                raise Refused(f"{error}\n{_kept(first)}") from None
            except (ForeignPartition, IndexDiffers, LockTimeout, ReplicaBehind, StorageShort) as error:
                self._record(str(error))
                raise type(error)(f"{self._migration.place(self._at)}: {error}") from None
        if not self._entry.written or self._entry.applied < len(self._migration.statements):
            self._session.run(self._entry.finished())

    def _group(self, first: int, group: list[Statement]) -> None:
        statement = group[0]
        if statement.batches:
            self._in_batches(first, statement, statement.batches)
        elif statement.online and not self._serves_nobody(statement.online):
            self._online(first, statement, statement.online)
        elif statement.online:
            plain = statement.online.create(on=statement.online.table)
            self._transaction(first, [replace(statement, sql=plain, online=None)])
        else:
            self._transaction(first, group)

    def _online(self, number: int, statement: Statement, online: Online) -> None:
        label = self._migration.label(number, [statement])
        interrupted = self._pending.interrupted and number == self._pending.applied + 1
        started = time.monotonic()
        self._begin_entry()
        self._set_again(number)
        runner = IndexRunner(
            self._session,
            watcher=self._watcher,
            patience=self._patience,
            resources=self._resources,
            retries=self._retries,
            label=label,
            say=self._say,
        )
        end = runner.run(online, interrupted=interrupted)
        self._session.run(f"{self._session.resetting}; {self._reached(number)}")
        self._entry.committed(number, set())
        self._say(f"{label} {end} {time.monotonic() - started:.1f} s")

    def _serves_nobody(self, online: Online) -> bool:
        """Whether the table is this run's own, which no app reads yet: then a plain build blocks nobody."""
        return (
            online.kind == "create"
            and not online.only
            and self._inventory.is_new(online.table)
            and self._session.index(online.index) is None
        )

    def _in_batches(self, number: int, statement: Statement, batches: Batches) -> None:
        label = self._migration.label(number, [statement])
        if self._entry.key is not None:
            self._say(f"{label} resumes after {batches.column} {self._entry.key}")
        self._begin_entry()
        runner = BatchRunner(
            batches, self._session, place=self._migration.place(number), probe=self._seconds_of_a_write
        )
        headroom = Headroom(self._session, patience=self._patience, resources=self._resources, say=self._say)
        reporter = Reporter(label, self._say)
        count = 0
        while batch := self._batch(number, statement, runner, label):
            count += 1
            reporter.report(runner.progress)
            runner.pause(batch)
            headroom.await_replicas()
        self._say(f"{label} done in {count} batches {reporter.seconds:.1f} s")

    def _batch(self, number: int, statement: Statement, runner: BatchRunner, label: str) -> Batch | None:
        """Commits the next one together with the key that it reaches; None: there was none, which is kept."""
        batch: Batch | None = None

        def work() -> None:
            nonlocal batch
            self._prepare(number, label)
            batch = runner.next(self._entry.key)
            if batch:
                rows = self._rows(label)
                rows.run(number, replace(statement, sql=batch.sql))
                rows.settle()

        def closing() -> str:
            reached = self._entry.reached(batch.last) if batch else self._reached(number)
            return f"{AS_OURSELVES}; {reached}"

        committed = self._retries.run(label, work, closing=closing, clean=True, long=True)
        if batch is None:
            self._entry.committed(number, set())
            return None
        self._entry.key = batch.last
        return replace(batch, seconds=committed.seconds)

    def _seconds_of_a_write(self) -> float:
        started = time.monotonic()
        self._session.run(self._entry.touched())
        return time.monotonic() - started

    def _transaction(self, first: int, group: list[Statement]) -> None:
        label = self._migration.label(first, group)
        last = first + len(group) - 1
        settings = self._migration.settings(before=first)
        plain = not settings and all(statement.is_plain for statement in group)

        def work() -> None:
            self._prepare(first, label)
            rows = self._rows(label, plain=plain)
            for self._at, statement in enumerate(group, first):
                rows.run(self._at, statement)
            rows.settle()

        def closing() -> str:
            making = self._inventory.making({letter for statement in group for letter in statement.makes})
            reached = self._reached(last, making=making)
            return reached if plain else f"{AS_OURSELVES}; {reached}"

        committed = self._retries.run(label, work, closing=closing, clean=not plain, long=_may_be_long(group))
        made = tokens_made(committed.rows)
        self._entry.committed(last, made)
        self._inventory.made(made)
        self._say(f"{label} committed {committed.seconds:.1f} s")

    def _reached(self, number: int, *, making: str = "''") -> str:
        """The SQL that records that the statements up to that number are applied."""
        if number == len(self._migration.statements):
            return self._entry.finished(making=making)
        return self._entry.advanced(number, making=making)

    def _begin_entry(self) -> None:
        """Before what does not commit with the entry's first line."""
        if not self._entry.written:
            self._session.run(self._entry.advanced(self._entry.applied))
            self._entry.committed(self._entry.applied, set())

    def _prepare(self, number: int, label: str) -> None:
        """Sets again what the file has set before that statement, but no limits longer than ours."""
        if self._set_again(number):
            self._retries.keeping_limits(label, "")

    def _rows(self, label: str, *, plain: bool = False) -> Rows:
        """`plain` statements leave limits as they are."""
        keeping = partial(self._retries.keeping_limits, label)
        return Rows(
            self._session,
            self._inventory,
            self._migration,
            self._session.run if plain else keeping,
        )

    def _set_again(self, number: int) -> bool:
        """Sets what the file has set before that statement; whether it has set anything."""
        settings = self._migration.settings(before=number)
        for setting in settings:
            self._session.run(setting)
        return bool(settings)

    def _failed(self, first: int, error: PostgresError) -> StatementFailed:
        """Records the failure and returns the error to raise. What precedes `first` is committed."""
        title = shortened(self._migration.statements[self._at - 1].title)
        text = f"{self._migration.place(self._at)} failed\n  {title}\n{_explained(error)}"
        self._record(text)
        return StatementFailed(f"{text}\n{_kept(first)}")

    def _record(self, failure: str) -> None:
        """In the ledger, as the role that made it."""
        self._session.run(f"{self._session.resetting}; {self._entry.failed(self._at, failure)}")


def _may_be_long(group: list[Statement]) -> bool:
    """A change of data or a validation, unless a lock that blocks the app would be held as long."""
    strong = any(lock.blocks_writes for statement in group for lock in statement.locks)
    return any(statement.long for statement in group) and not strong


def _kept(first: int) -> str:
    """What stays of the file whose transaction from statement `first` on was rolled back."""
    kept = f"Statements 1 to {first - 1} are applied and stay" if first > 1 else "Nothing of it is applied"
    return f"{kept}: mend the file from statement {first} on and run again"


def _explained(error: PostgresError) -> str:
    if error.code != QUERY_CANCELED:
        return str(error)
    return f"{error}\nIt would have blocked the app for longer: split it, or raise --statement-timeout"
