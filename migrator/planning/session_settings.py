"""What a statement sets for the rest of its file, whose statements run in more than one transaction.

To psql a file is a session, to Prisma one transaction: to both a SET holds from there on.
"""

from __future__ import annotations

from typing import Any

from pglast import ast
from pglast.enums import VariableSetKind
from pglast.stream import RawStream

from migrator.planning.parse import Parsed, is_a


def sets(node: Any) -> bool:
    """Whether the statement is a SET, a RESET, or a `SELECT set_config(…)`: it touches no row."""
    return is_a(node, ast.VariableSetStmt) or _set_config(node) is not None


def setting(statement: Parsed, *, in_block: bool) -> str:
    """The statement to run again in each later transaction of the file; empty where it holds for its own.

    SET LOCAL ends with its BEGIN … COMMIT. Outside of one it holds as long as SET does.
    """
    node: Any = statement.node
    call = _set_config(node)
    if call:
        return "" if call.args[2].val.boolval and in_block else _for_the_session(call)
    if not is_a(node, ast.VariableSetStmt) or _is_of_transaction(node) or (node.is_local and in_block):
        return ""
    local = next((token for token in statement.tokens[:2] if token.name == "LOCAL"), None)
    return statement.sql[: local.start] + statement.sql[local.end :] if local else statement.sql


def _is_of_transaction(node: Any) -> bool:
    """SET TRANSACTION, and its snapshot."""
    return bool(node.kind == VariableSetKind.VAR_SET_MULTI and node.name.startswith("TRANSACTION"))


def _for_the_session(call: Any) -> str:
    name, value = (RawStream()(argument) for argument in call.args[:2])
    return f"SELECT pg_catalog.set_config({name}, {value}, false)"


def _set_config(node: Any) -> Any:
    """The call of a SELECT that does nothing but set one setting to a constant."""
    if not is_a(node, ast.SelectStmt) or not node.targetList or len(node.targetList) != 1:
        return None
    if any((node.fromClause, node.whereClause, node.withClause, node.intoClause, node.op)):
        return None
    call: Any = node.targetList[0].val
    if not is_a(call, ast.FuncCall) or call.funcname[-1].sval != "set_config":
        return None
    kinds = [type(argument.val) for argument in call.args or () if is_a(argument, ast.A_Const)]
    return call if kinds == [ast.String, ast.String, ast.Boolean] else None
