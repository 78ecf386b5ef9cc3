"""What a statement did to rows that were there before the run, seen before it commits.

Names move, and functions, rules, triggers and CASCADE reach further than a text shows. So the catalogue and
the transaction's own counters are asked, by oid.
"""

from __future__ import annotations

from dataclasses import dataclass

from migrator.applying.inventory import Inventory
from migrator.plan import HIDDEN_CHANGE, Statement
from migrator.postgres import Session

# The codes that allow each effect.
DROPPED = {HIDDEN_CHANGE, "drop-table", "drop-object"}
CUT = {HIDDEN_CHANGE, "drop-column", "drop-table", "drop-object"}
REWRITTEN = {HIDDEN_CHANGE, "truncate", "column-type", "default-rewrite", "rewrite", "move-all"}
CHANGED = {HIDDEN_CHANGE, "whole-table"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """A table at a moment. `file` is its filenode; `changed` counts the transaction's updates and deletes,
    and is negative where the server does not count (`track_counts`): then all rows may have changed.

    `empty` is known only of a table with a file of this transaction, which a TRUNCATE empties in place.
    """

    name: str
    file: int
    columns: dict[int, str]
    changed: int
    empty: bool


class Effects:
    """Compares the tables before and after each statement of a transaction."""

    def __init__(self, session: Session, inventory: Inventory) -> None:
        self._session, self._inventory = session, inventory
        self._before: dict[int, Look] | None = None
        self._first_files: dict[int, int] = {}

    def begin(self) -> None:
        """Before a statement."""
        if self._before is None and self._inventory.rows:
            self._before = self._look()
            self._first_files = {oid: look.file for oid, look in self._before.items()}

    def of(self, statement: Statement) -> list[str]:
        """After it: what it did to rows, as far as neither its text nor an allowance says so."""
        if self._before is None:
            return []
        before, self._before = self._before, self._look()
        changed = {
            oid
            for oid, look in self._before.items()
            if look.changed > before[oid].changed or look.changed < 0
        }
        if changed and statement.chosen:
            changed -= self._reach(statement.chosen)
        return [
            text
            for oid, old in before.items()
            for text, codes in _compared(old, self._before.get(oid), oid in changed)
            if not codes & statement.allowances
        ]

    def _look(self) -> dict[int, Look]:
        moved = [oid for oid, look in (self._before or {}).items() if look.file != self._first_files[oid]]
        found = self._session.rows(
            """SELECT c.oid, CAST(CAST(c.oid AS regclass) AS text), c.relfilenode, a.numbers, a.names,
                      CASE WHEN pg_catalog.current_setting('track_counts') = 'on'
                           THEN pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)
                                + pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) ELSE -1 END,
                      CASE WHEN c.oid = ANY (CAST(:moved AS oid[]))
                           THEN pg_catalog.pg_relation_size(c.oid) = 0 ELSE false END
               FROM pg_catalog.pg_class c, LATERAL (
                   SELECT pg_catalog.array_agg(attnum) AS numbers,
                          pg_catalog.array_agg(pg_catalog.format('%I', attname)) AS names
                   FROM pg_catalog.pg_attribute
                   WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a
               WHERE c.oid = ANY (CAST(:oids AS oid[]))""",
            oids=self._inventory.rows,
            moved=moved,
        )
        return {
            oid: Look(
                name=name,
                file=file,
                columns=dict(zip(numbers or (), names or (), strict=True)),
                changed=changed,
                empty=empty,
            )
            for oid, name, file, numbers, names, changed, empty in found
        }

    def _reach(self, names: tuple[str, ...]) -> set[int]:
        """The tables whose rows change with these: heirs, a view's tables, those that refer to them."""
        found = self._session.rows(
            """WITH RECURSIVE reach (oid) AS (
                   SELECT CAST(pg_catalog.to_regclass(name) AS oid)
                   FROM pg_catalog.unnest(CAST(:names AS text[])) name
                   UNION
                   SELECT next.oid FROM reach, LATERAL (
                       SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = reach.oid
                       UNION ALL
                       SELECT conrelid FROM pg_catalog.pg_constraint
                       WHERE confrelid = reach.oid AND contype = 'f'
                       UNION ALL
                       SELECT d.refobjid FROM pg_catalog.pg_rewrite r
                       JOIN pg_catalog.pg_class v ON v.oid = r.ev_class AND v.relkind = 'v'
                       JOIN pg_catalog.pg_depend d ON d.objid = r.oid
                           AND d.classid = CAST('pg_catalog.pg_rewrite' AS regclass)
                           AND d.refclassid = CAST('pg_catalog.pg_class' AS regclass)
                       WHERE r.ev_class = reach.oid AND r.rulename = '_RETURN') next (oid))
               SELECT oid FROM reach WHERE oid IS NOT NULL""",
            names=list(names),
        )
        return {oid for (oid,) in found}


def _compared(old: Look, new: Look | None, changed: bool) -> list[tuple[str, set[str]]]:
    """Each effect on a table, with the codes that allow it."""
    if new is None:
        return [(f"drops {old.name}", DROPPED)]
    found = [
        (f"drops {old.name}.{name}", CUT) for number, name in old.columns.items() if number not in new.columns
    ]
    if new.file != old.file or new.empty > old.empty:
        found.append((f"rewrites or empties {new.name}", REWRITTEN))
    if changed:
        found.append((f"changes or deletes rows of {new.name}", CHANGED))
    return found
