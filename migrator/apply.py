"""Applies the pending migrations in order: index statements online, everything else in transactions."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from migrator import guards, lock, roles, verify
from migrator.errors import IndexDiffers, LockTimeout, StatementFailed
from migrator.indexes import IndexRunner
from migrator.ledger import Ledger, Pending
from migrator.plan import Plan, Statement, shortened
from migrator.postgres import DEADLOCK, LOCK_NOT_AVAILABLE, QUERY_CANCELED, PostgresError, Session
from migrator.progress import Watch
from migrator.settings import AppRole, Patience, Server

LONGEST_PAUSE = 30.0  # seconds between two tries at a table's lock


def apply(
    plan: Plan, *, server: Server, patience: Patience, role: AppRole | None, say: Callable[[str], None]
) -> None:
    """Raises a MigratorError; what was applied until then stays and is recorded. `say` gets a line."""
    with Session(server) as session:
        lock.take(session, wait=patience.wait_for_lock, say=say)
        ledger = Ledger(session)
        ledger.make()
        if role:
            roles.ensure(session, role, ledger.table)
            say(f"role {role.name} may read and write rows")
        for name in ledger.abandoned(plan):
            say(f"{name} was begun by another release and is not in this one: left as it is")
        pending = ledger.pending(plan)
        guards.refuse_hazards(session, pending)
        for migration in pending:
            Run(migration, session=session, ledger=ledger, server=server, patience=patience, say=say).run()
        say(f"migrations: {len(pending)} applied now, {len(plan.migrations) - len(pending)} before")
        say(verify.verify(session, plan))


class Run:
    """One migration's run, from its first statement that is not applied."""

    def __init__(
        self,
        pending: Pending,
        *,
        session: Session,
        ledger: Ledger,
        server: Server,
        patience: Patience,
        say: Callable[[str], None],
    ) -> None:
        self._pending, self._migration = pending, pending.migration
        self._session, self._ledger = session, ledger
        self._server, self._patience, self._say = server, patience, say

    def run(self) -> None:
        if self._pending.applied:
            self._say(f"{self._migration.name} resumes after statement {self._pending.applied}")
        self._at = self._pending.applied + 1  # the statement that runs
        self._row = self._ledger.start(self._pending)
        for first, group in self._migration.transactions(self._pending.applied):
            self._settle_session()
            if group[0].online:
                self._online(first, group[0])
            else:
                self._transaction(first, group)
        self._settle_session()
        self._ledger.finish(self._row)

    def _settle_session(self) -> None:
        """Undoes a file's SETs; online, waiting for older transactions blocks nobody and may be long."""
        milliseconds = round(self._patience.wait_for_transactions * 1000)
        self._session.run(f"RESET ALL; SET lock_timeout = '{milliseconds}ms'")

    def _online(self, number: int, statement: Statement) -> None:
        assert statement.online
        label = self._migration.label(number, [statement])
        interrupted = self._pending.interrupted and number == self._pending.applied + 1
        started = time.monotonic()
        try:
            indexes = IndexRunner(self._session, self._server, label, self._say)
            end = indexes.run(statement.online, interrupted=interrupted)
        except PostgresError as error:
            raise self._failed(number, number, str(error)) from None
        except (IndexDiffers, LockTimeout) as error:
            self._ledger.fail(self._row, number, str(error))
            raise type(error)(f"{self._migration.place(number)}: {error}") from None
        self._ledger.advance(self._row, self._migration, number)
        self._say(f"{label} {end} {time.monotonic() - started:.1f} s")

    def _transaction(self, first: int, group: list[Statement]) -> None:
        label = self._migration.label(first, group)
        last = first + len(group) - 1
        for tried in range(self._patience.lock_retries + 1):
            self._at = first
            try:
                with (
                    Watch(self._server, self._session.pid, label, self._say) as watch,
                    self._session.transaction(),
                ):
                    self._limit(group)
                    for self._at, statement in enumerate(group, first):
                        self._session.run(statement.sql)
                    self._ledger.advance(self._row, self._migration, last)
            except PostgresError as error:
                if error.code not in (LOCK_NOT_AVAILABLE, DEADLOCK):
                    raise self._failed(first, self._at, _explained(error)) from None
                self._pause(tried, watch.blockers)
            else:
                self._say(f"{label} committed {watch.seconds:.1f} s")
                return

    def _limit(self, group: list[Statement]) -> None:
        """A change of data or a validation may take its time; a change of the schema holds a strong lock."""
        lock_timeout = round(self._patience.lock_timeout * 1000)
        statement_timeout = 0 if group[0].long else round(self._patience.statement_timeout * 1000)
        self._session.run(f"SET LOCAL lock_timeout = '{lock_timeout}ms'")
        self._session.run(f"SET LOCAL statement_timeout = '{statement_timeout}ms'")

    def _pause(self, tried: int, blockers: str) -> None:
        """Waits before the next try, longer each time, never in step with others. Raises LockTimeout."""
        held = f"no lock within {self._patience.lock_timeout:g} s, held by {blockers or 'another session'}"
        if tried >= self._patience.lock_retries:
            self._ledger.fail(self._row, self._at, held)
            raise LockTimeout(
                f"{self._migration.place(self._at)}: {held}; tried {tried + 1} times. "
                "End that transaction, or raise --lock-retries, and run again"
            )
        pause = min(LONGEST_PAUSE, 2**tried) * random.uniform(0.5, 1)
        self._say(
            f"{self._migration.label(self._at, [self._migration.statements[self._at - 1]])}: {held}; "
            f"next try in {pause:.1f} s ({tried + 1} of {self._patience.lock_retries})"
        )
        time.sleep(pause)

    def _failed(self, first: int, number: int, error: str) -> StatementFailed:
        """Records the failure and returns the error to raise. What precedes `first` is committed."""
        title = shortened(self._migration.statements[number - 1].title)
        text = f"{self._migration.place(number)} failed\n  {title}\n{error}"
        self._ledger.fail(self._row, number, text)
        kept = (
            f"Statements 1 to {first - 1} are applied and stay" if first > 1 else "Nothing of it is applied"
        )
        return StatementFailed(f"{text}\n{kept}: mend the file from statement {first} on and run again")


def _explained(error: PostgresError) -> str:
    if error.code != QUERY_CANCELED:
        return str(error)
    return f"{error}\nIt would have blocked the app for longer: split it, or raise --statement-timeout"
