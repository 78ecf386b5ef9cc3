"""Parts of a user's own statement, for the safe way to write it: nothing of it is lost on the way."""

from __future__ import annotations

from typing import Any

from pglast import ast
from pglast.enums import ConstrType
from pglast.stream import RawStream

from migrator.names import bare, quote
from migrator.planning.parse import is_a
from migrator.planning.tree import of_column

LONGEST_NAME = 63
"""Bytes of a PostgreSQL identifier. It shortens a longer one in its own way, which is not worth repeating."""
SUFFIXES = {
    ConstrType.CONSTR_FOREIGN: "fkey",
    ConstrType.CONSTR_CHECK: "check",
    ConstrType.CONSTR_UNIQUE: "key",
    ConstrType.CONSTR_PRIMARY: "pkey",
}


def type_of(typed: Any) -> str:
    """A column's type, with all that belongs to it, as `numeric(10, 2)[]`."""
    return str(RawStream()(typed.typeName))


def default_of(column: Any) -> str:
    """The expression of a new column's DEFAULT; a placeholder where it has none."""
    found = of_column(column, ConstrType.CONSTR_DEFAULT)
    return str(RawStream()(found[0].raw_expr)) if found else "<expression>"


def constraint_name(constraint: Any, table: str, column: str | None) -> str:
    """Its own, or the one that PostgreSQL gives it."""
    if constraint.conname:
        return quote(constraint.conname)
    middle = [] if constraint.contype == ConstrType.CONSTR_PRIMARY else _columns(constraint, column)
    name = "_".join([bare(table), *middle, SUFFIXES[constraint.contype]])
    return quote(name) if len(name.encode()) <= LONGEST_NAME else quote("<name>")


def definition(constraint: Any, column: str | None) -> str:
    """A foreign key or a check as ALTER TABLE ADD CONSTRAINT has it, after its name."""
    text = str(RawStream()(constraint))
    if constraint.conname:
        name = RawStream()(ast.ColumnRef(fields=(ast.String(sval=constraint.conname),)))
        text = text.removeprefix(f"CONSTRAINT {name} ")
    of_a_column = constraint.contype == ConstrType.CONSTR_FOREIGN and not constraint.fk_attrs
    return f"FOREIGN KEY ({quote(column or '')}) {text}" if of_a_column else text


def unique_index(constraint: Any, column: str | None) -> str:
    """What follows the table in the CREATE UNIQUE INDEX that a unique constraint or a primary key has."""
    text = f"({', '.join(map(quote, _columns(constraint, column)))})"
    if constraint.including:
        text += f" INCLUDE ({', '.join(quote(key.sval) for key in constraint.including)})"
    return text + (" NULLS NOT DISTINCT" if constraint.nulls_not_distinct else "")


def deferral(constraint: Any) -> str:
    """` DEFERRABLE INITIALLY DEFERRED`, or as much of it as there is."""
    return (" DEFERRABLE" if constraint.deferrable else "") + (
        " INITIALLY DEFERRED" if constraint.initdeferred else ""
    )


def with_condition(statement: Any, otherwise: str) -> str:
    """An UPDATE or DELETE of all rows with a WHERE to fill in; `otherwise` for one inside another."""
    plain = is_a(statement, ast.UpdateStmt, ast.DeleteStmt) and not (
        statement.whereClause or statement.withClause or statement.returningClause
    )
    return f"{RawStream()(statement)} WHERE <condition>" if plain else otherwise


def _columns(constraint: Any, column: str | None) -> list[str]:
    named = constraint.keys or constraint.fk_attrs
    if named:
        return [key.sval for key in named]
    return [column] if column else []
