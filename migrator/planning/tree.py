"""What the planner asks of pglast's tree: an ALTER TABLE's commands, constraints, an expression's parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, ConstrType, NullTestType, ObjectType

from migrator.names import of_relation
from migrator.planning.parse import is_a

SERIAL_TYPES = {"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"}
# ALTER TABLE takes views and indexes too, and tells only by what it finds.
TABLES = (ObjectType.OBJECT_TABLE, ObjectType.OBJECT_FOREIGN_TABLE, ObjectType.OBJECT_MATVIEW)


def commands(node: Any, *kinds: AlterTableType) -> Iterator[tuple[str, Any]]:
    """The ALTER TABLE commands of some kinds, each with its table."""
    if is_a(node, ast.AlterTableStmt) and node.objtype in TABLES:
        for command in node.cmds:
            if command.subtype in kinds:
                yield of_relation(node.relation), command


def new_constraints(node: Any, *kinds: ConstrType) -> Iterator[tuple[str, str | None, Any]]:
    """Constraints that ALTER TABLE adds, with the table, and the column if it is added with one."""
    for table, command in commands(node, AlterTableType.AT_AddConstraint):
        if command.def_.contype in kinds:
            yield table, None, command.def_
    for table, command in commands(node, AlterTableType.AT_AddColumn):
        for constraint in of_column(command.def_, *kinds):
            yield table, command.def_.colname, constraint


def of_column(column: Any, *kinds: ConstrType) -> list[Any]:
    """The constraints in a column's definition."""
    return [constraint for constraint in column.constraints or () if constraint.contype in kinds]


def is_serial(column: Any) -> bool:
    """Whether a column's type stands for a sequence."""
    return bool(column.typeName) and column.typeName.names[-1].sval in SERIAL_TYPES


def parts(node: Any) -> Iterator[Any]:
    """A node and all nodes in it; pglast's own Visitor takes several times as long."""
    if is_a(node, tuple):
        for item in node:
            yield from parts(item)
    elif is_a(node, ast.Node):
        yield node
        for name in node.__slots__:
            value = getattr(node, name)
            if is_a(value, ast.Node, tuple):
                yield from parts(value)


def columns_in(expression: Any) -> set[str]:
    """Every column that an expression mentions."""
    return {getattr(part.fields[-1], "sval", "*") for part in parts(expression) if is_a(part, ast.ColumnRef)}


def functions_in(expression: Any) -> set[str]:
    """Every function that an expression calls, without its schema."""
    return {part.funcname[-1].sval for part in parts(expression) if is_a(part, ast.FuncCall)}


def proves_not_null(constraint: Any) -> str | None:
    """The column that `CHECK (column IS NOT NULL)` or a NOT NULL constraint of PostgreSQL 18 is about."""
    if constraint.contype == ConstrType.CONSTR_NOTNULL:
        return str(constraint.keys[0].sval)
    test: Any = constraint.raw_expr if constraint.contype == ConstrType.CONSTR_CHECK else None
    if (
        is_a(test, ast.NullTest)
        and test.nulltesttype == NullTestType.IS_NOT_NULL
        and is_a(test.arg, ast.ColumnRef)
    ):
        return str(test.arg.fields[-1].sval)
    return None
