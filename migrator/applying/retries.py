"""Transactions that want a table's lock for a moment: short tries, so that the app's writers come first."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable

from migrator.applying.progress import Watch
from migrator.errors import LockTimeout
from migrator.postgres import DEADLOCK, LOCK_NOT_AVAILABLE, QUERY_CANCELED, PostgresError, Session
from migrator.settings import Patience, Server

LONGEST_PAUSE = 30.0  # seconds between two tries at a table's lock
MILLISECONDS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


class Retries:
    """Runs transactions on `session`; each waits `lock_timeout` for a lock, and is tried again later."""

    def __init__(
        self, session: Session, *, server: Server, patience: Patience, say: Callable[[str], None]
    ) -> None:
        self._session, self._server, self._patience, self._say = session, server, patience, say
        self._limits: dict[str, int] = {}  # milliseconds; 0: none
        self._said: set[str] = set()

    def run(self, label: str, work: Callable[[], object], *, long: bool = False) -> float:
        """Commits what `work` does; its seconds, without those of the tries before.

        `long` work (a change of data, a validation) may take its time, as it holds no strong lock. Raises
        PostgresError for what is no matter of locks, and LockTimeout after the last try.
        """
        for tried in range(self._patience.lock_retries + 1):
            longest_wait = self._patience.lock_timeout
            watch = Watch(self._server, self._session.pid, label, self._say, longest_wait=longest_wait)
            try:
                with watch, self._session.transaction():
                    self._limit(long)
                    work()
                return watch.seconds
            except PostgresError as error:
                waited = watch.ended and error.code == QUERY_CANCELED
                if not waited and error.code not in (LOCK_NOT_AVAILABLE, DEADLOCK):
                    raise
                self._pause(label, tried, watch.blockers)
        raise AssertionError("the last pause raises")

    def keep_limits(self, label: str) -> None:
        """After a statement of a file: what it made longer is put back, what it made shorter stays."""
        shown = self._session.run("; ".join(f"SHOW {name}" for name in self._limits))
        for (name, ours), (text,) in zip(self._limits.items(), shown, strict=True):
            theirs = milliseconds(text)
            if ours and (not theirs or theirs > ours):
                self._session.run(f"SET LOCAL {name} = '{ours}ms'")
                self._say_once(
                    f"{label}: {name} = {text} of the file would block the app for longer than the "
                    f"migrator's {ours / 1000:g} s, which holds"
                )
            elif name == "lock_timeout":
                self._lock_timeout = theirs / 1000

    def _say_once(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self._say(line)

    def _limit(self, long: bool) -> None:
        self._lock_timeout = self._patience.lock_timeout
        self._limits = {
            "lock_timeout": round(self._patience.lock_timeout * 1000),
            "statement_timeout": 0 if long else round(self._patience.statement_timeout * 1000),
        }
        for name, limit in self._limits.items():
            self._session.run(f"SET LOCAL {name} = '{limit}ms'")

    def _pause(self, label: str, tried: int, blockers: str) -> None:
        """Waits before the next try, longer each time, never in step with others. Raises LockTimeout."""
        held = f"no lock within {self._lock_timeout:g} s, held by {blockers or 'another session'}"
        if tried >= self._patience.lock_retries:
            raise LockTimeout(
                f"{held}; tried {tried + 1} times. "
                "End that transaction, or raise --lock-retries, and run again"
            )
        pause = min(LONGEST_PAUSE, 2**tried) * random.uniform(0.5, 1)
        self._say(
            f"{label}: {held}; next try in {pause:.1f} s ({tried + 1} of {self._patience.lock_retries})"
        )
        time.sleep(pause)


def milliseconds(shown: str) -> int:
    """A time-out as SHOW writes it: `8s`, `1500ms`; `0` is none."""
    match = re.fullmatch(r"(\d+)([a-z]*)", shown)
    assert match, shown
    return int(match[1]) * MILLISECONDS.get(match[2], 1)
