"""Column types as a file writes them, and which changes of one PostgreSQL makes without reading a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pglast import ast

from migrator.planning.parse import is_a

FINEST = 6  # digits of a second, which a type of date and time has unless it says fewer
# PostgreSQL knows of these that a wider one holds every value as it is stored.
WIDENED = {"varchar", "varbit", "numeric"}
WITH_SECONDS = {"timestamp", "timestamptz", "time", "timetz"}
# Stored alike and in the same operator family, so that the indexes stay too.
COERCIBLE = {("varchar", "text"), ("text", "varchar"), ("cidr", "inet")}


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnType:
    """A type's name without `pg_catalog`, what its brackets hold, and how many dimensions it has."""

    name: str
    modifiers: tuple[int, ...] = ()
    dimensions: int = 0

    @classmethod
    def of(cls, node: Any) -> ColumnType | None:
        """Of a TypeName; None where a modifier is no plain number."""
        numbers: list[Any] = [getattr(item, "val", None) for item in node.typmods or ()]
        if not all(is_a(number, ast.Integer) for number in numbers):
            return None
        modifiers = tuple(int(number.ival) for number in numbers)
        names = [part.sval for part in node.names if part.sval != "pg_catalog"]
        return cls(name=".".join(names), modifiers=modifiers, dimensions=len(node.arrayBounds or ()))

    def becomes(self, new: ColumnType) -> bool:
        """Whether a column takes the new type with neither its rows nor its plain indexes touched.

        PostgreSQL's documentation of ALTER TABLE, "Notes"; varchar_support(), numeric_support() and
        TemporalSimplify() in its source say which change of a modifier is none.
        """
        if self == new:
            return True
        if self.dimensions or new.dimensions:
            return False
        if (self.name, new.name) in COERCIBLE:
            return not new.modifiers
        if self.name != new.name:
            return False
        if self.name in WITH_SECONDS:
            return (self.modifiers or (FINEST,)) <= (new.modifiers or (FINEST,))
        return self.name in WIDENED and self._narrower(new)

    def _narrower(self, new: ColumnType) -> bool:
        """By the first modifier, the others being equal: varchar(n), varbit(n), numeric(precision, scale)."""
        if not new.modifiers:
            return True
        if not self.modifiers or self.modifiers[0] > new.modifiers[0]:
            return False
        return self._scale == new._scale

    @property
    def _scale(self) -> int:
        return self.modifiers[1] if len(self.modifiers) > 1 else 0
