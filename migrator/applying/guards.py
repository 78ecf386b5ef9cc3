"""What is looked at before anything runs: nothing that would hurt a live database starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from migrator.applying.inventory import Inventory
from migrator.attempt import Pending
from migrator.errors import FolderError, NotPrimary, Refused, ThroughPooler
from migrator.plan import Hazard, PlannedMigration, Statement
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
    """Raises FolderError for a migration that cannot be run here, and Refused for all that would hurt."""
    for item in pending:
        if item.migration.unreadable:
            raise FolderError(f"migration {item.migration.name} is pending, and {item.migration.unreadable}")
    found = [text for migration in judged(inventory, pending) for text in migration.refusals()]
    if found:
        raise Refused("\n\n".join(found))


def judged(inventory: Inventory, pending: Sequence[Pending]) -> list[PlannedMigration]:
    """The pending migrations, whose hazards to nobody of this database are no refusals any more.

    A name that pending statements will give is followed back to the one that there is now. What they make is
    nobody's, and what is not there yet cannot be judged now: both are looked at again right before.
    """
    found, origins = [], dict[str, str | None]()
    for item in pending:
        statements = []
        for number, statement in enumerate(item.migration.statements, 1):
            done = number <= item.applied
            hurting = () if done else tuple(_hurting(inventory, statement, origins))
            spared = tuple(hazard for hazard in statement.refusals if hazard not in hurting)
            statements.append(replace(statement, refusals=hurting, own=statement.own + spared))
            for new, old in () if done else statement.names:
                origins[new] = origins.get(old, old) if old else None
                if old:
                    origins[old] = None
        found.append(replace(item.migration, statements=tuple(statements)))
    return found


def _hurting(
    inventory: Inventory, statement: Statement, origins: Mapping[str, str | None]
) -> Iterator[Hazard]:
    for hazard in statement.refusals:
        if not hazard.allowable or _hurts(inventory, hazard, origins):
            yield hazard


def _hurts(inventory: Inventory, hazard: Hazard, origins: Mapping[str, str | None]) -> bool:
    """What hurts nobody in particular is nobody's in a database that has no table but the ledger."""
    if hazard.table:
        name = origins.get(hazard.table, hazard.table)
        return name is not None and inventory.misses(name)
    if hazard.object_kind:
        return inventory.misses_object(hazard.object_kind, hazard.object_name)
    return not inventory.no_tables
