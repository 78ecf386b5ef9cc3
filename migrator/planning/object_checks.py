"""What servers that still run would miss: names that are dropped or changed, one function each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, ObjectType

from migrator.names import of_object, of_relation, quote
from migrator.plan import Hazard
from migrator.planning.messages import hazard
from migrator.planning.parse import is_a
from migrator.planning.schema_state import Facts

WITH_ROWS = {
    ObjectType.OBJECT_TABLE: "",
    ObjectType.OBJECT_FOREIGN_TABLE: "",
    ObjectType.OBJECT_VIEW: "view ",
    ObjectType.OBJECT_MATVIEW: "view ",
}
# What a query can name besides; an index, a trigger, a constraint or a policy it cannot.
OTHERS = {
    ObjectType.OBJECT_SEQUENCE: "sequence ",
    ObjectType.OBJECT_SCHEMA: "schema ",
    ObjectType.OBJECT_TYPE: "type ",
    ObjectType.OBJECT_DOMAIN: "domain ",
    ObjectType.OBJECT_FUNCTION: "function ",
    ObjectType.OBJECT_PROCEDURE: "procedure ",
    ObjectType.OBJECT_ROUTINE: "routine ",
    ObjectType.OBJECT_AGGREGATE: "aggregate ",
    ObjectType.OBJECT_EXTENSION: "extension ",
    ObjectType.OBJECT_ATTRIBUTE: "type ",
}


def drop_table(node: Any, _: Facts) -> Iterator[Hazard]:
    """DROP TABLE and DROP FOREIGN TABLE, once for each table."""
    if is_a(node, ast.DropStmt) and node.removeType in (
        ObjectType.OBJECT_TABLE,
        ObjectType.OBJECT_FOREIGN_TABLE,
    ):
        for names in node.objects:
            yield hazard("drop-table", of_object(names))


def drop_object(node: Any, facts: Facts) -> Iterator[Hazard]:
    """What an app may use besides tables: views, types, functions and the others of `OTHERS`."""
    if is_a(node, ast.DropOwnedStmt):
        yield hazard("drop-object", None, what="all that these roles own")
    if is_a(node, ast.AlterTableStmt) and node.objtype == ObjectType.OBJECT_TYPE:
        for command in node.cmds:
            if command.subtype == AlterTableType.AT_DropColumn:
                attribute = f"{of_relation(node.relation)}.{quote(command.name)}"
                yield hazard("drop-object", None, what=f"attribute {attribute}")
    if not is_a(node, ast.DropStmt):
        return
    kind = node.removeType
    if kind in (ObjectType.OBJECT_VIEW, ObjectType.OBJECT_MATVIEW):
        for name in map(_object, node.objects):
            yield hazard("drop-object", name, what=f"view {name}")
    elif kind in OTHERS:
        for name in map(_object, node.objects):
            if name not in facts.made:
                yield hazard("drop-object", None, what=OTHERS[kind] + name)


def rename(node: Any, facts: Facts) -> Iterator[Hazard]:
    """A new name, or another schema, of whatever an app may know by name."""
    if is_a(node, ast.AlterEnumStmt) and node.oldVal and of_object(node.typeName) not in facts.made:
        yield hazard("rename", None, what=f"value {node.oldVal!r} of {of_object(node.typeName)}")
    if is_a(node, ast.RenameStmt):
        yield from _renamed(node, node.renameType, facts)
    if is_a(node, ast.AlterObjectSchemaStmt):
        yield from _renamed(node, node.objectType, facts)


def _renamed(node: Any, kind: ObjectType, facts: Facts) -> Iterator[Hazard]:
    if kind == ObjectType.OBJECT_SCHEMA:
        yield hazard("rename", None, what=f"schema {quote(node.subname)}")
    elif node.relation and (kind in WITH_ROWS or kind == ObjectType.OBJECT_COLUMN):
        table = of_relation(node.relation)
        column = f".{quote(node.subname)}" if kind == ObjectType.OBJECT_COLUMN else ""
        yield hazard("rename", table, what=f"{WITH_ROWS.get(kind, '')}{table}{column}")
    elif kind in OTHERS:
        name = of_relation(node.relation) if node.relation else _object(node.object)
        part = f".{quote(node.subname)}" if kind == ObjectType.OBJECT_ATTRIBUTE else ""
        if name not in facts.made:
            yield hazard("rename", None, what=f"{OTHERS[kind]}{name}{part}")


def _object(item: Any) -> str:
    """The name of what DROP and RENAME list: a String, several, a TypeName or an ObjectWithArgs."""
    if is_a(item, ast.String):
        return quote(item.sval)
    if is_a(item, ast.TypeName):
        return of_object(item.names)
    return of_object(item.objname if is_a(item, ast.ObjectWithArgs) else item)


CHECKS = (drop_table, drop_object, rename)
