"""Index statements rewritten to run CONCURRENTLY, by inserting tokens into the text as it was written."""

from __future__ import annotations

from typing import Any

from pglast import ast
from pglast.enums import ObjectType, ReindexObjectType

from migrator.names import of_object, of_relation, qualified, quote
from migrator.plan import Online
from migrator.planning.parse import Parsed, is_a


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
    return Online(
        kind="create",
        sql=statement.sql if node.concurrent else _concurrently(statement, "INDEX"),
        index=qualified(node.relation.schemaname, node.idxname),
        table=of_relation(node.relation),
        schema=qualified(node.relation.schemaname),
        unique=bool(node.unique),
        only=not node.relation.inh,
        rest=_after_the_table(statement),
    )


def _after_the_table(statement: Parsed) -> str:
    tokens = statement.tokens
    place = next(i for i, token in enumerate(tokens) if token.name == "ON") + 1
    if tokens[place].name == "ONLY":
        place += 1
    while tokens[place + 1].name == "ASCII_46":  # the dot of schema.table
        place += 2
    return statement.sql[tokens[place].end :]


def _reindex(statement: Parsed) -> Online:
    node: Any = statement.node
    target = of_relation(node.relation) if node.relation else ""
    return Online(
        kind="reindex",
        sql=statement.sql
        if is_concurrent(node)
        else _concurrently(statement, "INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM_P"),
        index=target if node.kind == ReindexObjectType.REINDEX_OBJECT_INDEX else "",
        table=target if node.kind == ReindexObjectType.REINDEX_OBJECT_TABLE else "",
        schema=quote(node.name) if node.kind == ReindexObjectType.REINDEX_OBJECT_SCHEMA else "",
    )


def is_concurrent(reindex: Any) -> bool:
    """Whether a REINDEX has the option CONCURRENTLY, of which PostgreSQL takes the last."""
    options = [option for option in reindex.params or () if option.defname == "concurrently"]
    return bool(options) and _is_on(options[-1].arg)


def _is_on(value: Any) -> bool:
    """An option's boolean; one without a value is on."""
    return value is None or (bool(value.ival) if is_a(value, ast.Integer) else value.sval in ("true", "on"))


def _concurrently(statement: Parsed, *words: str) -> str:
    """The text with CONCURRENTLY after the first of these words."""
    word = next(token for token in statement.tokens if token.name in words)
    return f"{statement.sql[: word.end]} CONCURRENTLY{statement.sql[word.end :]}"
