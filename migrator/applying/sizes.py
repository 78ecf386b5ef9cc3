"""How large tables are and indexes will be, as far as the database's statistics tell."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.applying.twin import index_on_a_twin
from migrator.plan import Online
from migrator.postgres import Session

UNKNOWN_WIDTH = 32  # bytes of an expression, or of a column that was never analyzed and has no fixed width
ENTRY_OVERHEAD = 12  # bytes: a tuple's header and line pointer ("Database Page Layout")
FILLFACTOR = 0.9  # of a b-tree's leaf pages


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """Of a table with all its partitions: estimated rows, and bytes without indexes."""

    rows: int
    bytes: int

    def __str__(self) -> str:
        return f"{self.rows:,} rows, {readable(self.bytes)}"


def of_table(session: Session, table: str) -> Size | None:
    """None when there is no such table. Rows as of the last ANALYZE or VACUUM."""
    found = session.rows(
        """SELECT CAST(sum(greatest(reltuples, 0)) AS bigint), CAST(sum(pg_table_size(oid)) AS bigint)
           FROM pg_class WHERE relkind IN ('r', 'm') AND (oid = to_regclass(:table)
               OR oid IN (SELECT relid FROM pg_partition_tree(to_regclass(:table))))""",
        table=table,
    )
    rows, size = found[0]
    return None if rows is None else Size(rows=rows, bytes=size)


def of_build(session: Session, step: Online) -> int:
    """Bytes that a CREATE or REINDEX takes while it runs: the index, and as much to sort its entries."""
    if step.kind == "create":
        return 2 * _of_new_index(session, step)
    found = session.rows(
        """SELECT coalesce(CAST(sum(pg_relation_size(i.indexrelid)) AS bigint), 0)
           FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
           WHERE i.indexrelid = to_regclass(nullif(:index, ''))
           OR i.indrelid = to_regclass(nullif(:table, ''))
           OR c.relnamespace = to_regnamespace(nullif(:schema, ''))""",
        index=step.index,
        table=step.table,
        schema=step.schema,
    )
    return 2 * int(found[0][0])


def _of_new_index(session: Session, step: Online) -> int:
    """Of a b-tree over all rows, whose entries are the columns' average widths: other methods make less."""
    size = of_table(session, step.table)
    if size is None:
        return 0
    with index_on_a_twin(session, step.table, lambda twin: step.create(on=twin)) as index:
        width = session.rows(
            f"""SELECT coalesce(CAST(sum(coalesce(s.avg_width,
                           CASE WHEN a.attlen > 0 THEN a.attlen ELSE {UNKNOWN_WIDTH} END)) AS int), 0)
                FROM pg_attribute a
                JOIN pg_class t ON t.oid = to_regclass(:table) JOIN pg_namespace n ON n.oid = t.relnamespace
                LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = t.relname
                    AND s.attname = a.attname
                WHERE a.attrelid = to_regclass(:index) AND a.attnum > 0""",
            table=step.table,
            index=index,
        )[0][0]
    return round(size.rows * (int(width) + ENTRY_OVERHEAD) / FILLFACTOR)


def readable(size: float) -> str:
    """`210 MB`, in PostgreSQL's units: 1 kB is 1,024 bytes."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"
