"""What the statements so far made true, of the file and of the folder: the planner knows no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, ConstrType, ObjectType

from migrator.names import bare, of_object, of_relation, qualified, quote
from migrator.planning.column_types import ColumnType
from migrator.planning.parse import is_a
from migrator.planning.promises import Promises
from migrator.planning.tables import PlannedTable
from migrator.planning.tree import commands


@dataclass(kw_only=True, slots=True)
class Facts:
    """`made` holds the file's own tables, views, types and domains; all else is the folder's.

    A table of which the folder has no CREATE TABLE, or which a DO block may have changed, has no columns
    here: what is not known is taken to hurt.

    `in_block`: the statement commits together with its neighbours, as its file wants. `exchanged_types` are
    those of the block, see `transaction_blocks`.
    """

    made: set[str] = field(default_factory=set)
    tables: dict[str, PlannedTable] = field(default_factory=dict)
    constrained_domains: set[str] = field(default_factory=set)
    indexes: Promises = field(default_factory=Promises)
    in_block: bool = False
    exchanged_types: Mapping[str, str] = field(default_factory=dict)

    def next_file(self) -> None:
        """What the previous file made belongs to the folder from now on."""
        self.made.clear()

    def table(self, name: str) -> PlannedTable:
        """What is known of a table, be it nothing."""
        return self.tables.get(name, PlannedTable(name=bare(name)))

    def referred(self, name: str) -> bool:
        """Whether a foreign key refers to the table."""
        return any(
            item.other == name for table in self.tables.values() for item in table.constraints.values()
        )

    def learn(self, node: Any) -> None:
        """Takes a statement that has been planned into account."""
        self.indexes.follow(node)
        if is_a(node, ast.DoStmt, ast.CallStmt):  # nobody can tell what it does
            self.tables.clear()
        elif is_a(node, ast.CreateStmt) and not node.if_not_exists:  # else it may be an older table
            self._create(of_relation(node.relation), node)
        elif name := _made_without_columns(node):
            self.made.add(name)
        elif is_a(node, ast.CreateDomainStmt):
            self._domain(of_object(node.domainname), node.constraints or ())
        elif is_a(node, ast.AlterDomainStmt) and node.subtype in ("C", "O"):
            self.constrained_domains.add(of_object(node.typeName))
        elif is_a(node, ast.DropStmt):
            self._drop(node)
        elif is_a(node, ast.RenameStmt):
            self._rename(node)
        elif is_a(node, ast.AlterObjectSchemaStmt) and node.objectType == ObjectType.OBJECT_TABLE:
            self._rename_table(of_relation(node.relation), qualified(node.newschema, node.relation.relname))
        else:
            for name, command in commands(node, *AlterTableType):
                self._alter(name, self._known(name), command)

    def _create(self, name: str, node: Any) -> None:
        self.made.add(name)
        table = self.tables[name] = PlannedTable(name=node.relation.relname)
        if node.partspec:
            table.partition_by(node.partspec)
        if node.partbound:
            self._attach(name, of_relation(node.inhRelations[0]), node.partbound)
        for element in node.tableElts or ():
            if is_a(element, ast.ColumnDef):
                table.add_column(element)
            elif is_a(element, ast.Constraint):
                self._constrain(name, table, element)

    def _attach(self, name: str, parent: str, bound: Any) -> None:
        self._known(name).partition_of = parent
        if bound.is_default:
            self._known(parent).default_partition = name

    def _known(self, name: str) -> PlannedTable:
        return self.tables.setdefault(name, self.table(name))

    def _constrain(self, name: str, table: PlannedTable, constraint: Any) -> None:
        """A primary key is known by what it makes of its columns."""
        if constraint.contype != ConstrType.CONSTR_PRIMARY:
            table.add_constraint(constraint)
            return
        keys = {key.sval for key in constraint.keys or ()}
        if constraint.indexname:
            keys = self.indexes.columns_of(name, constraint.conname or constraint.indexname)
        for key in keys:
            table.set_not_null(key)

    def _domain(self, name: str, constraints: Any) -> None:
        self.made.add(name)
        if any(item.contype in (ConstrType.CONSTR_CHECK, ConstrType.CONSTR_NOTNULL) for item in constraints):
            self.constrained_domains.add(name)

    def _drop(self, node: Any) -> None:
        gone = []
        if node.removeType == ObjectType.OBJECT_TABLE:
            gone = [of_object(names) for names in node.objects]
        elif node.removeType == ObjectType.OBJECT_SCHEMA:
            schemas = tuple(quote(name.sval) + "." for name in node.objects)
            gone = [name for name in self.tables if name.startswith(schemas)]
        for name in gone:
            self.made.discard(name)
            self.tables.pop(name, None)
            for table in self.tables.values():
                table.drop_references(name)
            self._replace_partition(name, None)

    def _replace_partition(self, old: str, new: str | None) -> None:
        for table in self.tables.values():
            if table.default_partition == old:
                table.default_partition = new

    def _rename(self, node: Any) -> None:
        kind = node.renameType
        if kind in (ObjectType.OBJECT_TYPE, ObjectType.OBJECT_DOMAIN):
            name = of_object(node.object)
            self._rename_made(name, qualified(*(part.sval for part in node.object[:-1]), node.newname))
        elif node.relation:
            name = of_relation(node.relation)
            if kind == ObjectType.OBJECT_TABCONSTRAINT:
                self.table(name).rename_constraint(node.subname, node.newname)
            elif kind == ObjectType.OBJECT_COLUMN:
                self.table(name).rename_column(node.subname, node.newname)
            elif kind == ObjectType.OBJECT_TABLE:
                self._rename_table(name, qualified(node.relation.schemaname, node.newname))

    def _rename_made(self, old: str, new: str) -> None:
        for names in (self.made, self.constrained_domains):
            if old in names:
                names.discard(old)
                names.add(new)

    def _rename_table(self, old: str, new: str) -> None:
        self._rename_made(old, new)
        if old in self.tables:
            self.tables[new] = self.tables.pop(old)
            self.tables[new].name = bare(new)
        self._replace_partition(old, new)
        for table in self.tables.values():
            table.partition_of = new if table.partition_of == old else table.partition_of
            for item in table.constraints.values():
                item.other = new if item.other == old else item.other

    def _alter(self, name: str, table: PlannedTable, command: Any) -> None:
        kind, definition = command.subtype, command.def_
        if kind == AlterTableType.AT_AddColumn and not command.missing_ok:  # else it may be of another type
            table.add_column(definition)
        elif kind == AlterTableType.AT_DropColumn:
            table.drop_column(command.name)
        elif kind == AlterTableType.AT_AlterColumnType and command.name in table.columns:
            table.columns[command.name] = ColumnType.of(definition.typeName)
        elif kind == AlterTableType.AT_SetNotNull:
            table.set_not_null(command.name)
        elif kind == AlterTableType.AT_DropNotNull:
            table.drop_not_null(command.name)
        elif kind == AlterTableType.AT_AddConstraint:
            self._constrain(name, table, definition)
        elif kind == AlterTableType.AT_DropConstraint:
            table.constraints.pop(command.name, None)
        elif kind == AlterTableType.AT_ValidateConstraint and command.name in table.constraints:
            table.constraints[command.name].valid = True
        elif kind == AlterTableType.AT_AttachPartition and definition.bound:  # an index' part has none
            self._attach(of_relation(definition.name), name, definition.bound)
        elif kind == AlterTableType.AT_DetachPartition:
            partition = of_relation(definition.name)
            self._known(partition).partition_of = None
            self._replace_partition(partition, None)


def _made_without_columns(node: Any) -> str | None:
    """The name of a new table AS a query, view or type, of which no columns are kept."""
    if is_a(node, ast.CreateTableAsStmt) and not node.if_not_exists:
        return of_relation(node.into.rel)
    if is_a(node, ast.ViewStmt) and not node.replace:
        return of_relation(node.view)
    if is_a(node, ast.CompositeTypeStmt):
        return of_relation(node.typevar)
    if is_a(node, ast.CreateEnumStmt, ast.CreateRangeStmt):
        return of_object(node.typeName)
    return None
