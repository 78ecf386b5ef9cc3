"""Which indexes exist once all statements have run: each creation, less what later statements take away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, ObjectType
from pglast.visitors import Visitor

from migrator.names import of_object, of_relation, qualified, quote
from migrator.parse import is_a
from migrator.plan import Promise


class Promises:
    """Follows statements in order; `list` gives what they promise."""

    def __init__(self) -> None:
        self._indexes: dict[str, tuple[str, set[str]]] = {}  # index → its table and columns

    def list(self) -> tuple[Promise, ...]:
        return tuple(Promise(index=index, table=table) for index, (table, _) in self._indexes.items())

    def follow(self, node: Any) -> None:
        if is_a(node, ast.IndexStmt) and node.idxname:
            index = qualified(node.relation.schemaname, node.idxname)
            self._indexes[index] = (of_relation(node.relation), _columns(node))
        elif is_a(node, ast.DropStmt):
            self._drop(node)
        elif is_a(node, ast.RenameStmt):
            self._rename(node)
        elif is_a(node, ast.AlterTableStmt):
            for command in node.cmds:
                self._alter(node.relation, command)

    def _drop(self, node: Any) -> None:
        if node.removeType == ObjectType.OBJECT_INDEX:
            self._forget(of_object(names) for names in node.objects)
        elif node.removeType in (ObjectType.OBJECT_TABLE, ObjectType.OBJECT_MATVIEW):
            tables = {of_object(names) for names in node.objects}
            self._forget([index for index, (table, _) in self._indexes.items() if table in tables])
        elif node.removeType == ObjectType.OBJECT_SCHEMA:
            schemas = tuple(quote(name.sval) + "." for name in node.objects)
            self._forget([index for index, (table, _) in self._indexes.items() if table.startswith(schemas)])

    def _rename(self, node: Any) -> None:
        if node.renameType == ObjectType.OBJECT_INDEX:
            self._renamed(of_relation(node.relation), qualified(node.relation.schemaname, node.newname))
        elif node.renameType == ObjectType.OBJECT_TABLE:
            old = of_relation(node.relation)
            new = old.removesuffix(quote(node.relation.relname)) + quote(node.newname)
            for index, (table, columns) in self._indexes.items():
                if table == old:
                    self._indexes[index] = (new, columns)
        elif node.renameType == ObjectType.OBJECT_COLUMN and node.relation:
            for table, columns in self._indexes.values():
                if table == of_relation(node.relation) and node.subname in columns:
                    columns ^= {node.subname, node.newname}

    def _alter(self, relation: Any, command: Any) -> None:
        table = of_relation(relation)
        if command.subtype == AlterTableType.AT_DropColumn:
            of_column = [
                i
                for i, (owner, columns) in self._indexes.items()
                if owner == table and command.name in columns
            ]
            self._forget(of_column)
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

    def _renamed(self, old: str, new: str) -> None:
        if old in self._indexes:
            self._indexes[new] = self._indexes.pop(old)

    def _forget(self, indexes: Iterable[str]) -> None:
        for index in indexes:
            self._indexes.pop(index, None)


def _columns(node: Any) -> set[str]:
    """Every column an index mentions: keys, INCLUDE, expressions, predicate."""
    elements = [*node.indexParams, *(node.indexIncludingParams or ())]
    columns = {element.name for element in elements if element.name}

    class References(Visitor):
        def visit_ColumnRef(self, ancestors: Any, reference: Any) -> None:
            columns.add(reference.fields[-1].sval)

    References()(node)
    return columns
