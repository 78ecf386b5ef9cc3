"""Indexes that cost every write and help little: invalid ones, those that another covers, unused ones."""

from __future__ import annotations

from collections.abc import Iterable

from migrator.postgres import Session

# No system's or temporary schema; a partition's index belongs to its parent's.
_USERS = r"n.nspname !~ '^(pg_|information_schema$)' AND NOT c.relispartition"
# Not one that a constraint, a foreign key or replication needs.
_FREE = """NOT i.indisprimary AND NOT i.indisexclusion AND NOT i.indisreplident
    AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)"""
_NAME = "CAST(CAST({0} AS regclass) AS text)"

INVALID = f"""
    SELECT {_NAME.format("i.indexrelid")}, c.relkind = 'I'
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT i.indisvalid AND {_USERS}
    AND i.indexrelid NOT IN (SELECT index_relid FROM pg_stat_progress_create_index WHERE index_relid <> 0)
    ORDER BY 1"""

# The second index does all that the first does: it has the same columns, a B-tree perhaps more behind them.
COVERED = f"""
    WITH candidate AS (
        SELECT i.indexrelid AS index, i.indrelid, c.relam, a.amname = 'btree' AND i.indexprs IS NULL AS btree,
               CAST(i.indkey AS text) || ' ' AS columns, CAST(i.indclass AS text) || ' ' AS classes,
               CAST(i.indcollation AS text) || ' ' AS collations, CAST(i.indoption AS text) || ' ' AS options,
               i.indnkeyatts AS keys, pg_get_expr(i.indexprs, i.indrelid) AS expressions,
               pg_get_expr(i.indpred, i.indrelid) AS predicate,
               i.indisunique AS is_unique, i.indnullsnotdistinct AS nulls, {_FREE} AS free
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_am a ON a.oid = c.relam
        WHERE i.indisvalid AND i.indimmediate AND {_USERS}),
    pair AS (
        SELECT i.index, o.index AS other, i.is_unique, o.is_unique AS other_is_unique,
               o.free AS other_is_free,
               (i.columns, i.classes, i.collations, i.options, i.keys)
               = (o.columns, o.classes, o.collations, o.options, o.keys)
               AND i.expressions IS NOT DISTINCT FROM o.expressions AND i.nulls = o.nulls AS equal,
               i.btree AND o.btree
               AND starts_with(o.columns, i.columns) AND starts_with(o.classes, i.classes)
               AND starts_with(o.collations, i.collations) AND starts_with(o.options, i.options) AS begins
        FROM candidate i JOIN candidate o ON o.indrelid = i.indrelid AND o.relam = i.relam
             AND o.index <> i.index AND o.predicate IS NOT DISTINCT FROM i.predicate
        WHERE i.free)
    SELECT {_NAME.format("index")}, {_NAME.format("other")}, equal FROM pair
    -- Of two that are equal in all, the younger goes.
    WHERE (equal AND (other_is_unique > is_unique
           OR (other_is_unique = is_unique AND (index > other OR NOT other_is_free))))
    OR (begins AND NOT equal AND NOT is_unique)
    ORDER BY 1, 2"""

UNUSED = f"""
    WITH RECURSIVE family AS (
        SELECT i.indexrelid AS root, i.indexrelid AS member
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_USERS} AND {_FREE} AND i.indisvalid AND NOT i.indisunique
        AND c.relname <> ALL (CAST(:named AS name[]))
        -- Whoever deletes or renumbers what a foreign key points at looks here, however rarely.
        AND NOT EXISTS (SELECT 1 FROM pg_constraint k
                        WHERE k.contype = 'f' AND k.conrelid = i.indrelid AND i.indkey[0] = ANY (k.conkey))
        UNION ALL SELECT root, inhrelid FROM family JOIN pg_inherits ON inhparent = member)
    SELECT {_NAME.format("root")}
    FROM family JOIN pg_class c ON c.oid = member JOIN pg_index i ON i.indexrelid = member
    JOIN pg_class t ON t.oid = i.indrelid LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = member
    GROUP BY root HAVING coalesce(sum(s.idx_scan), 0) = 0
    AND sum(CASE WHEN t.relkind <> 'p' THEN t.reltuples ELSE 0 END) >= :rows
    ORDER BY 1"""

SINCE = """
    SELECT to_char(stats_reset, 'YYYY-MM-DD HH24:MI TZ') FROM pg_stat_database
    WHERE datname = current_database()"""


def find(session: Session, *, named: Iterable[str], rows: int) -> list[str]:
    """A line for each. `named` are used by named queries; a table of fewer than `rows` rows tells nothing."""
    return [
        *(_invalid(index, partitioned) for index, partitioned in session.rows(INVALID)),
        *(_covered(*found) for found in session.rows(COVERED)),
        *_unused(session, sorted(named), rows),
    ]


def _invalid(index: str, partitioned: bool) -> str:
    if partitioned:
        return f"{index} is invalid: a partition has no index attached to it; make and attach it"
    return f"{index} is invalid: run REINDEX INDEX CONCURRENTLY {index}, or drop it"


def _covered(index: str, other: str, equal: bool) -> str:
    how = "is a duplicate of" if equal else "is covered by"
    return f"{index} {how} {other}: a migration with DROP INDEX {index} spares every write"


def _unused(session: Session, named: list[str], rows: int) -> list[str]:
    since = session.rows(SINCE)[0][0] or "the statistics began"
    return [
        f"{index} was not scanned on this server since {since}, and no named query uses it: "
        "name its query in queries.sql, or drop it"
        for (index,) in session.rows(UNUSED, named=named, rows=rows)
    ]
