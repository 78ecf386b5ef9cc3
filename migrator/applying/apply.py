"""Applies the pending migrations in order: index statements online, everything else in transactions."""

from __future__ import annotations

import time
from collections.abc import Callable

from migrator.applying import guards, lock, query_statistics, roles
from migrator.applying.indexes import IndexRunner
from migrator.applying.inventory import Inventory
from migrator.applying.retries import Retries
from migrator.applying.rows import Rows
from migrator.attempt import Pending
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
from migrator.plan import Plan, Statement, shortened
from migrator.postgres import AS_OURSELVES, QUERY_CANCELED, PostgresError, Session
from migrator.settings import AppRole, Patience, Resources, Server, Verification
from migrator.verifying.verify import Verifier


def apply(
    plan: Plan,
    *,
    server: Server,
    patience: Patience,
    resources: Resources,
    verification: Verification,
    role: AppRole | None,
    say: Callable[[str], None],
) -> None:
    """Raises a MigratorError; what was applied until then stays and is recorded. `say` gets a line."""
    with Session(server) as session:
        guards.refuse_server(session, server)
        lock.take(session, wait=patience.wait_for_lock, say=say)
        ledger = Ledger(session)
        ledger.make()
        if role:
            roles.ensure(session, role, ledger.table)
            say(f"role {role.name} may read and write rows")
            if query_statistics.ensure(session):
                say("pg_stat_statements counts what queries cost")
        for name in ledger.abandoned(plan):
            say(f"{name} was begun by another release and is not in this one: left as it is")
        pending = ledger.pending(plan)
        for line in ledger.accept_edits(plan):
            say(line)
        inventory = Inventory(session, ledger)
        guards.refuse_hazards(inventory, pending)
        verifier = Verifier(session, plan, verification, say)
        for migration in pending:
            Run(
                verifier.measure_before(migration),
                session=session,
                ledger=ledger,
                inventory=inventory,
                server=server,
                patience=patience,
                resources=resources,
                say=say,
            ).run()
        ledger.record_made(())
        say(f"migrations: {len(pending)} applied now, {len(plan.migrations) - len(pending)} before")
        verifier.verify()


class Run:
    """One migration's run, from its first statement that is not applied."""

    def __init__(
        self,
        pending: Pending,
        *,
        session: Session,
        ledger: Ledger,
        inventory: Inventory,
        server: Server,
        patience: Patience,
        resources: Resources,
        say: Callable[[str], None],
    ) -> None:
        self._pending, self._migration = pending, pending.migration
        self._session, self._ledger, self._inventory, self._say = session, ledger, inventory, say
        self._server, self._patience, self._resources = server, patience, resources
        self._retries = Retries(session, server=server, patience=patience, say=say)

    def run(self) -> None:
        if self._pending.applied:
            self._say(f"{self._migration.name} resumes after statement {self._pending.applied}")
        self._at = self._pending.applied + 1  # the statement that runs
        self._row = self._ledger.start(self._pending)
        for first, group in self._migration.transactions(self._pending.applied):
            self._session.reset()
            self._at = first
            try:
                self._online(first, group[0]) if group[0].online else self._transaction(first, group)
            except PostgresError as error:
                raise self._failed(first, error) from None
            except Refused as error:
                self._record(str(error))
                raise Refused(f"{error}\n{_kept(first)}") from None
            except (ForeignPartition, IndexDiffers, LockTimeout, ReplicaBehind, StorageShort) as error:
                self._record(str(error))
                raise type(error)(f"{self._migration.place(self._at)}: {error}") from None
        self._session.reset()
        self._ledger.finish(self._row, self._migration)

    def _online(self, number: int, statement: Statement) -> None:
        assert statement.online
        label = self._migration.label(number, [statement])
        interrupted = self._pending.interrupted and number == self._pending.applied + 1
        started = time.monotonic()
        settings = self._set_again(number)
        runner = IndexRunner(
            self._session,
            server=self._server,
            patience=self._patience,
            resources=self._resources,
            retries=self._retries,
            label=label,
            say=self._say,
        )
        end = runner.run(statement.online, interrupted=interrupted)
        if settings:
            self._session.run(AS_OURSELVES)
        self._ledger.advance(self._row, self._migration, number)
        self._say(f"{label} {end} {time.monotonic() - started:.1f} s")

    def _transaction(self, first: int, group: list[Statement]) -> None:
        label = self._migration.label(first, group)
        last = first + len(group) - 1

        def work() -> None:
            settings = self._set_again(first)
            if settings:
                self._retries.keep_limits(label)
            rows = Rows(self._session, self._inventory, self._migration)
            for self._at, statement in enumerate(group, first):
                rows.run(self._at, statement)
                if self._at < last:
                    self._retries.keep_limits(label)
            rows.settle()
            if settings or any(statement.sets for statement in group):
                self._session.run(AS_OURSELVES)
            self._inventory.record()
            self._ledger.advance(self._row, self._migration, last)

        seconds = self._retries.run(label, work, long=_may_be_long(group))
        self._say(f"{label} committed {seconds:.1f} s")

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
        self._session.reset()
        self._ledger.fail(self._row, self._at, failure)


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
