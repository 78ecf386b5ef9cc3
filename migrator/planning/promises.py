"""Which indexes exist once all statements have run: each creation, less what later statements take away."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pglast import ast, parse_sql
from pglast.enums import AlterTableType, ObjectType

from migrator.names import of_object, of_relation, qualified, quote
from migrator.planning.parse import is_a
from migrator.planning.tree import columns_in
from migrator.promise import Promise

_PART = r'(?:"(?:[^"]|"")+"|\w+)'
_RENAME = re.compile(
    rf"\bALTER\s+INDEX\s+(?:IF\s+EXISTS\s+)?(?:{_PART}\.)?{_PART}\s+RENAME\s+TO\s+{_PART}", re.IGNORECASE
)


@dataclass(kw_only=True, slots=True)
class PlannedIndex:
    """An index's table and definition, see `Promise`; `columns` are all that it mentions."""

    table: str
    columns: set[str]
    keys: list[str]
    method: str
    unique: bool
    partial: bool

    @property
    def plain(self) -> bool:
        """Whether it has neither an expression nor a predicate."""
        return all(self.keys) and not self.partial

    def rename_column(self, old: str, new: str) -> None:
        """In all that the definition mentions."""
        if old in self.columns:
            self.columns ^= {old, new}
            self.keys = [new if key == old else key for key in self.keys]

    def promise(self, name: str) -> Promise:
        """That an index of this definition has that name."""
        return Promise(
            index=name,
            table=self.table,
            method=self.method,
            unique=self.unique,
            keys=tuple(self.keys),
            columns=tuple(sorted(self.columns)),
            partial=self.partial,
        )


