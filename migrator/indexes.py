"""Runs one index statement online, and leaves a valid index or an error: never an invalid one in silence."""

from __future__ import annotations

import time
from collections.abc import Callable

from migrator.errors import IndexDiffers, LockTimeout
from migrator.plan import Online
from migrator.postgres import DEADLOCK, LOCK_NOT_AVAILABLE, UNDEFINED_OBJECT, Index, PostgresError, Session
from migrator.progress import REPORT_EVERY, Watch, build_progress
from migrator.settings import Server

# A `prisma migrate` that waits for our lock, and the build that waits for its snapshot, are a deadlock, which
# ends the build. Prisma gives up after 10 s; these tries last longer.
ATTEMPTS = 4
PAUSE = 5.0  # seconds between them
CLEAN_UP_TIMEOUT = 5.0  # seconds


class IndexRunner:
    """Runs statements on `session`; what it says starts with `label`."""

    def __init__(self, session: Session, server: Server, label: str, say: Callable[[str], None]) -> None:
        self._session, self._server, self._label, self._line = session, server, label, say

    def run(self, step: Online, *, interrupted: bool) -> str:
        """Returns `done`, or why nothing had to be. If `interrupted`, an earlier run may have done it.

        Raises PostgresError, IndexDiffers, LockTimeout.
        """
        if step.kind == "create":
            return self._create(step)
        if step.kind == "drop":
            return self._drop(step, interrupted)
        return self._reindex(step)

    def _create(self, step: Online) -> str:
        self._follow_another_build(step)
        there = self._session.index(step.index, step.table)
        if there and (there.usable or there.partitioned or not there.same_table):
            self._compare(step, there)
            return "is there already"
        if there:
            self._say("invalid leftover of an interrupted build: dropped, built again")
            self._remove(step.index)
        self._build(step)
        return "done"

    def _drop(self, step: Online, interrupted: bool) -> str:
        try:
            self._execute(step.sql)
        except PostgresError as error:
            if interrupted and error.code == UNDEFINED_OBJECT:
                return "was dropped already"
            raise
        return "done"

    def _reindex(self, step: Online) -> str:
        """An interrupted one leaves an invalid index `…_ccnew`, or the old one as `…_ccold`."""
        for (leftover,) in self._session.rows(
            """SELECT CAST(CAST(i.indexrelid AS regclass) AS text)
               FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
               WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
               AND i.indrelid IN (to_regclass(nullif(CAST(:table AS text), '')),
                   (SELECT indrelid FROM pg_index
                    WHERE indexrelid = to_regclass(nullif(CAST(:index AS text), ''))))""",
            table=step.table,
            index=step.index,
        ):
            self._say(f"{leftover} is left of an interrupted REINDEX: dropped")
            self._remove(leftover)
        self._execute(step.sql)
        return "done"

    def _build(self, step: Online) -> None:
        for left in reversed(range(ATTEMPTS)):
            try:
                self._execute(step.sql)
                return
            except (PostgresError, LockTimeout) as error:
                clean = self._clean_up(step)
                deadlock = isinstance(error, PostgresError) and error.code == DEADLOCK
                if not (left and clean and deadlock):
                    raise
                self._say(f"deadlock with another session: built again in {PAUSE:g} s")
                time.sleep(PAUSE)

    def _clean_up(self, step: Online) -> bool:
        """Drops what a failed build left, since it costs every write and serves nobody; False if it stays."""
        if not self._session.index(step.index, step.table):
            return True
        patience = self._session.rows("SHOW lock_timeout")[0][0]
        self._session.run(f"SET lock_timeout = '{CLEAN_UP_TIMEOUT:g}s'")
        try:
            self._remove(step.index)
        except (PostgresError, LockTimeout):
            self._say("what was built stays invalid; the next run drops it")
            return False
        finally:
            self._session.run(f"SET lock_timeout = '{patience}'")
        return True

    def _remove(self, index: str) -> None:
        self._execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")

    def _execute(self, sql: str) -> None:
        with Watch(self._server, self._session.pid, self._label, self._line) as watch:
            try:
                self._session.run(sql)
            except PostgresError as error:
                if error.code != LOCK_NOT_AVAILABLE:
                    raise
                raise LockTimeout(
                    f"waited {watch.seconds:.0f} s for {watch.blockers or 'another session'}. "
                    "End that transaction, or raise --wait-for-transactions, and run again"
                ) from None

    def _say(self, text: str) -> None:
        self._line(f"{self._label} {text}")

    def _follow_another_build(self, step: Online) -> None:
        """Waits while another session builds an index of this name."""
        while found := self._session.rows(
            """SELECT pid FROM pg_stat_progress_create_index
               WHERE index_relid = to_regclass(CAST(:index AS text)) AND pid <> pg_backend_pid()""",
            index=step.index,
        ):
            pid = found[0][0]
            self._say(f"pid {pid} is building it: {build_progress(self._session, pid)}")
            time.sleep(REPORT_EVERY)

    def _compare(self, step: Online, there: Index) -> None:
        """Raises IndexDiffers unless the index that is there is the one that the statement makes."""
        wanted = self._wanted(step)
        same = wanted.method_and_columns == there.method_and_columns and wanted.unique == there.unique
        if there.same_table and same:
            return
        kind = "UNIQUE INDEX" if wanted.unique else "INDEX"
        raise IndexDiffers(
            f"index {step.index} exists with another definition\n"
            f"  there:  {there.definition}\n"
            f"  wanted: CREATE {kind} {step.index} ON {step.table} USING {wanted.method_and_columns}\n"
            "Drop it in an earlier statement (DROP INDEX runs online), or give the new one another name"
        )

    def _wanted(self, step: Online) -> Index:
        """The statement's index as PostgreSQL writes it, from one made on a temporary twin of the table."""
        self._session.run("BEGIN")
        try:
            self._session.run(step.probe)
            index = self._session.index(step.probe_index)
        finally:
            self._session.run("ROLLBACK")
        assert index is not None, step.probe
        return index
