"""Index statements rewritten to run CONCURRENTLY, by inserting tokens into the text as it was written."""

from __future__ import annotations

from typing import Any

from pglast import ast
from pglast.enums import ObjectType, ReindexObjectType

from migrator.names import of_object, of_relation, qualified, quote
from migrator.parse import Parsed, Token, is_a
from migrator.plan import Online


def online(statement: Parsed) -> list[Online]:
    """How an index statement runs online; several for a DROP INDEX of several; none for other statements."""
    node: Any = statement.node
    if is_a(node, ast.IndexStmt) and node.idxname:
        return [_create(statement)]
    if drops_indexes(node):
        condition = "IF EXISTS " if node.missing_ok else ""
        names = [of_object(item) for item in node.objects]
        return [
            Online(kind="drop", sql=f"DROP INDEX CONCURRENTLY {condition}{name}", index=name)
            for name in names
        ]
    if is_a(node, ast.ReindexStmt):
        return [_reindex(statement)]
    return []


def drops_indexes(node: Any) -> bool:
    """Whether a statement is a DROP INDEX."""
    return is_a(node, ast.DropStmt) and node.removeType == ObjectType.OBJECT_INDEX


def _create(statement: Parsed) -> Online:
    node: Any = statement.node
    index_word = _first(statement, "INDEX")
    sql = statement.sql
    if not node.concurrent:
        sql = f"{sql[: index_word.end]} CONCURRENTLY{sql[index_word.end :]}"
    return Online(
        kind="create",
        sql=sql,
        index=qualified(node.relation.schemaname, node.idxname),
        table=of_relation(node.relation),
        probe=_probe(statement),
        probe_index=f"pg_temp.{quote(node.idxname)}",
    )


def _probe(statement: Parsed) -> str:
    """The same index on `pg_temp.<table>`: what stands after the table's name stays as it is."""
    node: Any = statement.node
    place = next(i for i, token in enumerate(statement.tokens) if token.end > _relation_start(statement))
    while statement.tokens[place + 1].name == "ASCII_46":  # schema.table
        place += 2
    rest = statement.sql[statement.tokens[place].end :]
    unique = "UNIQUE " if node.unique else ""
    twin = f"pg_temp.{quote(node.relation.relname)}"
    return (
        f"CREATE TEMPORARY TABLE {twin} (LIKE {of_relation(node.relation)});\n"
        f"CREATE {unique}INDEX {quote(node.idxname)} ON {twin}{rest}"
    )


def _relation_start(statement: Parsed) -> int:
    """The table's name follows ON and an optional ONLY."""
    on = next(i for i, token in enumerate(statement.tokens) if token.name == "ON")
    following = statement.tokens[on + 1]
    return (statement.tokens[on + 2] if following.name == "ONLY" else following).start


def _reindex(statement: Parsed) -> Online:
    node: Any = statement.node
    kind = {
        ReindexObjectType.REINDEX_OBJECT_INDEX: "INDEX",
        ReindexObjectType.REINDEX_OBJECT_TABLE: "TABLE",
        ReindexObjectType.REINDEX_OBJECT_SCHEMA: "SCHEMA",
    }.get(node.kind, "DATABASE")
    target = of_relation(node.relation) if node.relation else quote(node.name or "")
    return Online(
        kind="reindex",
        sql=f"REINDEX {kind} CONCURRENTLY {target}",
        index=target if kind == "INDEX" else "",
        table=target if kind == "TABLE" else "",
    )


def _first(statement: Parsed, name: str) -> Token:
    return next(token for token in statement.tokens if token.name == name)
