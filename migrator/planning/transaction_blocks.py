"""Which of a file's statements commit together, because the file says so or a temporary object needs it.

`BEGIN; … COMMIT;`, as Prisma writes around a change of an enum, is one transaction. The two words themselves
are not run, since the migrator opens the transaction. A temporary table and a prepared statement live in one
session, which a run that is interrupted loses: from the statement that makes one to the last that names it,
all commit together, so that a later run makes it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pglast import ast
from pglast.enums import ObjectType, TransactionStmtKind

from migrator.names import of_object, qualified
from migrator.planning.parse import Parsed, is_a

BEGIN = (TransactionStmtKind.TRANS_STMT_BEGIN, TransactionStmtKind.TRANS_STMT_START)


def unwrapped(statements: Sequence[Parsed]) -> list[tuple[Parsed, int]]:
    """The statements, each with the number of its block, from 1; 0 is outside of any."""
    found: list[tuple[Parsed, int]] = []
    left, number = list(statements), 0
    while left:
        end = _end(left)
        if end:
            number += 1
            found += [(statement, number) for statement in left[1:end]]
        else:
            found.append((left[0], 0))
        left = left[end + 1 :]
    for first, last in _lives([statement for statement, _ in found]):
        number += 1
        found = _joined(found, first, last, number)
    return found


def exchanged_types(statements: Sequence[Parsed]) -> dict[str, str]:
    """The types whose name a block takes away and gives to another: the name, and what the old one is called.

    So Prisma takes a value out of an enum. To everybody else the name stands for a type before and after.
    """
    renamed: dict[str, str] = {}
    exchanged = {}
    for statement in statements:
        node: Any = statement.node
        if is_a(node, ast.RenameStmt) and node.renameType == ObjectType.OBJECT_TYPE:
            old = of_object(node.object)
            new = qualified(*(part.sval for part in node.object[:-1]), node.newname)
            if new in renamed:
                exchanged[new] = renamed.pop(new)
            renamed[old] = new
    return exchanged


def _end(statements: Sequence[Parsed]) -> int:
    """Where the block that begins with the first of these ends; 0 when none begins, or it cannot be kept."""
    first: Any = statements[0].node
    if not is_a(first, ast.TransactionStmt) or first.kind not in BEGIN or first.options:
        return 0
    for place, statement in enumerate(statements[1:], 1):
        node: Any = statement.node
        if is_a(node, ast.TransactionStmt):
            return place if node.kind == TransactionStmtKind.TRANS_STMT_COMMIT and not node.chain else 0
    return 0


def _lives(statements: Sequence[Parsed]) -> Iterator[tuple[int, int]]:
    """The first and the last statement that a temporary object, or a prepared statement, is in."""
    for first, statement in enumerate(statements):
        name = _temporary(statement.node)
        if name:
            word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
            last = max(
                place for place, other in enumerate(statements) if place == first or word.search(other.sql)
            )
            if last > first:
                yield first, last


def _temporary(node: Any) -> str | None:
    """The name of what a statement makes for its session alone."""
    if is_a(node, ast.PrepareStmt):
        return str(node.name)
    relation: Any = None
    if is_a(node, ast.CreateStmt):
        relation = node.relation
    elif is_a(node, ast.CreateTableAsStmt):
        relation = node.into.rel
    elif is_a(node, ast.SelectStmt) and node.intoClause:
        relation = node.intoClause.rel
    elif is_a(node, ast.ViewStmt):
        relation = node.view
    elif is_a(node, ast.CreateSeqStmt):
        relation = node.sequence
    if relation and (relation.relpersistence == "t" or relation.schemaname == "pg_temp"):
        return str(relation.relname)
    return None


def _joined(found: list[tuple[Parsed, int]], first: int, last: int, number: int) -> list[tuple[Parsed, int]]:
    """With these statements, and all of the blocks that they touch, in a block of this number."""
    touched = {block for _, block in found[first : last + 1]} - {0}
    return [
        (statement, number if first <= place <= last or block in touched else block)
        for place, (statement, block) in enumerate(found)
    ]
