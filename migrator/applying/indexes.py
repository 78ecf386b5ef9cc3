"""Runs one index statement online, and leaves a valid index or an error: never an invalid one in silence."""

from __future__ import annotations

import time
from collections.abc import Callable

from migrator.applying import sizes
from migrator.applying.headroom import Headroom
from migrator.applying.partitions import PartitionedIndex
from migrator.applying.progress import Watcher
from migrator.applying.retries import Retries
from migrator.applying.twin import index_on_a_twin
from migrator.errors import IndexDiffers, LockTimeout
from migrator.plan import Online
from migrator.postgres import DEADLOCK, LOCK_NOT_AVAILABLE, UNDEFINED_OBJECT, Index, PostgresError, Session
from migrator.settings import Patience, Resources

# A `prisma migrate` that waits for our lock, and the build that waits for its snapshot, are a deadlock, which
# ends the build. Prisma gives up after 10 s; these tries last longer.
ATTEMPTS = 4
PAUSE = 5.0  # seconds between them
CLEAN_UP_TIMEOUT = 5.0  # seconds
WORTH_A_LINE = 10 << 20  # bytes of a table; an index on a smaller one is built in a moment


class IndexRunner:
    """Runs statements on `session`; what it says starts with `label`."""

    def __init__(
        self,
        session: Session,
        *,
        watcher: Watcher,
        patience: Patience,
        resources: Resources,
        retries: Retries,
        label: str,
        say: Callable[[str], None],
    ) -> None:
        self._session, self._watcher, self._patience, self._resources = session, watcher, patience, resources
        self._retries, self._label, self._line = retries, label, say
        self._headroom = Headroom(session, patience=patience, resources=resources, say=self._say)

    def run(self, step: Online, *, interrupted: bool) -> str:
        """Returns `done`, or why nothing had to be. If `interrupted`, an earlier run may have done it.

        Raises PostgresError, IndexDiffers, ForeignPartition, LockTimeout, ReplicaBehind, StorageShort.
        """
        self._settle_session()
        self._headroom.await_other_builds(step)
        if step.kind == "create":
            return self._create(step)
        if step.kind == "drop":
            return self._drop(step, interrupted)
        return self._reindex(step)

    def _settle_session(self) -> None:
        """Online, waiting for older transactions blocks nobody and may be long, whatever a file has set."""
        memory, workers = self._resources.maintenance_work_mem, self._resources.parallel_workers
        patience = round(self._patience.wait_for_transactions * 1000)
        self._session.run(f"SET statement_timeout = 0; SET lock_timeout = '{patience}ms'")
        if memory is not None:
            self._session.run(f"SET maintenance_work_mem = '{memory}MB'")
        if workers is not None:
            self._session.run(f"SET max_parallel_maintenance_workers = {workers}")

    def _create(self, step: Online) -> str:
        there = self._session.index(step.index, step.table)
        if there and (there.usable or there.partitioned or not there.same_table):
            self._compare(step, there)
            if there.usable or step.only:
                return "is there already"
        self._headroom.ensure(step)
        self._announce(step)
        if self._is_partitioned(step.table):
            self._partitions().run(step)
        else:
            if there:
                self._say("invalid leftover of an interrupted build: dropped, built again")
                self._remove(step.index)
            self._build(step.sql, step.index)
        self._analyze_expressions(step)
        return "done"

    def _partitions(self) -> PartitionedIndex:
        return PartitionedIndex(
            self._session, briefly=self._briefly, build=self._build, remove=self._remove, say=self._say
        )

    def _announce(self, step: Online) -> None:
        size = sizes.of_table(self._session, step.table)
        if size and size.bytes > WORTH_A_LINE:
            self._say(f"on {size}")

    def _analyze_expressions(self, step: Online) -> None:
        """The planner knows nothing of an expression until its index is there and its table is analyzed."""
        if self._session.rows(
            "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(:index) AND indexprs IS NOT NULL",
            index=step.index,
        ):
            self._execute(f"ANALYZE {step.table}")

    def _drop(self, step: Online, interrupted: bool) -> str:
        there = self._session.index(step.index)
        self._headroom.ensure(step)
        try:
            if there and there.partitioned:  # PostgreSQL has no CONCURRENTLY for it
                self._briefly(step.sql.replace(" CONCURRENTLY", "", 1))
            else:
                self._execute(step.sql)
        except PostgresError as error:
            if interrupted and error.code == UNDEFINED_OBJECT:
                return "was dropped already"
            raise
        return "done"

    def _reindex(self, step: Online) -> str:
        """An interrupted one leaves an invalid index `…_ccnew`, or the old one as `…_ccold`."""
        self._headroom.ensure(step)
        for (leftover,) in self._session.rows(
            """WITH of_statement AS (
                   SELECT indrelid AS oid FROM pg_index WHERE indexrelid = to_regclass(nullif(:index, ''))
                   UNION SELECT to_regclass(nullif(:table, ''))
                   UNION SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace(nullif(:schema, ''))),
               tables AS (
                   SELECT oid FROM of_statement
                   UNION SELECT p.relid FROM of_statement, pg_partition_tree(oid) p),
               with_toast AS (
                   SELECT oid FROM tables
                   UNION SELECT reltoastrelid FROM pg_class JOIN tables USING (oid))
               SELECT CAST(CAST(i.indexrelid AS regclass) AS text)
               FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN with_toast t ON t.oid = i.indrelid
               WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'""",
            table=step.table,
            index=step.index,
            schema=step.schema,
        ):
            self._say(f"{leftover} is left of an interrupted REINDEX: dropped")
            self._remove(leftover)
        self._execute(step.sql)
        return "done"

    def _build(self, sql: str, index: str) -> None:
        for left in reversed(range(ATTEMPTS)):
            try:
                self._execute(sql)
                return
            except (PostgresError, LockTimeout) as error:
                clean = self._clean_up(index)
                deadlock = isinstance(error, PostgresError) and error.code == DEADLOCK
                if not (left and clean and deadlock):
                    raise
                self._say(f"deadlock with another session: built again in {PAUSE:g} s")
                time.sleep(PAUSE)

    def _clean_up(self, index: str) -> bool:
        """Drops what a failed build left, since it costs every write and serves nobody; False if it stays."""
        there = self._session.index(index)
        if there is None or there.usable:  # usable: another session was quicker
            return True
        patience = self._session.rows("SHOW lock_timeout")[0][0]
        self._session.run(f"SET lock_timeout = '{CLEAN_UP_TIMEOUT:g}s'")
        try:
            self._remove(index)
        except (PostgresError, LockTimeout):
            self._say("what was built stays invalid; the next run drops it")
            return False
        finally:
            self._session.run(f"SET lock_timeout = '{patience}'")
        return True

    def _remove(self, index: str) -> None:
        self._execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")

    def _briefly(self, sql: str) -> None:
        self._retries.run(f"{self._label} {sql}", lambda: self._session.run(sql))

    def _execute(self, sql: str) -> None:
        with self._watcher.watching(self._label) as watch:
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

    def _is_partitioned(self, table: str) -> bool:
        return bool(
            self._session.rows(
                "SELECT 1 FROM pg_class WHERE oid = to_regclass(:t) AND relkind = 'p'", t=table
            )
        )

    def _compare(self, step: Online, there: Index) -> None:
        """Raises IndexDiffers unless the index that is there is the one that the statement makes."""
        with index_on_a_twin(self._session, step.table, lambda twin: step.create(on=twin)) as twin:
            wanted = self._session.index(twin)
        assert wanted is not None, step.sql
        if there.same_table and wanted.same_as(there):
            return
        raise IndexDiffers(
            f"index {step.index} exists with another definition\n"
            f"  there:  {there.definition}\n"
            f"  wanted: CREATE {wanted.kind} {step.index} ON {step.table} USING {wanted.method_and_columns}\n"
            "Drop it in an earlier statement (DROP INDEX runs online), or give the new one another name"
        )
