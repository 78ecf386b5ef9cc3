"""A named query: what the app asks, and the indexes that shall answer it. Travels as JSON to the runner."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """One SELECT of a migration's `queries.sql`; the line is the statement's.

    `parameters` is a SELECT whose rows are real values of $1 … $`arity`; it is empty when `arity` is 0.
    """

    name: str
    migration: str
    line: int
    sql: str
    parameters: str
    arity: int
    uses: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where it stands, for errors."""
        return f'query "{self.name}" ({self.migration}/queries.sql, line {self.line})'

    @property
    def digest(self) -> str:
        """SHA-256 of what is asked: figures of another text are another query's."""
        return sha256(f"{self.sql}\0{self.parameters}".encode()).hexdigest()
