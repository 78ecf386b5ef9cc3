"""Applies the pending migrations in order: index statements online, everything else in transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from migrator.applying import guards, lock, query_statistics, roles
from migrator.applying.inventory import Inventory
from migrator.applying.progress import Watcher
from migrator.applying.run import Run
from migrator.ledger import Ledger
from migrator.plan import Plan, PlannedMigration
from migrator.postgres import Session
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
    verified: bool,
    say: Callable[[str], None],
) -> None:
    """Raises a MigratorError; what was applied until then stays and is recorded. `say` gets a line.

    Unless the release is `verified`, or the database is new, what waits for that is left for later.
    """
    with Session(server) as session:
        guards.refuse_server(session, server)
        lock.take(session, wait=patience.wait_for_lock, say=say)
        ledger = Ledger(session, plan)
        ledger.make()
        if role:
            roles.ensure(session, role, ledger.tables)
            say(f"role {role.name} may read and write rows")
            if query_statistics.ensure(session):
                say("pg_stat_statements counts what queries cost")
        for name in ledger.abandoned():
            say(f"{name} was begun by another release and is not in this one: left as it is")
        pending = ledger.pending()
        for line in ledger.accept_edits():
            say(line)
        inventory = Inventory(session, ledger)
        guards.refuse_hazards(inventory, pending)
        everything = verified or inventory.no_tables
        waiting = [] if everything else [item.migration for item in pending if item.migration.waits]
        verifier = Verifier(session, _without_indexes_of(plan, waiting), verification, say)
        with Watcher(server, session.pid, say) as watcher:
            for item in pending:
                if item.only_waits and not everything:
                    continue
                Run(
                    verifier.measure_before(item),
                    everything=everything,
                    session=session,
                    ledger=ledger,
                    inventory=inventory,
                    watcher=watcher,
                    patience=patience,
                    resources=resources,
                    say=say,
                ).run()
        ledger.forget_made()
        done, before = len(pending) - len(waiting), len(plan.migrations) - len(pending)
        wait = f", {len(waiting)} waiting for a verified release" if waiting else ""
        say(f"migrations: {done} applied now, {before} before{wait}")
        verifier.verify()


def _without_indexes_of(plan: Plan, waiting: Sequence[PlannedMigration]) -> Plan:
    """The plan without promises of indexes that cannot be there yet, and queries that need them."""
    later = {
        statement.online.index
        for migration in waiting
        for statement in migration.statements
        if statement.after_verified and statement.online
    }
    return replace(
        plan,
        promises=tuple(promise for promise in plan.promises if promise.index not in later),
        queries=tuple(query for query in plan.queries if not later & set(query.uses)),
    )
