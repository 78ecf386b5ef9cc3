"""An index on an empty temporary twin of its table: how PostgreSQL writes, names and stores it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from migrator.postgres import Session


@contextmanager
def index_on_a_twin(session: Session, table: str, create: Callable[[str], str]) -> Iterator[str]:
    """Runs `create(<the twin>)` and yields the index' quoted name; both are gone at the end.

    The twin has the table's own name, since a WHERE clause may say it.
    """
    session.run("BEGIN")
    try:
        name = session.rows(
            "SELECT format('%I', relname) FROM pg_class WHERE oid = CAST(:table AS regclass)", table=table
        )[0][0]
        session.run(f"CREATE TEMPORARY TABLE pg_temp.{name} (LIKE {table})")
        session.run(create(f"pg_temp.{name}"))
        yield session.rows(
            """SELECT format('pg_temp.%I', c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
               WHERE i.indrelid = to_regclass(:twin)""",
            twin=f"pg_temp.{name}",
        )[0][0]
    finally:
        session.run("ROLLBACK")
