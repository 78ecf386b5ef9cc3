"""Which index of the catalogue each promise became: by its name, or else by its columns and kind.

A DO block can rename an index, and a `search_path` put it into another schema, which no plan can know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.names import bare, parts
from migrator.postgres import SYSTEM_SCHEMAS, Session
from migrator.promise import Promise

USABLE = "indisvalid AND indisready AND indislive"


@dataclass(frozen=True, kw_only=True, slots=True)
class PromisedIndex:
    """An index that there is; `name` is quoted where it has to be, with its schema if that is needed."""

    promise: Promise
    name: str
    usable: bool
    partitioned: bool
    renamed: bool


def find(session: Session, promises: Sequence[Promise]) -> list[PromisedIndex]:
    """Those that are there, in the promises' order. The look-ups lock no table, so they wait for nobody."""
    by_name = {
        name: (usable, partitioned)
        for name, usable, partitioned in session.rows(
            f"""SELECT promised, {USABLE}, c.relkind = 'I' FROM unnest(CAST(:promised AS text[])) AS promised
                JOIN pg_index ON indexrelid = to_regclass(promised) JOIN pg_class c ON c.oid = indexrelid""",
            promised=[promise.index for promise in promises],
        )
    }
    found = []
    for promise in promises:
        if promise.index in by_name:
            usable, partitioned = by_name[promise.index]
            name, renamed = promise.index, False
        elif others := _under_another_name(session, promise, taken=list(by_name)):
            (name, usable, partitioned), renamed = others[0], True
        else:
            continue
        found.append(
            PromisedIndex(promise=promise, name=name, usable=usable, partitioned=partitioned, renamed=renamed)
        )
    return found


def _under_another_name(
    session: Session, promise: Promise, *, taken: Sequence[str]
) -> list[tuple[str, bool, bool]]:
    """On the table, or one of that name in another schema where the file gives none.

    Alike are method, uniqueness, columns and their order, and whether it is partial; a condition is not read.
    The same name comes first, then a usable one. Indexes of other promises are `taken`.
    """
    rows = session.rows(
        f"""SELECT CAST(CAST(i.indexrelid AS regclass) AS text), {USABLE}, c.relkind = 'I'
            FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid
            JOIN pg_am method ON method.oid = c.relam
            JOIN pg_class t ON t.oid = i.indrelid
            CROSS JOIN LATERAL (
                SELECT array_agg(CAST(coalesce(a.attname, '') AS text) ORDER BY place) AS keys
                FROM unnest(i.indkey) WITH ORDINALITY key (number, place)
                LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = number AND number <> 0
                WHERE place <= i.indnkeyatts) ordered
            CROSS JOIN LATERAL (
                SELECT array_agg(CAST(a.attname AS text) ORDER BY a.attname) AS columns
                FROM pg_attribute a
                WHERE a.attrelid = t.oid AND a.attnum > 0 AND (a.attnum = ANY (i.indkey) OR EXISTS (
                    SELECT FROM pg_depend d
                    WHERE d.classid = CAST('pg_class' AS regclass) AND d.objid = i.indexrelid
                    AND d.refclassid = CAST('pg_class' AS regclass) AND d.refobjid = t.oid
                    AND d.refobjsubid = a.attnum))) mentioned
            WHERE (t.oid = to_regclass(:table) OR (:anywhere AND t.relname = :bare_table
                   AND t.relnamespace <> ALL ({SYSTEM_SCHEMAS})))
            AND i.indexrelid <> ALL (ARRAY(
                SELECT CAST(to_regclass(name) AS oid) FROM unnest(CAST(:taken AS text[])) name))
            AND (c.relname = :bare_index OR (
                i.indisunique = :unique AND (i.indpred IS NOT NULL) = :partial
                AND method.amname = :method AND ordered.keys = CAST(:keys AS text[])
                AND mentioned.columns @> CAST(:columns AS text[])
                AND mentioned.columns <@ CAST(:columns AS text[])))
            ORDER BY c.relname = :bare_index DESC, {USABLE} DESC, c.oid""",
        table=promise.table,
        anywhere=len(parts(promise.table)) == 1,
        bare_table=bare(promise.table),
        bare_index=bare(promise.index),
        unique=promise.unique,
        partial=promise.partial,
        method=promise.method,
        keys=list(promise.keys),
        columns=list(promise.columns),
        taken=list(taken),
    )
    return [(name, usable, partitioned) for name, usable, partitioned in rows]
