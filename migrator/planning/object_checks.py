"""What servers that still run would miss: names that are dropped or changed, one function each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, DropBehavior, ObjectType

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
# What a query can name besides; an index, a trigger, a constraint or a policy it cannot. The word that a
# message has, and the catalogue's kind.
OTHERS = {
    ObjectType.OBJECT_SEQUENCE: ("sequence", "sequence"),
    ObjectType.OBJECT_SCHEMA: ("schema", "schema"),
    ObjectType.OBJECT_TYPE: ("type", "type"),
    ObjectType.OBJECT_DOMAIN: ("domain", "type"),
    ObjectType.OBJECT_FUNCTION: ("function", "function"),
    ObjectType.OBJECT_PROCEDURE: ("procedure", "function"),
    ObjectType.OBJECT_ROUTINE: ("routine", "function"),
    ObjectType.OBJECT_AGGREGATE: ("aggregate", "function"),
    ObjectType.OBJECT_EXTENSION: ("extension", "extension"),
    ObjectType.OBJECT_ATTRIBUTE: ("type", "type"),
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
                name = of_relation(node.relation)
                attribute = f"attribute {name}.{quote(command.name)}"
                yield hazard("drop-object", None, thing=("type", name), what=attribute)
    if not is_a(node, ast.DropStmt):
        return
    kind = node.removeType
    if kind in (ObjectType.OBJECT_VIEW, ObjectType.OBJECT_MATVIEW):
        for name in map(_object, node.objects):
            yield hazard("drop-object", name, what=f"view {name}")
    elif kind in OTHERS:
        exchanged = facts.exchanged_types.values() if node.behavior != DropBehavior.DROP_CASCADE else ()
        for name in map(_object, node.objects):
            if name not in facts.made and name not in exchanged:
                word, thing = OTHERS[kind]
                yield hazard("drop-object", None, thing=(thing, name), what=f"{word} {name}")


def rename(node: Any, facts: Facts) -> Iterator[Hazard]:
    """A new name, or another schema, of whatever an app may know by name."""
    if is_a(node, ast.AlterEnumStmt) and node.oldVal and of_object(node.typeName) not in facts.made:
        name = of_object(node.typeName)
        yield hazard("rename", None, thing=("type", name), what=f"value {node.oldVal!r} of {name}")
    if is_a(node, ast.RenameStmt):
        yield from _renamed(node, node.renameType, facts)
    if is_a(node, ast.AlterObjectSchemaStmt):
        yield from _renamed(node, node.objectType, facts)


def _renamed(node: Any, kind: ObjectType, facts: Facts) -> Iterator[Hazard]:
    if kind == ObjectType.OBJECT_SCHEMA:
        name = quote(node.subname)
        yield hazard("rename", None, thing=("schema", name), what=f"schema {name}")
    elif node.relation and (kind in WITH_ROWS or kind == ObjectType.OBJECT_COLUMN):
        table = of_relation(node.relation)
        column = f".{quote(node.subname)}" if kind == ObjectType.OBJECT_COLUMN else ""
        yield hazard("rename", table, what=f"{WITH_ROWS.get(kind, '')}{table}{column}")
    elif kind in OTHERS:
        name = of_relation(node.relation) if node.relation else _object(node.object)
        part = f".{quote(node.subname)}" if kind == ObjectType.OBJECT_ATTRIBUTE else ""
        if name not in facts.made and name not in facts.exchanged_types:
            word, thing = OTHERS[kind]
            yield hazard("rename", None, thing=(thing, name), what=f"{word} {name}{part}")


def _object(item: Any) -> str:
    """The name of what DROP and RENAME list: a String, several, a TypeName or an ObjectWithArgs."""
    if is_a(item, ast.String):
        return quote(item.sval)
    if is_a(item, ast.TypeName):
        return of_object(item.names)
    return of_object(item.objname if is_a(item, ast.ObjectWithArgs) else item)


CHECKS = (drop_table, drop_object, rename)
