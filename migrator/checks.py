"""The hazards, one function each: what a statement would do to a live database. Pure; reads pglast's tree.

A table made by the same file is nobody's yet, so nothing done to it is a hazard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, ConstrType, DropBehavior, NullTestType, ObjectType, ReindexObjectType
from pglast.visitors import Visitor

from migrator.messages import ALLOW, HAZARDS, NEVER
from migrator.names import of_object, of_relation, quote
from migrator.parse import is_a
from migrator.plan import Hazard

# STABLE functions: one value for the whole statement, so that ADD COLUMN does not rewrite the table.
STABLE_FUNCTIONS = {"now", "statement_timestamp", "transaction_timestamp"}
SERIAL_TYPES = {"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"}
NOT_IN_A_TRANSACTION = (
    ast.VacuumStmt,
    ast.CreatedbStmt,
    ast.DropdbStmt,
    ast.CreateTableSpaceStmt,
    ast.DropTableSpaceStmt,
    ast.AlterSystemStmt,
)


@dataclass(kw_only=True, slots=True)
class Facts:
    """What earlier statements made true: the file's tables, its NOT NULL checks, columns proven by one."""

    made: set[str] = field(default_factory=set)
    not_null_checks: dict[tuple[str, str], str] = field(default_factory=dict)
    proven: set[tuple[str, str]] = field(default_factory=set)

    def learn(self, node: Any) -> None:
        """Takes a statement that has been planned into account."""
        if is_a(node, ast.CreateStmt) and not node.if_not_exists:
            self.made.add(of_relation(node.relation))
        if is_a(node, ast.CreateTableAsStmt) and not node.if_not_exists:
            self.made.add(of_relation(node.into.rel))
        for table, command in _commands(node, AlterTableType.AT_AddConstraint):
            column = _column_not_null(command.def_)
            if column:
                self.not_null_checks[table, command.def_.conname] = column
        for table, command in _commands(node, AlterTableType.AT_ValidateConstraint):
            column = self.not_null_checks.get((table, command.name))
            if column:
                self.proven.add((table, column))


def hazards(node: Any, facts: Facts) -> list[Hazard]:
    """All hazards of a statement on tables that were there before its file."""
    found = [hazard for check in CHECKS for hazard in check(node, facts)]
    return [hazard for hazard in found if hazard.table not in facts.made]


def column_type(node: Any, facts: Facts) -> Iterator[Hazard]:
    for table, command in _commands(node, AlterTableType.AT_AlterColumnType):
        yield _hazard(
            "column-type", table, column=quote(command.name), column_new=quote(f"{command.name}_new")
        )


def not_null(node: Any, facts: Facts) -> Iterator[Hazard]:
    """PostgreSQL skips the scan when a valid check proves the column (since 12)."""
    for table, command in _commands(node, AlterTableType.AT_SetNotNull):
        if (table, command.name) not in facts.proven:
            constraint = quote(f"{command.name}_not_null")
            yield _hazard("not-null", table, column=quote(command.name), constraint=constraint)


def default_rewrite(node: Any, facts: Facts) -> Iterator[Hazard]:
    for table, command in _commands(node, AlterTableType.AT_AddColumn):
        if _rewrites(command.def_):
            yield _hazard("default-rewrite", table, column=quote(command.def_.colname))


def foreign_key(node: Any, facts: Facts) -> Iterator[Hazard]:
    for table, constraint in _new_constraints(node, ConstrType.CONSTR_FOREIGN):
        if not constraint.skip_validation:
            other = of_relation(constraint.pktable)
            yield _hazard("foreign-key", table, other=other, constraint=_name(constraint))


def check_constraint(node: Any, facts: Facts) -> Iterator[Hazard]:
    for table, constraint in _new_constraints(node, ConstrType.CONSTR_CHECK):
        if not constraint.skip_validation:
            yield _hazard("check-constraint", table, constraint=_name(constraint))


def unique_constraint(node: Any, facts: Facts) -> Iterator[Hazard]:
    kinds = (ConstrType.CONSTR_UNIQUE, ConstrType.CONSTR_PRIMARY, ConstrType.CONSTR_EXCLUSION)
    for table, constraint in _new_constraints(node, *kinds):
        if not constraint.indexname:
            yield _hazard("unique-constraint", table, constraint=_name(constraint))


def drop_column(node: Any, facts: Facts) -> Iterator[Hazard]:
    for table, command in _commands(node, AlterTableType.AT_DropColumn):
        yield _hazard("drop-column", table, column=quote(command.name))


def drop_table(node: Any, facts: Facts) -> Iterator[Hazard]:
    if is_a(node, ast.DropStmt) and node.removeType == ObjectType.OBJECT_TABLE:
        for names in node.objects:
            yield _hazard("drop-table", of_object(names))


def rename(node: Any, facts: Facts) -> Iterator[Hazard]:
    kinds = (ObjectType.OBJECT_TABLE, ObjectType.OBJECT_COLUMN)
    if is_a(node, ast.RenameStmt) and node.renameType in kinds and node.relation:
        yield _hazard("rename", of_relation(node.relation))


