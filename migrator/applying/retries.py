"""Transactions that want a table's lock for a moment: short tries, so that the app's writers come first."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from migrator.applying.progress import Watch
from migrator.errors import LockTimeout
from migrator.postgres import DEADLOCK, LOCK_NOT_AVAILABLE, PostgresError, Session
from migrator.settings import Patience, Server

LONGEST_PAUSE = 30.0  # seconds between two tries at a table's lock


class Retries:
    """Runs transactions on `session`; each waits `lock_timeout` for a lock, and is tried again later."""

    def __init__(
        self, session: Session, *, server: Server, patience: Patience, say: Callable[[str], None]
    ) -> None:
        self._session, self._server, self._patience, self._say = session, server, patience, say

    def run(self, label: str, work: Callable[[], object], *, long: bool = False) -> float:
        """Commits what `work` does; its seconds, without those of the tries before.

        `long` work (a change of data, a validation) may take its time, as it holds no strong lock. Raises
        PostgresError for what is no matter of locks, and LockTimeout after the last try.
        """
        for tried in range(self._patience.lock_retries + 1):
            try:
                with (
                    Watch(self._server, self._session.pid, label, self._say) as watch,
                    self._session.transaction(),
                ):
                    self._limit(long)
                    work()
                return watch.seconds
            except PostgresError as error:
                if error.code not in (LOCK_NOT_AVAILABLE, DEADLOCK):
                    raise
                self._pause(label, tried, watch.blockers)
        raise AssertionError("the last pause raises")

    def _limit(self, long: bool) -> None:
        lock_timeout = round(self._patience.lock_timeout * 1000)
        statement_timeout = 0 if long else round(self._patience.statement_timeout * 1000)
        self._session.run(f"SET LOCAL lock_timeout = '{lock_timeout}ms'")
        self._session.run(f"SET LOCAL statement_timeout = '{statement_timeout}ms'")

    def _pause(self, label: str, tried: int, blockers: str) -> None:
        """Waits before the next try, longer each time, never in step with others. Raises LockTimeout."""
        held = f"no lock within {self._patience.lock_timeout:g} s, held by {blockers or 'another session'}"
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
