"""`BEGIN; … COMMIT;` in a file, as Prisma writes around a change of an enum: all between commits together.

The two words themselves are not run, since the migrator opens the transaction. A block with an index
statement, which runs outside of any, is left as it is: its BEGIN and COMMIT are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pglast import ast
from pglast.enums import TransactionStmtKind

from migrator.planning.parse import Parsed, is_a
from migrator.planning.rewrite import drops_indexes

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
    return found


def _end(statements: Sequence[Parsed]) -> int:
    """Where the block that begins with the first of these ends; 0 when none begins, or it cannot be kept."""
    first: Any = statements[0].node
    if not is_a(first, ast.TransactionStmt) or first.kind not in BEGIN or first.options:
        return 0
    for place, statement in enumerate(statements[1:], 1):
        node: Any = statement.node
        if is_a(node, ast.TransactionStmt):
            return place if node.kind == TransactionStmtKind.TRANS_STMT_COMMIT and not node.chain else 0
        if is_a(node, ast.IndexStmt, ast.ReindexStmt) or drops_indexes(node):
            return 0
    return 0