def transaction_control(node: Any, facts: Facts) -> Iterator[Hazard]:
    if is_a(node, ast.TransactionStmt):
        words = node.kind.name.removeprefix("TRANS_STMT_").replace("_", " ")
        yield _never("transaction-control", statement=words)


def no_transaction(node: Any, facts: Facts) -> Iterator[Hazard]:
    vacuum = is_a(node, ast.VacuumStmt)
    if is_a(node, *NOT_IN_A_TRANSACTION) and not (vacuum and not node.is_vacuumcmd):  # ANALYZE can
        yield _never("no-transaction", statement=_keyword(node))
    whole = (ReindexObjectType.REINDEX_OBJECT_SYSTEM, ReindexObjectType.REINDEX_OBJECT_DATABASE)
    if is_a(node, ast.ReindexStmt) and node.kind in whole:
        yield _never("no-transaction", statement="REINDEX of a whole database")


def unnamed_index(node: Any, facts: Facts) -> Iterator[Hazard]:
    if is_a(node, ast.IndexStmt) and not node.idxname and of_relation(node.relation) not in facts.made:
        yield _never("unnamed-index", table=of_relation(node.relation))


def drop_index_cascade(node: Any, facts: Facts) -> Iterator[Hazard]:
    if (
        is_a(node, ast.DropStmt)
        and node.removeType == ObjectType.OBJECT_INDEX
        and node.behavior == DropBehavior.DROP_CASCADE
    ):
        yield _never("drop-index-cascade")


CHECKS: tuple[Callable[[Any, Facts], Iterator[Hazard]], ...] = (
    column_type,
    not_null,
    default_rewrite,
    foreign_key,
    check_constraint,
    unique_constraint,
    drop_column,
    drop_table,
    rename,
    transaction_control,
    no_transaction,
    unnamed_index,
    drop_index_cascade,
)


def _hazard(code: str, table: str, **names: str) -> Hazard:
    message = HAZARDS[code].format(table=table, **names) + "\n" + ALLOW.format(code=code)
    return Hazard(code=code, table=table, message=message)


def _never(code: str, **names: str) -> Hazard:
    return Hazard(code=code, table=None, message=NEVER[code].format(**names))


def _commands(node: Any, kind: AlterTableType) -> Iterator[tuple[str, Any]]:
    """The ALTER TABLE commands of a kind, each with its table."""
    if is_a(node, ast.AlterTableStmt) and node.objtype == ObjectType.OBJECT_TABLE:
        for command in node.cmds:
            if command.subtype == kind:
                yield of_relation(node.relation), command


def _new_constraints(node: Any, *kinds: ConstrType) -> Iterator[tuple[str, Any]]:
    """Constraints that ALTER TABLE adds, alone or with a column."""
    for table, command in _commands(node, AlterTableType.AT_AddConstraint):
        if command.def_.contype in kinds:
            yield table, command.def_
    for table, command in _commands(node, AlterTableType.AT_AddColumn):
        for constraint in command.def_.constraints or ():
            if constraint.contype in kinds:
                yield table, constraint


def _column_not_null(constraint: Any) -> str | None:
    """The column that `CHECK (column IS NOT NULL)` proves."""
    test: Any = constraint.raw_expr if constraint.contype == ConstrType.CONSTR_CHECK else None
    if (
        is_a(test, ast.NullTest)
        and test.nulltesttype == NullTestType.IS_NOT_NULL
        and is_a(test.arg, ast.ColumnRef)
    ):
        return str(test.arg.fields[-1].sval)
    return None


def _rewrites(column: Any) -> bool:
    """Whether each row gets its own value: serial, identity, generated, or a volatile default."""
    per_row = (ConstrType.CONSTR_IDENTITY, ConstrType.CONSTR_GENERATED)
    constraints = column.constraints or ()
    if column.typeName.names[-1].sval in SERIAL_TYPES or any(item.contype in per_row for item in constraints):
        return True
    return any(_volatile(item.raw_expr) for item in constraints if item.contype == ConstrType.CONSTR_DEFAULT)


def _volatile(expression: Any) -> bool:
    """Whether an expression calls a function that is not known to be stable."""
    called: set[str] = set()

    class Calls(Visitor):
        def visit_FuncCall(self, ancestors: Any, node: Any) -> None:
            called.add(node.funcname[-1].sval)

    Calls()(expression)
    return bool(called - STABLE_FUNCTIONS)


def _name(constraint: Any) -> str:
    return quote(constraint.conname or "<name>")


def _keyword(node: Any) -> str:
    return {
        ast.VacuumStmt: "VACUUM",
        ast.CreatedbStmt: "CREATE DATABASE",
        ast.DropdbStmt: "DROP DATABASE",
        ast.CreateTableSpaceStmt: "CREATE TABLESPACE",
        ast.DropTableSpaceStmt: "DROP TABLESPACE",
        ast.AlterSystemStmt: "ALTER SYSTEM",
    }[type(node)]
