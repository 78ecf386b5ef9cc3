"""What a running statement is doing, seen from a second connection: a build's phase, or who blocks it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from migrator.applying import sessions
from migrator.errors import ConnectionFailed
from migrator.postgres import PostgresError, Session
from migrator.settings import Server

POLL = 0.1  # seconds
LOOK_AFTER = 0.3  # seconds; most statements are done by then
REPORT_EVERY = 2.0  # seconds


class Watch:
    """One piece of work of the session that is watched; `blockers`: for whom it waits.

    What waits for a lock for more than `longest_wait` seconds is `ended`: inside of one statement, a function
    can set its own lock_timeout.
    """

    def __init__(self, label: str, longest_wait: float | None) -> None:
        self._label, self._longest_wait = label, longest_wait
        self._phase, self._reported = Phase(), 0.0
        self._started = time.monotonic()
        self._look_at = LOOK_AFTER
        self.blockers = ""
        self.ended = False

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    @property
    def is_due(self) -> bool:
        """Whether it is time to look."""
        return self.seconds >= self._look_at

    def look(self, session: Session, pid: int, say: Callable[[str], None]) -> None:
        """Every 0.3 s; a build that has gone on for 2 s, every 2 s. Each 2 s it says what it saw."""
        self.blockers = sessions.blockers(session, pid)
        if self._longest_wait is not None:
            self.ended |= sessions.end_wait(session, pid, longer_than=self._longest_wait)
        if self.seconds - self._reported >= REPORT_EVERY:
            self._reported = self.seconds
            state = self._phase.described(build_state(session, pid)) or "running"
            waits = f", waits for {self.blockers}" if self.blockers else ""
            say(f"{self._label} {state}{waits} {self.seconds:.0f} s")
        slow = self.seconds >= REPORT_EVERY and self._longest_wait is None
        self._look_at = self.seconds + (REPORT_EVERY if slow else LOOK_AFTER)

    def give_up(self, say: Callable[[str], None], error: Exception) -> None:
        """The work goes on unwatched; its own connection reports what matters."""
        say(f"{self._label} progress is not available: {error}")
        self._look_at = float("inf")


class Watcher:
    """Looks at session `pid` from a second connection, which is made when something takes long.

    One thread serves a whole run, and wakes up by itself: work that is quick costs nothing.
    """

    def __init__(self, server: Server, pid: int, say: Callable[[str], None]) -> None:
        self._server, self._pid, self._say = server, pid, say
        self._session: Session | None = None
        self._current: Watch | None = None
        self._looking = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._closed.set()
        self._thread.join()
        if self._session:
            self._session.__exit__()

    @contextmanager
    def watching(self, label: str, *, longest_wait: float | None = None) -> Iterator[Watch]:
        """While its block runs."""
        self._current = watch = Watch(label, longest_wait)
        try:
            yield watch
        finally:
            with self._looking:
                self._current = None

    def _run(self) -> None:
        while not self._closed.wait(POLL):
            watch = self._current
            if watch is not None and watch.is_due:
                with self._looking:
                    if self._current is watch:
                        self._look(watch)

    def _look(self, watch: Watch) -> None:
        try:
            self._session = self._session or Session(self._server)
            watch.look(self._session, self._pid, self._say)
        except (ConnectionFailed, PostgresError) as error:
            self._session = None
            watch.give_up(self._say, error)


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
