"""A table as the folder's files left it: columns, constraints, partitioning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pglast.enums import ConstrType

from migrator.names import of_relation
from migrator.planning.column_types import ColumnType
from migrator.planning.tree import columns_in, is_serial, of_column, proves_not_null


@dataclass(kw_only=True, slots=True)
class Constraint:
    """The columns that a constraint reads, the one it proves NOT NULL, the table it refers to."""

    columns: set[str] = field(default_factory=set)
    definition: Any = None
    not_null: str | None = None
    other: str | None = None
    valid: bool = True


@dataclass(kw_only=True, slots=True)
class PlannedTable:
    """What is known of a table; `name` is bare, for the names that PostgreSQL gives to constraints.

    `partition_key` is a single plain column.
    """

    name: str
    columns: dict[str, ColumnType | None] = field(default_factory=dict)
    constraints: dict[str, Constraint] = field(default_factory=dict)
    partitioned: bool = False
    partition_key: str | None = None
    default_partition: str | None = None
    partition_of: str | None = None

    def proves_not_null(self, column: str) -> bool:
        """Whether a valid constraint says that the column has no NULL."""
        return any(item.valid and item.not_null == column for item in self.constraints.values())

    def constrains(self, column: str) -> bool:
        """Whether a constraint reads the column, and so may read its rows again when its type changes."""
        return any(column in item.columns for item in self.constraints.values())

    def partition_by(self, spec: Any) -> None:
        """Keeps the key only where it is one plain column: no other can be proved."""
        self.partitioned = True
        if len(spec.partParams) == 1 and spec.partParams[0].name:
            self.partition_key = spec.partParams[0].name

    def add_column(self, column: Any) -> None:
        """With its constraints; a column without a type is its parent's, whose type is known there."""
        name = column.colname
        if column.typeName:  # else it is its parent's
            self.columns[name] = ColumnType.of(column.typeName)
        enforced = not of_column(column, ConstrType.CONSTR_ATTR_NOT_ENFORCED)
        for constraint in of_column(column, ConstrType.CONSTR_CHECK, ConstrType.CONSTR_FOREIGN):
            self.add_constraint(constraint, column=name, enforced=enforced)
        for constraint in of_column(column, ConstrType.CONSTR_NOTNULL):
            self.set_not_null(name, constraint=constraint.conname)
        if is_serial(column) or of_column(column, ConstrType.CONSTR_PRIMARY, ConstrType.CONSTR_IDENTITY):
            self.set_not_null(name)

    def set_not_null(self, column: str, *, constraint: str | None = None) -> None:
        """Under the name that PostgreSQL gives such a constraint from 18 on."""
        self.constraints[constraint or f"{self.name}_{column}_not_null"] = Constraint(not_null=column)

    def drop_not_null(self, column: str) -> None:
        """A check that says the same stays."""
        self._keep(lambda item: item.not_null != column or bool(item.columns))

    def add_constraint(self, constraint: Any, *, column: str = "", enforced: bool = True) -> None:
        """Of the column, or of the table."""
        columns = _columns(constraint) | ({column} if column else set())
        self.constraints[constraint.conname or self._name_of(constraint, columns)] = Constraint(
            columns=columns,
            definition=constraint,
            not_null=proves_not_null(constraint),
            other=of_relation(constraint.pktable) if constraint.pktable else None,
            valid=enforced and not constraint.skip_validation,
        )

    def _name_of(self, constraint: Any, columns: set[str]) -> str:
        """As PostgreSQL names one, so that a DROP CONSTRAINT is understood."""
        kind = "fkey" if constraint.pktable else "check"
        name = "_".join([self.name, *sorted(columns), kind])
        taken = sum(known.rstrip("0123456789") == name for known in self.constraints)
        return f"{name}{taken or ''}"

    def rename_column(self, old: str, new: str) -> None:
        """In the constraints too; their definitions, which have the old name, prove nothing any more."""
        if old in self.columns:
            self.columns[new] = self.columns.pop(old)
        if self.partition_key == old:
            self.partition_key = new
        for item in self.constraints.values():
            item.not_null = new if item.not_null == old else item.not_null
            if old in item.columns:
                item.columns ^= {old, new}
                item.definition = None  # it has the old name

    def rename_constraint(self, old: str, new: str) -> None:
        """One that is not known, such as an older table's, stays unknown."""
        if old in self.constraints:
            self.constraints[new] = self.constraints.pop(old)

    def drop_column(self, column: str) -> None:
        """With every constraint that reads it, as PostgreSQL does."""
        self.columns.pop(column, None)
        self._keep(lambda item: column not in item.columns and item.not_null != column)

    def drop_references(self, other: str) -> None:
        """Of a table that is dropped with CASCADE."""
        self._keep(lambda item: item.other != other)

    def _keep(self, wanted: Callable[[Constraint], bool]) -> None:
        self.constraints = {name: item for name, item in self.constraints.items() if wanted(item)}


def _columns(constraint: Any) -> set[str]:
    """Of a check, an exclusion or a foreign key: the plain index of another stays when a type changes."""
    if constraint.contype == ConstrType.CONSTR_FOREIGN:
        return {part.sval for part in constraint.fk_attrs or ()}
    if constraint.contype not in (ConstrType.CONSTR_CHECK, ConstrType.CONSTR_EXCLUSION):
        return set()
    return columns_in(constraint) | {
        element.name for element, _ in constraint.exclusions or () if element.name
    }
