"""Other sessions as a deployer needs to know them: who they are, for how long, and what they run."""

from __future__ import annotations

from typing import Any

from migrator.postgres import Session

OLD = 1  # seconds; what a build waits for longer than that deserves a name before
SHOWN = 3  # of those that block; the oldest first
COLUMNS = """a.pid, a.application_name, coalesce(a.state, 'state hidden'),
             CAST(extract(epoch FROM clock_timestamp() - a.xact_start) AS int),
             left(regexp_replace(a.query, '\\s+', ' ', 'g'), 60)"""


def blockers(session: Session, pid: int) -> str:
    """For whom session `pid` waits; nothing when it does not wait."""
    pids = session.rows("SELECT pg_blocking_pids(:pid)", pid=pid)[0][0]
    found = session.rows(
        f"""SELECT {COLUMNS} FROM pg_stat_activity a
            WHERE a.pid = ANY (CAST(:pids AS int[])) ORDER BY a.xact_start LIMIT {SHOWN}""",
        pids=pids,
    )
    # A prepared transaction has no process: it blocks as pid 0.
    return "; ".join([_described(*row) for row in found] + (_prepared(session) if 0 in pids else []))


def end_wait(session: Session, pid: int, *, longer_than: float) -> bool:
    """Cancels the statement of session `pid` if it has waited that many seconds for a lock."""
    found = session.rows(
        """SELECT pg_cancel_backend(pid) FROM pg_locks WHERE pid = :pid AND NOT granted
           AND clock_timestamp() - waitstart > make_interval(secs => :limit)""",
        pid=pid,
        limit=longer_than,
    )
    return bool(found)


def older_transactions(session: Session) -> str:
    """Those of this database that an index statement will wait for to end, before it can begin or finish."""
    found = session.rows(
        f"""SELECT {COLUMNS} FROM pg_stat_activity a
            WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
            AND (a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL)
            AND a.backend_type = 'client backend'
            AND clock_timestamp() - a.xact_start > make_interval(secs => {OLD})
            ORDER BY a.xact_start LIMIT {SHOWN}"""
    )
    return "; ".join([_described(*row) for row in found] + _prepared(session))


def _described(pid: int, application: str, state: str, age: int | None, query: str) -> str:
    # A session can hold a lock of its own, such as an advisory one, without a transaction.
    transaction = "no transaction" if age is None else f"transaction {age} s"
    return f"pid {pid} ({application or 'no application_name'}, {state}, {transaction}: {query})"


def _prepared(session: Session) -> list[str]:
    found: list[list[Any]] = session.rows(
        f"""SELECT gid, owner, CAST(extract(epoch FROM clock_timestamp() - prepared) AS int)
            FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared LIMIT {SHOWN}"""
    )
    return [f"prepared transaction {gid} (of {owner}, {age} s)" for gid, owner, age in found]
