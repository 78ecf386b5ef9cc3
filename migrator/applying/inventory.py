"""What was there before the run, by oid, since a name may mean something else at each statement."""

from __future__ import annotations

from migrator.ledger import Ledger
from migrator.postgres import Session


class Inventory:
    """The relations that the run found, without those that an interrupted run before it made.

    `rows` are the plain tables with rows that somebody may miss. Of others' tables that come meanwhile, none
    is taken to be the run's own: those are recorded, in the transaction that makes them.
    """

    def __init__(self, session: Session, ledger: Ledger) -> None:
        self._session, self._ledger = session, ledger
        self._made = ledger.made()
        self._alone = _alone(session)
        self._missed: dict[int, bool] = {}
        found = session.rows(
            """SELECT c.oid, c.relkind, NOT CAST(:alone AS boolean) OR pg_relation_size(c.oid) > 0
               FROM pg_class c
               WHERE c.relkind IN ('r', 'p', 'm', 'f', 'v') AND c.relpersistence <> 't'
               AND c.relnamespace <> ALL (ARRAY[CAST('pg_catalog' AS regnamespace),
                                                CAST('information_schema' AS regnamespace)])
               AND c.oid <> CAST(:ledger AS regclass) AND c.oid <> ALL (CAST(:made AS oid[]))
               AND NOT (c.relkind = 'v' AND EXISTS (
                   SELECT FROM pg_depend d WHERE d.classid = CAST('pg_class' AS regclass)
                   AND d.objid = c.oid AND d.deptype = 'e'))""",
            alone=self._alone,
            ledger=ledger.table,
            made=list(self._made),
        )
        self._found = {oid for oid, _, _ in found}
        self.no_tables = all(kind == "v" for _, kind, _ in found)
        self.rows = [oid for oid, kind, filled in found if kind == "r" and filled and self._is_missed(oid)]

    def misses(self, name: str) -> bool:
        """Whether a quoted name now means a relation that somebody may miss; not when it means none."""
        if not self._found:
            return False
        known = self._session.rows(
            "SELECT oid, pg_catalog.age(xmin) <= 0 FROM pg_catalog.pg_class"
            " WHERE oid = pg_catalog.to_regclass(:name)",
            name=name,
        )
        if not known:
            return False
        oid, of_this_transaction = known[0]
        if oid in self._made or (of_this_transaction and oid not in self._found):
            return False
        return self._is_missed(oid)

    def record(self) -> None:
        """Remembers what the transaction under way has made; the ledger keeps it until the run ends."""
        fresh = self._session.rows(
            """SELECT oid FROM pg_catalog.pg_class
               WHERE relkind IN ('r', 'p', 'm', 'f', 'v') AND relpersistence <> 't'
               AND pg_catalog.age(xmin) <= 0 AND oid <> ALL (CAST(:known AS oid[]))""",
            known=list(self._found | self._made),
        )
        if fresh:
            self._made |= {oid for (oid,) in fresh}
            self._ledger.record_made(self._made)

    def _is_missed(self, oid: int) -> bool:
        if oid not in self._missed:
            self._missed[oid] = self._serves_somebody(oid)
        return self._missed[oid]

    def _serves_somebody(self, oid: int) -> bool:
        """An empty table with nobody connected serves nobody, nor does a view that was never refreshed."""
        relation = self._session.rows(
            """SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.relispopulated,
                      pg_catalog.has_table_privilege(c.oid, 'SELECT')
               FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE c.oid = CAST(:oid AS oid)""",
            oid=oid,
        )
        if not relation:
            return False
        name, populated, readable = relation[0]
        if self._alone and readable and populated:
            return bool(self._session.rows(f"SELECT 1 FROM {name} LIMIT 1"))
        return bool(populated)


def _alone(session: Session) -> bool:
    """Whether nobody else is connected; rdsadmin is RDS' own watcher."""
    others = session.rows(
        """SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
           AND pid <> pg_backend_pid() AND usename <> 'rdsadmin' LIMIT 1"""
    )
    return not others
