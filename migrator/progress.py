"""What a running statement is doing, seen from a second connection: a build's phase, or who blocks it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from migrator.errors import ConnectionFailed
from migrator.postgres import PostgresError, Session
from migrator.settings import Server

LOOK_AFTER = 0.3  # seconds; most statements are done by then
REPORT_EVERY = 2.0  # seconds


class Watch:
    """While its block runs, says every 2 s what session `pid` is at; `blockers`: for whom it waits."""

    def __init__(self, server: Server, pid: int, label: str, say: Callable[[str], None]) -> None:
        self._server, self._pid, self._label, self._say = server, pid, label, say
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._started = time.monotonic()
        self.blockers = ""

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def _watch(self) -> None:
        if self._done.wait(LOOK_AFTER):
            return
        try:
            with Session(self._server) as session:
                self._look(session)
        except (ConnectionFailed, PostgresError) as error:
            # The work goes on unwatched; its own connection reports what matters.
            self._say(f"{self._label} progress is not available: {error}")

    def _look(self, session: Session) -> None:
        while True:
            self.blockers = blockers(session, self._pid)
            if self.seconds >= REPORT_EVERY:
                state = build_progress(session, self._pid) or "running"
                waits = f", waits for {self.blockers}" if self.blockers else ""
                self._say(f"{self._label} {state}{waits} {self.seconds:.0f} s")
            if self._done.wait(REPORT_EVERY if self.seconds >= REPORT_EVERY else LOOK_AFTER):
                return


def build_progress(session: Session, pid: int) -> str:
    """`63 % (building index: scanning table)` of the index that a session builds, or nothing."""
    found = session.rows(
        """SELECT phase, CAST(100 * CASE
                    WHEN blocks_total > 0 THEN blocks_done / CAST(blocks_total AS float)
                    WHEN tuples_total > 0 THEN tuples_done / CAST(tuples_total AS float)
                    WHEN lockers_total > 0 THEN lockers_done / CAST(lockers_total AS float)
                  END AS int)
           FROM pg_stat_progress_create_index WHERE pid = :pid""",
        pid=pid,
    )
    if not found:
        return ""
    phase, per_cent = found[0]
    return f"{per_cent} % ({phase})" if per_cent is not None else f"({phase})"


def blockers(session: Session, pid: int) -> str:
    """For whom a session waits: pid, application, state, age of the transaction in seconds, query."""
    found = session.rows(
        """SELECT pid, application_name, coalesce(state, 'state hidden'),
                  CAST(extract(epoch FROM clock_timestamp() - xact_start) AS int),
                  left(regexp_replace(query, '\\s+', ' ', 'g'), 60)
           FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(:pid)) ORDER BY xact_start LIMIT 3""",
        pid=pid,
    )
    return "; ".join(
        f"pid {pid} ({application or 'no application_name'}, {state}, transaction {age} s: {query})"
        for pid, application, state, age, query in found
    )
