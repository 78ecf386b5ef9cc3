"""An UPDATE or DELETE piece by piece, in the order of a key, at a pace that leaves others their share."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from migrator.errors import Refused
from migrator.plan import Batches
from migrator.postgres import Session, filled

LONGEST = 0.01  # seconds of one batch: so long a writer of one of its rows may have to wait
FIRST, SMALLEST = 100, 10  # rows
SLOW = 1.5  # times its latency at the start: then a small write tells that others are in want of the disk
PROBES = 5  # small writes of which the median counts: one alone may be slow by chance
LONGEST_REST = 8.0  # times a batch
LONGEST_PAUSE = 5.0  # seconds
REPORT_EVERY = 2.0  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """The SQL of one batch, its rows and the last key in it as text; and how long it took."""

    sql: str
    last: str
    rows: int
    seconds: float = 0.0


class BatchRunner:
    """Chooses the batches of one statement, and the pauses between."""

    def __init__(self, batches: Batches, session: Session, *, place: str, probe: Callable[[], float]) -> None:
        """`probe` makes a small write, and gives its seconds."""
        self._batches, self._session, self._place, self._probe = batches, session, place, probe
        self._usual = median(probe() for _ in range(PROBES))
        self._recent = deque([self._usual], maxlen=PROBES)
        self._size, self._rest = min(batches.size, FIRST), 1.0
        self._type = ""
        self._rows = self._done = 0

    def next(self, reached: str | None) -> Batch | None:
        """The batch after a key, or the first; None at the end. Raises Refused for a key that will not do."""
        if not self._type:
            self._look_at_the_table()
        key, table = self._batches.column, self._batches.table
        later = f"WHERE {key} > {self._literal(reached)}" if reached is not None else ""
        found = self._session.rows(
            f"""SELECT CAST(key AS text), number FROM (
                    SELECT {key} AS key, row_number() OVER (ORDER BY {key}) AS number
                    FROM {table} {later} ORDER BY {key} LIMIT {self._size}) batch
                ORDER BY number DESC LIMIT 1"""
        )
        if not found:
            return None
        last, rows = found[0]
        column = f"{self._batches.alias}.{key}"
        after = f"{column} > {self._literal(reached)} AND " if reached is not None else ""
        condition = f"{after}{column} <= {self._literal(last)}"
        return Batch(
            sql=f"{self._batches.before}{condition} {self._batches.after}".strip(), last=last, rows=rows
        )

    def pause(self, batch: Batch) -> None:
        """As long as the batch took; longer while small writes are slower than at the start.

        The first is small, and each is larger than the one before until one takes too long.
        """
        self._done += batch.rows
        if batch.seconds > LONGEST:
            self._size = max(SMALLEST, int(self._size * LONGEST / batch.seconds))
        else:
            self._size = min(self._batches.size, int(self._size * 1.25) + 1)
        self._recent.append(self._probe())
        slow = median(self._recent) > SLOW * self._usual
        self._rest = min(self._rest * 2, LONGEST_REST) if slow else max(1.0, self._rest / 2)
        time.sleep(min(batch.seconds * self._rest, LONGEST_PAUSE))

    @property
    def progress(self) -> str:
        """`34 % of about 5,000,000 rows`, as far as the table's size is known."""
        if not self._rows or self._done > self._rows:
            return f"{self._done:,} rows"
        return f"{100 * self._done / self._rows:.0f} % of about {self._rows:,} rows"

    def _look_at_the_table(self) -> None:
        """Its size and the key's type. Rows without a key are passed over; a key without an index is slow."""
        found = self._session.rows(
            """SELECT format_type(a.atttypid, a.atttypmod), a.attnotnull, EXISTS (
                   SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indkey[0] = a.attnum
                   AND i.indisvalid AND i.indpred IS NULL),
                   (SELECT CAST(coalesce(sum(greatest(c.reltuples, 0)), 0) AS bigint) FROM pg_class c
                    WHERE c.oid = a.attrelid
                    OR c.oid IN (SELECT relid FROM pg_partition_tree(a.attrelid) WHERE isleaf))
               FROM pg_attribute a WHERE a.attrelid = to_regclass(:table) AND a.attnum > 0
               AND ARRAY[CAST(a.attname AS text)] = parse_ident(:column)""",
            table=self._batches.table,
            column=self._batches.column,
        )
        column = f"{self._batches.table}.{self._batches.column}"
        if not found:
            raise self._refused(f"there is no column {column}: name the column of the table's primary key")
        self._type, not_null, indexed, self._rows = found[0]
        if not not_null:
            raise self._refused(
                f"{column} may be NULL, and such rows would be in no batch: name a column that is NOT NULL"
            )
        if not indexed:
            raise self._refused(
                f"{column} is no index' first column, so that each batch would read the whole table: "
                "name one that is, or make an index before"
            )

    def _refused(self, why: str) -> Refused:
        return Refused(f"{self._place} cannot run in batches\n{why}")

    def _literal(self, value: str) -> str:
        return filled(f"CAST(:value AS {self._type})", value=value)


class Reporter:
    """Says how far it is, every two seconds."""

    def __init__(self, label: str, say: Callable[[str], None]) -> None:
        self._label, self._say = label, say
        self._started = self._reported = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def report(self, progress: str) -> None:
        if time.monotonic() - self._reported >= REPORT_EVERY:
            self._reported = time.monotonic()
            self._say(f"{self._label} {progress} {self.seconds:.0f} s")