class Promises:
    """Follows statements in order; `list` gives what they promise."""

    def __init__(self) -> None:
        self._indexes: dict[str, PlannedIndex] = {}
        self._parents: dict[str, str] = {}  # partition → its table, part → its index
        self._former: dict[str, str] = {}  # name that a block may have given → the one before

    def list(self) -> tuple[Promise, ...]:
        """The indexes that are there after the statements that were followed."""
        return tuple(index.promise(name) for name, index in self._indexes.items())

    def withdraw(self, names: Iterable[str]) -> None:
        """Promises these no more: a file says that they are gone."""
        self._forget(names)

    def table_of(self, name: str) -> str | None:
        """The table of an index that the folder makes."""
        return self._indexes[name].table if name in self._indexes else None

    def columns_of(self, table: str, name: str) -> set[str]:
        """The columns of a table's index that the folder makes."""
        schema = table[: table.rindex('"', 0, -1)]
        index = self._indexes.get(schema + quote(name))
        return index.columns if index else set()

    def computed(self, table: str, column: str) -> bool:
        """Whether an index computes something of the column, and so is built again when its type changes."""
        return any(column in index.columns and not index.plain for index in self._of(table).values())

    def follow(self, node: Any) -> None:
        """Takes a statement into account that makes, renames, moves or drops an index or its table."""
        if is_a(node, ast.IndexStmt) and node.idxname:
            self._create(qualified(node.relation.schemaname, node.idxname), node)
        elif is_a(node, ast.CreateStmt) and node.partbound:
            self._parents[of_relation(node.relation)] = of_relation(node.inhRelations[0])
        elif is_a(node, ast.DropStmt):
            self._drop(node)
        elif is_a(node, ast.RenameStmt):
            self._rename(node)
        elif is_a(node, ast.DoStmt):
            self._may_rename(node)
        elif is_a(node, ast.AlterObjectSchemaStmt) and node.relation:
            self._move(node.relation, node.newschema)
        elif is_a(node, ast.AlterTableStmt):
            for command in node.cmds:
                self._alter(node.relation, command)

    def _create(self, name: str, node: Any) -> None:
        made = PlannedIndex(
            table=of_relation(node.relation),
            columns=_columns(node),
            keys=[element.name or "" for element in node.indexParams],
            method=node.accessMethod or "btree",
            unique=bool(node.unique),
            partial=bool(node.whereClause),
        )
        for part, index in self._of(made.table).items():
            if index.table != made.table and index.columns == made.columns:
                self._parents.setdefault(part, name)  # an equal one of a partition becomes its part
        self._indexes[name] = made

    def _drop(self, node: Any) -> None:
        if node.removeType == ObjectType.OBJECT_INDEX:
            for names in node.objects:
                name = of_object(names)
                self._forget(self._family(name) | self._family(self._former.get(name, name)))
        elif node.removeType in (ObjectType.OBJECT_TABLE, ObjectType.OBJECT_MATVIEW):
            for names in node.objects:
                self._forget(self._of(of_object(names)))
        elif node.removeType == ObjectType.OBJECT_SCHEMA:
            schemas = tuple(quote(name.sval) + "." for name in node.objects)
            self._forget([name for name, index in self._indexes.items() if index.table.startswith(schemas)])

    def _rename(self, node: Any) -> None:
        if node.renameType in (ObjectType.OBJECT_INDEX, ObjectType.OBJECT_TABLE):
            old = of_relation(node.relation)
            new = qualified(node.relation.schemaname, node.newname)
            self._renamed(old, new)  # ALTER TABLE renames an index too
            self._table_renamed(old, new)
        elif node.renameType == ObjectType.OBJECT_COLUMN and node.relation:
            for index in self._of(of_relation(node.relation)).values():
                index.rename_column(node.subname, node.newname)

    def _may_rename(self, block: Any) -> None:
        """A block renames an index perhaps: under its new name it can be dropped later."""
        body = next((option.arg.sval for option in block.args if option.defname == "as"), "")
        for match in _RENAME.finditer(body):
            node: Any = parse_sql(match[0])[0].stmt
            new = qualified(node.relation.schemaname, node.newname)
            self._former[new] = of_relation(node.relation)

    def _alter(self, relation: Any, command: Any) -> None:
        table = of_relation(relation)
        if command.subtype == AlterTableType.AT_DropColumn:
            found = self._of(table)
            self._forget([name for name, index in found.items() if command.name in index.columns])
        elif command.subtype == AlterTableType.AT_AttachPartition:
            self._parents[of_relation(command.def_.name)] = table
        elif command.subtype == AlterTableType.AT_DetachPartition:
            self._parents.pop(of_relation(command.def_.name), None)
        elif command.subtype == AlterTableType.AT_DropConstraint:
            self._forget([qualified(relation.schemaname, command.name)])
        elif (
            command.subtype == AlterTableType.AT_AddConstraint
            and command.def_.indexname
            and command.def_.conname
        ):
            # A constraint made of an index gives the index its own name.
            old, new = command.def_.indexname, command.def_.conname
            self._renamed(qualified(relation.schemaname, old), qualified(relation.schemaname, new))

    def _of(self, table: str) -> dict[str, PlannedIndex]:
        """The indexes of a table and of its partitions, with which they go."""
        tables = self._family(table)
        return {name: index for name, index in self._indexes.items() if index.table in tables}

    def _family(self, name: str) -> set[str]:
        """A table and its partitions, or an index and its parts, down to the last."""
        family = {name}
        while below := {child for child, parent in self._parents.items() if parent in family} - family:
            family |= below
        return family

    def _renamed(self, old: str, new: str) -> None:
        if old in self._indexes:
            self._indexes[new] = self._indexes.pop(old)
            self._rename_parents(old, new)

    def _table_renamed(self, old: str, new: str) -> None:
        for index in self._indexes.values():
            index.table = new if index.table == old else index.table
        self._rename_parents(old, new)

    def _move(self, relation: Any, schema: str) -> None:
        """SET SCHEMA takes a table's indexes along."""
        table, before = of_relation(relation), qualified(relation.schemaname)
        for name in [name for name, index in self._indexes.items() if index.table == table]:
            self._renamed(name, ".".join(filter(None, [qualified(schema), name.removeprefix(f"{before}.")])))
        self._table_renamed(table, qualified(schema, relation.relname))

    def _rename_parents(self, old: str, new: str) -> None:
        names = {old: new}
        self._parents = {names.get(c, c): names.get(p, p) for c, p in self._parents.items()}

    def _forget(self, indexes: Iterable[str]) -> None:
        for index in indexes:
            self._indexes.pop(index, None)


def _columns(node: Any) -> set[str]:
    """Every column an index mentions: keys, INCLUDE, expressions, predicate."""
    elements = [*node.indexParams, *(node.indexIncludingParams or ())]
    return {element.name for element in elements if element.name} | columns_in(node)
