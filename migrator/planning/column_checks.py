"""The hazards of a table's columns, one function each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast.enums import AlterTableType, ConstrType

from migrator.names import of_object, quote
from migrator.plan import Hazard
from migrator.planning import remedies
from migrator.planning.column_types import ColumnType
from migrator.planning.messages import hazard
from migrator.planning.schema_state import Facts
from migrator.planning.tree import commands, functions_in, is_serial, of_column, proves_not_null

# Not VOLATILE: one value for the whole statement, so that ADD COLUMN does not rewrite the table.
STEADY_FUNCTIONS = {
    *("now", "statement_timestamp", "transaction_timestamp", "timezone", "date_trunc", "make_date"),
    *("make_interval", "to_timestamp", "to_date", "lower", "upper", "md5", "concat", "format", "array_fill"),
    *("jsonb_build_object", "jsonb_build_array", "to_jsonb", "json_build_object", "json_build_array"),
    *("current_setting", "current_database", "current_schema", "decode", "encode"),
}
ALWAYS = ord("a")  # of a SET GENERATED


def column_type(node: Any, facts: Facts) -> Iterator[Hazard]:
    """Some changes PostgreSQL makes without a rewrite, if it has no check or computed index to make again."""
    for table, command in commands(node, AlterTableType.AT_AlterColumnType):
        if not _keeps_rows(command, table, facts):
            name = command.name
            yield hazard(
                "column-type",
                table,
                column=quote(name),
                column_new=quote(f"{name}_new"),
                type=remedies.type_of(command.def_),
            )


def _keeps_rows(command: Any, table: str, facts: Facts) -> bool:
    column, definition = command.name, command.def_
    old, new = facts.table(table).columns.get(column), ColumnType.of(definition.typeName)
    return (
        old is not None
        and new is not None
        and old.becomes(new)
        and not (definition.raw_default or definition.collClause)
        and not (facts.table(table).constrains(column) or facts.referred(table))
        and not facts.indexes.computed(table, column)
    )


def not_null(node: Any, facts: Facts) -> Iterator[Hazard]:
    """PostgreSQL skips the scan when a valid check proves the column (since 12). A PRIMARY KEY sets it too.

    DROP NOT NULL is no hazard, though squawk refuses it: the servers that run write no NULL, and every
    column that becomes optional takes this step.
    """
    columns = [(table, command.name) for table, command in commands(node, AlterTableType.AT_SetNotNull)]
    for table, command in commands(node, AlterTableType.AT_AddConstraint):
        constraint = command.def_
        if constraint.contype == ConstrType.CONSTR_NOTNULL and not constraint.skip_validation:
            columns.append((table, proves_not_null(constraint) or ""))
        if constraint.contype == ConstrType.CONSTR_PRIMARY and constraint.indexname:
            known = facts.table(table).columns
            columns += [
                (table, key) for key in facts.indexes.columns_of(table, constraint.indexname) if key in known
            ]
    for table, column in columns:
        if not facts.table(table).proves_not_null(column):
            yield hazard("not-null", table, column=quote(column), constraint=quote(f"{column}_not_null"))


def required_column(node: Any, _: Facts) -> Iterator[Hazard]:
    """ADD COLUMN of NOT NULL or PRIMARY KEY with nothing that fills it; a serial fills itself."""
    values = (ConstrType.CONSTR_DEFAULT, ConstrType.CONSTR_IDENTITY, ConstrType.CONSTR_GENERATED)
    for table, command in commands(node, AlterTableType.AT_AddColumn):
        column = command.def_
        required = of_column(column, ConstrType.CONSTR_NOTNULL, ConstrType.CONSTR_PRIMARY)
        if required and not of_column(column, *values) and not is_serial(column):
            name = quote(column.colname)
            yield hazard("required-column", table, column=name, type=remedies.type_of(column))


def default_rewrite(node: Any, facts: Facts) -> Iterator[Hazard]:
    """ADD COLUMN whose value PostgreSQL computes for every row, and so writes every row anew."""
    for table, command in commands(node, AlterTableType.AT_AddColumn):
        column = command.def_
        if _rewrites(column, facts):
            yield hazard(
                "default-rewrite",
                table,
                column=quote(column.colname),
                type=remedies.type_of(column),
                default=remedies.default_of(column),
            )


def _rewrites(column: Any, facts: Facts) -> bool:
    """Whether rows get values: serial, identity, stored, a checked domain's, a volatile default."""
    stored = any(item.generated_kind == "s" for item in of_column(column, ConstrType.CONSTR_GENERATED))
    if is_serial(column) or stored or of_column(column, ConstrType.CONSTR_IDENTITY):
        return True
    if of_object(column.typeName.names) in facts.constrained_domains:
        return True
    defaults = of_column(column, ConstrType.CONSTR_DEFAULT)
    return any(functions_in(item.raw_expr) - STEADY_FUNCTIONS for item in defaults)


def generated_always(node: Any, _: Facts) -> Iterator[Hazard]:
    """ALTER COLUMN … ADD or SET GENERATED ALWAYS; a new column's is no hazard, since no server knows it."""
    for table, command in commands(node, AlterTableType.AT_AddIdentity):
        if command.def_.generated_when == "a":
            yield hazard("generated-always", table, column=quote(command.name))
    for table, command in commands(node, AlterTableType.AT_SetIdentity):
        if any(option.defname == "generated" and option.arg.ival == ALWAYS for option in command.def_):
            yield hazard("generated-always", table, column=quote(command.name))


def json_column(node: Any, _: Facts) -> Iterator[Hazard]:
    """ADD COLUMN of json, which unlike jsonb has no equality."""
    for table, command in commands(node, AlterTableType.AT_AddColumn):
        if command.def_.typeName.names[-1].sval == "json":
            yield hazard("json-column", table, column=quote(command.def_.colname))


def drop_column(node: Any, _: Facts) -> Iterator[Hazard]:
    """ALTER TABLE … DROP COLUMN; an attribute of a composite type is `drop_object`."""
    for table, command in commands(node, AlterTableType.AT_DropColumn):
        yield hazard("drop-column", table, column=quote(command.name))


CHECKS = (
    column_type,
    not_null,
    required_column,
    default_rewrite,
    generated_always,
    json_column,
    drop_column,
)
