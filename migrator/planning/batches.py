"""`-- migrator: in batches of 10000 by id`: how the UPDATE or DELETE that follows is cut into pieces."""

from __future__ import annotations

from typing import Any

from pglast import ast

from migrator.errors import AllowanceError
from migrator.names import quote
from migrator.plan import Batches
from migrator.planning.parse import BATCHES, Parsed, is_a
from migrator.planning.rows import as_written

_BEGINNING = ("ASCII_40",)
_END = ("ASCII_41",)


def of(parsed: Parsed, *, in_block: bool, migration: str) -> Batches | None:
    """None for a statement without the comment. Raises AllowanceError for one that cannot be cut."""
    if parsed.batches is None:
        return None
    match = BATCHES.fullmatch(parsed.batches)
    assert match, parsed.batches
    node: Any = parsed.node
    where = f"migration {migration}, line {parsed.line}"
    if not is_a(node, ast.UpdateStmt, ast.DeleteStmt) or is_a(node.whereClause, ast.CurrentOfExpr):
        raise AllowanceError(f"{where}: only an UPDATE or a DELETE can run in batches: take the comment away")
    if in_block:
        raise AllowanceError(
            f"{where}: between BEGIN and COMMIT nothing can run in batches: put the statement outside"
        )
    if not int(match["size"]):
        raise AllowanceError(f"{where}: a batch has 1 row at least: write `in batches of 10000 by <column>`")
    before, condition, after = _cut(parsed)
    column = match["column"] if match["column"].startswith('"') else quote(match["column"].lower())
    return Batches(
        size=int(match["size"]),
        column=column,
        table=as_written(node.relation),
        alias=quote(node.relation.alias.aliasname if node.relation.alias else node.relation.relname),
        # On lines of their own, since a comment may end what precedes.
        before=f"{before} WHERE ({condition}\n) AND " if condition else f"{before} WHERE ",
        after=after,
    )


def _cut(parsed: Parsed) -> tuple[str, str, str]:
    """The text before WHERE, its condition, and what follows that: a RETURNING."""
    depth, start, end = 0, None, len(parsed.sql)
    begin = end
    for token in parsed.tokens:
        depth += (token.name in _BEGINNING) - (token.name in _END)
        if depth == 0 and token.name == "WHERE":
            begin, start = token.start, token.end
        elif depth == 0 and token.name == "RETURNING":
            end = token.start
    if start is None:
        return parsed.sql[:end], "", parsed.sql[end:]
    return parsed.sql[:begin], parsed.sql[start:end].strip(), parsed.sql[end:]
