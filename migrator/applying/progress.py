"""What a running statement is doing, seen from a second connection: a build's phase, or who blocks it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from migrator.applying import sessions
from migrator.errors import ConnectionFailed
from migrator.postgres import PostgresError, Session
from migrator.settings import Server

LOOK_AFTER = 0.3  # seconds; most statements are done by then
REPORT_EVERY = 2.0  # seconds


class Watch:
    """While its block runs, says every 2 s what session `pid` is at; `blockers`: for whom it waits.

    What waits for a lock for more than `longest_wait` seconds is `ended`: inside of one statement, a function
    can set its own lock_timeout.
    """

    def __init__(
        self,
        server: Server,
        pid: int,
        label: str,
        say: Callable[[str], None],
        *,
        longest_wait: float | None = None,
    ) -> None:
        self._server, self._pid, self._label, self._say = server, pid, label, say
        self._longest_wait = longest_wait
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._started = time.monotonic()
        self.blockers = ""
        self.ended = False

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
        phase, reported = Phase(), 0.0
        while True:
            self.blockers = sessions.blockers(session, self._pid)
            if self._longest_wait is not None:
                self.ended |= sessions.end_wait(session, self._pid, longer_than=self._longest_wait)
            if self.seconds - reported >= REPORT_EVERY:
                reported = self.seconds
                state = phase.described(build_state(session, self._pid)) or "running"
                waits = f", waits for {self.blockers}" if self.blockers else ""
                self._say(f"{self._label} {state}{waits} {self.seconds:.0f} s")
            slow = self.seconds >= REPORT_EVERY and self._longest_wait is None
            if self._done.wait(REPORT_EVERY if slow else LOOK_AFTER):
                return


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """Where a build is: the phase as PostgreSQL names it, and how much of it is done (0 to 1)."""

    phase: str
    done: float | None

    def __str__(self) -> str:
        """`63 % (building index: scanning table)`"""
        return f"({self.phase})" if self.done is None else f"{100 * self.done:.0f} % ({self.phase})"


class Phase:
    """The phase that is running, followed from look to look to tell how long it will still take."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first: tuple[float, State] | None = None

    def described(self, state: State | None) -> str:
        """The state, and from the second look at a phase on the time that it needs at the pace so far."""
        if state is None:
            return ""
        now = self._clock()
        if self._first is None or self._first[1].phase != state.phase:
            self._first = now, state
        since, first = self._first
        if state.done is None or first.done is None or state.done <= first.done:
            return str(state)
        left = (1 - state.done) * (now - since) / (state.done - first.done)
        return f"{state}, {left:.0f} s left"


def build_state(session: Session, pid: int) -> State | None:
    """Of the index that a session builds."""
    found = session.rows(
        """SELECT phase, CAST(CASE
                    WHEN blocks_total > 0 THEN blocks_done / CAST(blocks_total AS float)
                    WHEN tuples_total > 0 THEN tuples_done / CAST(tuples_total AS float)
                    WHEN lockers_total > 0 THEN lockers_done / CAST(lockers_total AS float)
                  END AS float)
           FROM pg_stat_progress_create_index WHERE pid = :pid""",
        pid=pid,
    )
    return State(phase=found[0][0], done=found[0][1]) if found else None
