"""What is looked at before anything runs: nothing that would hurt a live database starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from migrator.applying.inventory import Inventory
from migrator.errors import NotPrimary, Refused, ThroughPooler
from migrator.ledger import Pending
from migrator.plan import Hazard, PlannedMigration, shortened
from migrator.postgres import Session
from migrator.settings import Server


def refuse_server(session: Session, server: Server) -> None:
    """Raises NotPrimary and ThroughPooler: what such a connection begins, it cannot finish."""
    where = f"{server.host}:{server.port}"
    in_recovery, read_only = session.rows(
        "SELECT pg_is_in_recovery(), CAST(current_setting('transaction_read_only') AS boolean)"
    )[0]
    if in_recovery:
        raise NotPrimary(f"{where} is a replica: set PGHOST to the primary's address")
    if read_only:
        raise NotPrimary(
            f"{where} takes no writes: default_transaction_read_only is on. "
            "Find out why (RDS does that when its storage is full), then switch it off"
        )
    if session.pooled:
        raise ThroughPooler(
            f"{where} is a pooler: between transactions it gives the session to others, with its lock and "
            "its settings. Set PGHOST and PGPORT to the database's own"
        )


def refuse_hazards(inventory: Inventory, pending: Sequence[Pending]) -> None:
    """Raises Refused, which lists every pending statement that would hurt.

    A name that pending statements will give is followed back to the one that there is now. What they make is
    nobody's, and what is not there yet cannot be judged now: both are looked at again right before.
    """
    found, origins = [], dict[str, str | None]()
    for item in pending:
        for number, statement in enumerate(item.migration.statements[item.applied :], item.applied + 1):
            found += [
                refusal(item.migration, number, hazard)
                for hazard in statement.refusals
                if not hazard.allowable or _hurts(inventory, hazard, origins)
            ]
            for new, old in statement.names:
                origins[new] = origins.get(old, old) if old else None
                if old:
                    origins[old] = None
    if found:
        raise Refused("\n\n".join(found))


def _hurts(inventory: Inventory, hazard: Hazard, origins: Mapping[str, str | None]) -> bool:
    """What hurts no table in particular is nobody's in a database that has no table but the ledger."""
    if hazard.table is None:
        return not inventory.no_tables
    name = origins.get(hazard.table, hazard.table)
    return name is not None and inventory.misses(name)


def refusal(migration: PlannedMigration, number: int, hazard: Hazard) -> str:
    """Which statement, and the safe way to write it."""
    title = shortened(migration.statements[number - 1].title)
    return f"{migration.place(number)} is refused ({hazard.code})\n  {title}\n{hazard.message}"
