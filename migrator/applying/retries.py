"""Transactions that want a table's lock for a moment: short tries, so that the app's writers come first."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from migrator.applying.progress import Watcher
from migrator.errors import LockTimeout
from migrator.postgres import DEADLOCK, LOCK_NOT_AVAILABLE, QUERY_CANCELED, PostgresError, Session
from migrator.settings import Patience

LONGEST_PAUSE = 30.0  # seconds between two tries at a table's lock
MILLISECONDS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, kw_only=True, slots=True)
class Committed:
    """A transaction's seconds, without those of the tries before, and the rows of its end."""

    seconds: float
    rows: list[list[Any]]


class Retries:
    """Runs transactions on `session`; each waits `lock_timeout` for a lock, and is tried again later."""

    def __init__(
        self, session: Session, *, watcher: Watcher, patience: Patience, say: Callable[[str], None]
    ) -> None:
        self._session, self._watcher, self._patience, self._say = session, watcher, patience, say
        self._limits: dict[str, int] = {}  # milliseconds; 0: none
        self._said: set[str] = set()

    def run(
        self,
        label: str,
        work: Callable[[], object],
        *,
        closing: Callable[[], str] | None = None,
        clean: bool = False,
        long: bool = False,
    ) -> Committed:
        """Commits what `work` does, and then the SQL of `closing`; with `clean`, nothing that was SET stays.

        `long` work (a change of data, a validation) may take its time, as it holds no strong lock. Raises
        PostgresError for what is no matter of locks, and LockTimeout after the last try.
        """
        for tried in range(self._patience.lock_retries + 1):
            try:
                with self._watcher.watching(label, longest_wait=self._patience.lock_timeout) as watch:
                    opening = f"BEGIN; {self._limiting(long)}"
                    with self._session.transaction(opening, clean=clean) as end:
                        work()
                        if closing:
                            end.append(closing())
                return Committed(seconds=watch.seconds, rows=self._session.last)
            except PostgresError as error:
                # By now the watcher has looked to the end, and knows whether it was its doing.
                waited = watch.ended and error.code == QUERY_CANCELED
                if not waited and error.code not in (LOCK_NOT_AVAILABLE, DEADLOCK):
                    raise
            self._pause(label, tried, watch.blockers)
        raise AssertionError("the last pause raises")

    def keeping_limits(self, label: str, sql: str) -> None:
        """Runs a statement of a file; limits that it made longer are put back, shorter ones stay."""
        shown = self._session.run(f"{sql}\n; {'; '.join(f'SHOW {name}' for name in self._limits)}")
        for (name, ours), (text,) in zip(self._limits.items(), shown[-len(self._limits) :], strict=True):
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

    def _limiting(self, long: bool) -> str:
        self._lock_timeout = self._patience.lock_timeout
        self._limits = {
            "lock_timeout": round(self._patience.lock_timeout * 1000),
            "statement_timeout": 0 if long else round(self._patience.statement_timeout * 1000),
        }
        return "; ".join(f"SET LOCAL {name} = '{limit}ms'" for name, limit in self._limits.items())

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
