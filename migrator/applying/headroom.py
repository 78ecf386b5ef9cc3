"""What a build needs before it begins: the table to itself, replicas that keep up, room on the disk."""

from __future__ import annotations

import time
from collections.abc import Callable

from migrator.applying import sizes
from migrator.applying.progress import build_state
from migrator.applying.sessions import older_transactions
from migrator.errors import LockTimeout, MigratorError, ReplicaBehind, StorageShort
from migrator.plan import Online
from migrator.postgres import Session
from migrator.settings import Patience, Resources

POLL = 1.0  # seconds between two looks
REPORT_EVERY = 5.0  # seconds between lines


class Headroom:
    """Waits or refuses; says for whom it waits, and whom the build itself will have to wait for."""

    def __init__(
        self, session: Session, *, patience: Patience, resources: Resources, say: Callable[[str], None]
    ) -> None:
        self._session, self._patience, self._resources, self._say = session, patience, resources, say

    def await_other_builds(self, step: Online) -> None:
        """On the same table there can be one at a time, and it may be just the index that is wanted."""
        self._await(lambda: self._other_build(step), self._patience.wait_for_transactions, self._still_built)

    def ensure(self, step: Online) -> None:
        """Raises StorageShort and ReplicaBehind."""
        if step.kind != "drop":
            self._refuse_a_full_disk(step)
            self.await_replicas()
        if older := older_transactions(self._session):
            self._say(f"will wait for older transactions: {older}")

    def await_replicas(self) -> None:
        """Raises ReplicaBehind."""
        self._await(self._lagging_replica, self._patience.wait_for_replicas, self._behind)

    def _refuse_a_full_disk(self, step: Online) -> None:
        free = self._resources.free_storage
        if free is None:
            return
        needed = sizes.of_build(self._session, step)
        if needed > free:
            raise StorageShort(
                f"the build takes about {sizes.readable(needed)} (the index, and as much to sort it), "
                f"and {sizes.readable(free)} are free: "
                "give the database more storage (database.allocated_storage), and run again"
            )

    def _await(
        self, look: Callable[[], str], patience: float, refusal: Callable[[str], MigratorError]
    ) -> None:
        """Until nobody is found; says whom, at first and then every five seconds."""
        started, reported = time.monotonic(), 0.0
        while whom := look():
            now = time.monotonic()
            if now - started >= patience:
                raise refusal(whom)
            if now - reported >= REPORT_EVERY:
                self._say(f"waits for {whom} {now - started:.0f} s")
                reported = now
            time.sleep(POLL)

    def _lagging_replica(self) -> str:
        """The replica that is furthest behind, if that is too far; RDS' own standby is none of them."""
        found = self._session.rows(
            """SELECT application_name, coalesce(host(client_addr), 'local'),
                      CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) AS bigint) AS lag
               FROM pg_stat_replication ORDER BY lag DESC NULLS LAST LIMIT 1"""
        )
        return "; ".join(
            f"replica {name} at {address}, {sizes.readable(lag)} behind"
            for name, address, lag in found
            if lag is not None and lag > self._resources.max_replica_lag << 20
        )

    def _behind(self, replica: str) -> ReplicaBehind:
        return ReplicaBehind(
            f"{replica}; waited {self._patience.wait_for_replicas:g} s for at most "
            f"{self._resources.max_replica_lag} MB (--max-replica-lag). "
            "Run again when it has caught up, or raise that or --wait-for-replicas"
        )

    def _other_build(self, step: Online) -> str:
        """Another session's build on the same table, the same index' among them."""
        found = self._session.rows(
            """SELECT p.pid, CAST(CAST(nullif(p.index_relid, 0) AS regclass) AS text),
                      CAST(CAST(p.relid AS regclass) AS text)
               FROM pg_stat_progress_create_index p
               WHERE p.pid <> pg_backend_pid() AND p.datname = current_database() AND (
                   p.relid = to_regclass(nullif(:table, ''))
                   OR p.relid IN (SELECT relid FROM pg_partition_tree(to_regclass(nullif(:table, ''))))
                   OR p.index_relid = to_regclass(nullif(:index, '')))""",
            table=step.table,
            index=step.index,
        )
        return "; ".join(
            f"pid {pid}, which builds {index or 'an index'} on {table}: {build_state(self._session, pid)}"
            for pid, index, table in found
        )

    def _still_built(self, build: str) -> LockTimeout:
        return LockTimeout(
            f"waited {self._patience.wait_for_transactions:g} s for {build}. "
            "Let it end, or raise --wait-for-transactions, and run again"
        )
