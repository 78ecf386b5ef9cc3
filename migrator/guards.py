"""What is looked at before anything runs: nothing that would hurt a live database starts."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.errors import Refused
from migrator.ledger import Pending
from migrator.plan import shortened
from migrator.postgres import Session


def refuse_hazards(session: Session, pending: Sequence[Pending]) -> None:
    """Raises Refused, which lists every pending statement that would hurt."""
    alone = _alone(session)
    found = [
        f"{item.migration.place(number)} is refused ({hazard.code})\n"
        f"  {shortened(statement.title)}\n{hazard.message}"
        for item in pending
        for number, statement in enumerate(item.migration.statements, 1)
        if number > item.applied
        for hazard in statement.refusals
        if not (hazard.table and _harmless(session, hazard.table, alone))
    ]
    if found:
        raise Refused("\n\n".join(found))


def _alone(session: Session) -> bool:
    """Whether nobody else is connected; rdsadmin is RDS' own watcher."""
    others = session.rows(
        """SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
           AND pid <> pg_backend_pid() AND usename <> 'rdsadmin' LIMIT 1"""
    )
    return not others


def _harmless(session: Session, table: str, alone: bool) -> bool:
    """A table that is not there yet is nobody's; an empty one with nobody connected serves nobody."""
    there = session.rows("SELECT to_regclass(CAST(:table AS text)) IS NOT NULL", table=table)[0][0]
    return not there or (alone and not session.rows(f"SELECT 1 FROM {table} LIMIT 1"))
