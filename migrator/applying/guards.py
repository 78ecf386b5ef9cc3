"""What is looked at before anything runs: nothing that would hurt a live database starts."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.errors import NotPrimary, Refused, ThroughPooler
from migrator.ledger import Pending
from migrator.plan import shortened
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
        if not (hazard.allowable and _harmless(session, hazard.table, alone))
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


def _harmless(session: Session, table: str | None, alone: bool) -> bool:
    """A table that is not there yet is nobody's; an empty one with nobody connected serves nobody.

    What hurts no table in particular is nobody's in a database that has no table but the ledger.
    """
    if table is None:
        tables = session.rows(
            "SELECT count(*) FROM pg_stat_user_tables WHERE relname <> '_prisma_migrations'"
        )
        return bool(tables[0][0] == 0)
    # A materialized view that was never refreshed cannot be read by anybody.
    there = session.rows(
        "SELECT 1 FROM pg_class WHERE oid = to_regclass(:table) AND relispopulated", table=table
    )
    return not there or (alone and not session.rows(f"SELECT 1 FROM {table} LIMIT 1"))
