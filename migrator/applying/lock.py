"""The advisory lock that Prisma takes too: one runner works, others wait and say for whom."""

from __future__ import annotations

import time
from collections.abc import Callable

from migrator.applying.progress import build_state
from migrator.errors import LockHeld
from migrator.postgres import Session

KEY = 72707369  # Prisma's
POLL = 1.0  # seconds between tries
REPORT_EVERY = 5.0  # seconds between lines


def take(session: Session, *, wait: float, say: Callable[[str], None]) -> None:
    """Takes the lock for as long as the session lives. Raises LockHeld after `wait` seconds.

    It polls, since a session that waits inside pg_advisory_lock() holds a snapshot, for which an index build
    would wait in turn. A killed runner's backend keeps the lock until its statement has ended, so that its
    build is waited for and used.
    """
    started = reported = time.monotonic()
    said = False
    while not session.rows(f"SELECT pg_try_advisory_lock({KEY})")[0][0]:
        now = time.monotonic()
        if now - started >= wait:
            raise LockHeld(
                f"the migration lock is held by {_holder(session)}; waited {wait:g} s. "
                "Run again when it has ended, or raise --wait-for-lock"
            )
        if not said or now - reported >= REPORT_EVERY:
            say(f"waiting for the migration lock, held by {_holder(session)}")
            said, reported = True, now
        time.sleep(POLL)


def _holder(session: Session) -> str:
    found = session.rows(
        f"""SELECT a.pid, a.application_name, to_char(a.backend_start, 'HH24:MI:SS TZ'),
                   CAST(extract(epoch FROM clock_timestamp() - a.backend_start) AS int)
            FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.granted
            AND l.classid = 0 AND l.objid = {KEY} AND l.objsubid = 1"""
    )
    if not found:
        return "a session that is just ending"
    pid, application, since, age = found[0]
    doing = build_state(session, pid)
    return f"pid {pid} ({application or 'no application_name'}, since {since}, {age} s)" + (
        f", index build {doing}" if doing else ""
    )
