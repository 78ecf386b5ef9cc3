"""Plans and times named queries with real parameters; nothing is written, and nothing takes long."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from statistics import median
from typing import Any

from pg8000 import native

from migrator.postgres import QUERY_CANCELED, PostgresError, Session
from migrator.query import Query
from migrator.verifying.plantree import PlanTree

PARAMETER_ROWS = 10  # more would cost time and tell nothing new
RUNS = 5  # timed ones of each row; the median of five stands one outlier on either side
LOCK_TIMEOUT = 1.0  # seconds; a query that waits for a schema change has nothing to tell
NAME = "migrator_query"  # of the prepared statement

Values = tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """How a query ran. `milliseconds` is the median; None when it was not run, inf when it was cut off."""

    plan: str
    milliseconds: float | None
    rows: int | None
    parameters: tuple[Values, ...]

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Timing:
        return cls(**{**entry, "parameters": tuple(tuple(values) for values in entry["parameters"])})


class Explainer:
    """Asks on `session`; `timeout` bounds each statement and, cut-off apart, each query's runs. Seconds."""

    def __init__(self, session: Session, *, timeout: float) -> None:
        self._session, self._timeout = session, timeout

    def parameters(self, query: Query) -> tuple[Values, ...]:
        """Values from the live data, as text; one empty row for a query without parameters."""
        if not query.arity:
            return ((),)
        columns = [f"p{number}" for number in range(1, query.arity + 1)]
        texts = ", ".join(f"CAST({column} AS text)" for column in columns)
        with self.reading():
            found = self._session.run(
                f"SELECT {texts} FROM ({query.parameters}\n) AS parameters ({', '.join(columns)}) "
                f"LIMIT {PARAMETER_ROWS}"
            )
        return tuple(tuple(row) for row in found)

    def count(self, table: str, *, most: int) -> int:
        """The table's rows; no more than `most` are read."""
        with self.reading():
            found = self._session.run(f"SELECT count(*) FROM (SELECT FROM {table} LIMIT {most}) AS counted")
        return int(found[0][0])

    @contextmanager
    def prepared(self, query: Query) -> Iterator[None]:
        """Lets the server find the parameters' types."""
        with self.reading():
            self._session.run(f"PREPARE {NAME} AS {query.sql}")
        try:
            yield
        finally:
            self._session.run(f"DEALLOCATE {NAME}")

    def plans(self, query: Query, parameters: Sequence[Values], *settings: str) -> list[PlanTree]:
        """The plan for each row of parameters of a prepared query; without any, the one for all values."""
        if not parameters:
            self._session.run("DISCARD PLANS")  # an earlier generic plan would stay, made with other settings
            generic = "plan_cache_mode = force_generic_plan"
            return [PlanTree(root=self._explain("", (None,) * query.arity, generic, *settings)["Plan"])]
        return [PlanTree(root=self._explain("", values, *settings)["Plan"]) for values in parameters]

    def time(self, query: Query, parameters: tuple[Values, ...], trees: Sequence[PlanTree]) -> Timing:
        """Runs a prepared query with each row of parameters, as often as the time-out has room for."""
        plan = Counter(tree.summary for tree in trees).most_common(1)[0][0]
        warming: list[float] = []
        times: list[float] = []
        rows: list[int] = []
        started = time.monotonic()
        for run, values in product(range(RUNS + 1), parameters):
            if warming and time.monotonic() - started > self._timeout:
                break
            try:
                ran = self._explain("ANALYZE, TIMING OFF, ", values)
            except PostgresError as error:
                if error.code != QUERY_CANCELED:
                    raise
                return Timing(plan=plan, milliseconds=math.inf, rows=None, parameters=parameters)
            # A first run warms the caches; it counts only when there is no time for another.
            (times if run else warming).append(ran["Execution Time"])
            rows.append(PlanTree(root=ran["Plan"]).rows)
        return Timing(
            plan=plan,
            milliseconds=median(times or warming) if warming else None,
            rows=round(median(rows)) if rows else None,
            parameters=parameters,
        )

    def _explain(self, options: str, values: Values, *settings: str) -> dict[str, Any]:
        literals = ", ".join(native.literal(value) for value in values)
        arguments = f"({literals})" if values else ""
        with self.reading(*settings):
            found = self._session.run(f"EXPLAIN ({options}FORMAT JSON) EXECUTE {NAME}{arguments}")
        entry: dict[str, Any] = found[0][0][0]
        return entry

    @contextmanager
    def reading(self, *settings: str) -> Iterator[None]:
        """A transaction that cannot write, ended at once so that nothing waits for its snapshot."""
        limits = (
            f"statement_timeout = '{round(self._timeout * 1000)}ms'",
            f"lock_timeout = '{round(LOCK_TIMEOUT * 1000)}ms'",
            # As a driver's unnamed statements are planned: for these very values.
            "plan_cache_mode = force_custom_plan",
        )
        begin = ["BEGIN READ ONLY", *(f"SET LOCAL {setting}" for setting in (*limits, *settings))]
        try:
            self._session.run("; ".join(begin))
            yield
        finally:
            self._session.run("ROLLBACK")
