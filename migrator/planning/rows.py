"""What a statement's text says of names and of rows, for the runner to compare with what it does. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, CmdType, ConstrType, MergeMatchKind, ObjectType, OnConflictAction

from migrator.names import of_relation, qualified, quote
from migrator.plan import EVERYTHING
from migrator.planning.parse import is_a
from migrator.planning.tree import columns_in, is_serial, of_column, parts

RELATIONS = (ObjectType.OBJECT_TABLE, ObjectType.OBJECT_VIEW, ObjectType.OBJECT_MATVIEW)
WITHOUT_QUERIES = (
    *(ast.CreateStmt, ast.AlterTableStmt, ast.IndexStmt, ast.DropStmt, ast.RenameStmt, ast.CreateEnumStmt),
)
MAKES = (
    ((ast.IndexStmt, ast.RenameStmt, ast.DropStmt, ast.CommentStmt, ast.AlterEnumStmt), ""),
    ((ast.CreateStmt, ast.ViewStmt), "rt"),
    ((ast.CreateSeqStmt,), "r"),
    ((ast.CreateEnumStmt, ast.CreateDomainStmt), "t"),
    ((ast.CreateFunctionStmt,), "f"),
)
CMD_UPDATE, CMD_DELETE = CmdType.CMD_UPDATE, CmdType.CMD_DELETE


def names(node: Any) -> tuple[tuple[str, str | None], ...]:
    """Each new name that the statement gives to a table or view, and the old one; None: it makes it."""
    if is_a(node, ast.RenameStmt) and node.renameType in RELATIONS:
        return ((qualified(node.relation.schemaname, node.newname), of_relation(node.relation)),)
    if is_a(node, ast.AlterObjectSchemaStmt) and node.objectType in RELATIONS:
        return ((qualified(node.newschema, node.relation.relname), of_relation(node.relation)),)
    if is_a(node, ast.CreateStmt) and not node.if_not_exists:  # else it may be an older table
        return ((of_relation(node.relation), None),)
    if is_a(node, ast.CreateTableAsStmt) and not node.if_not_exists:
        return ((of_relation(node.into.rel), None),)
    return ()


def chosen(node: Any) -> tuple[str, ...]:
    """The tables of which the statement itself chooses the rows that it changes, as the file names them."""
    found = [write for write in _writes(node) if not _is_whole(write)]
    return tuple(dict.fromkeys(as_written(write.relation) for write in found))


def whole(node: Any) -> Iterator[tuple[str, str]]:
    """`UPDATE` or `DELETE`, and the table of which it takes every row; in a WITH clause too."""
    for write in _writes(node):
        if _is_whole(write):
            yield "DELETE" if _deletes(write) else "UPDATE", of_relation(write.relation)


def hidden(node: Any) -> bool:
    """Whether the statement's text is not what it does: a DO block, a procedure, a prepared statement."""
    return is_a(node, ast.DoStmt, ast.CallStmt, ast.ExecuteStmt)


def makes(node: Any) -> str:
    """Letters of what the statement may make: relations, types, functions, namespaces, extensions (`x`)."""
    if is_a(node, ast.AlterTableStmt):
        return "r" if any(_adds_a_sequence(command) for command in node.cmds) else ""
    return next((letters for kinds, letters in MAKES if is_a(node, *kinds)), EVERYTHING)


def _adds_a_sequence(command: Any) -> bool:
    if command.subtype == AlterTableType.AT_AddColumn:
        return is_serial(command.def_) or bool(of_column(command.def_, ConstrType.CONSTR_IDENTITY))
    return bool(command.subtype == AlterTableType.AT_AddIdentity)


def _writes(node: Any) -> list[Any]:
    """Every part that changes or deletes rows that are there."""
    if is_a(node, *WITHOUT_QUERIES):
        return []
    return [
        part
        for part in parts(node)
        if is_a(part, ast.UpdateStmt, ast.DeleteStmt) or _merges(part) or _replaces(part)
    ]


def _merges(part: Any) -> bool:
    return is_a(part, ast.MergeStmt) and bool(_changing(part))


def _changing(merge: Any) -> list[Any]:
    """The WHEN clauses that update or delete."""
    return [clause for clause in merge.mergeWhenClauses if clause.commandType in (CMD_UPDATE, CMD_DELETE)]


def _replaces(part: Any) -> bool:
    return (
        is_a(part, ast.InsertStmt)
        and bool(part.onConflictClause)
        and part.onConflictClause.action == OnConflictAction.ONCONFLICT_UPDATE
    )


def _is_whole(write: Any) -> bool:
    """A condition that names no column, such as `true`, is none. An INSERT replaces what has its key."""
    if is_a(write, ast.InsertStmt):
        return False
    if is_a(write, ast.MergeStmt):
        return any(
            not _chooses(clause.condition)
            and (
                not _chooses(write.joinCondition)
                or clause.matchKind == MergeMatchKind.MERGE_WHEN_NOT_MATCHED_BY_SOURCE
            )
            for clause in _changing(write)
        )
    return not (is_a(write.whereClause, ast.CurrentOfExpr) or _chooses(write.whereClause))


def _chooses(condition: Any) -> bool:
    return bool(condition and columns_in(condition))


def _deletes(write: Any) -> bool:
    if is_a(write, ast.MergeStmt):
        return any(clause.commandType == CMD_DELETE for clause in _changing(write))
    return is_a(write, ast.DeleteStmt)


def as_written(relation: Any) -> str:
    """With the schema `public` too: in a session whose search_path is another, it makes a difference."""
    return ".".join(quote(part) for part in (relation.schemaname, relation.relname) if part)
