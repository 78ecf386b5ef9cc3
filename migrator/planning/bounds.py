"""The bounds of a partition as a check, by which ATTACH PARTITION knows its rows without reading them."""

from __future__ import annotations

from typing import Any

from pglast import ast
from pglast.enums import A_Expr_Kind, BoolExprType, NullTestType
from pglast.stream import RawStream

from migrator.names import quote
from migrator.planning.parse import is_a

OPEN = {"minvalue", "maxvalue"}


def condition(bound: Any, key: str | None) -> str:
    """`"a" IS NOT NULL AND "a" >= 1 AND "a" < 9`; a placeholder where a plain check cannot say it."""
    wanted = _wanted(bound, key)
    return " AND ".join([f"{quote(key)} IS NOT NULL", *sorted(wanted)]) if key and wanted else "<condition>"


def proves(check: Any, bound: Any, key: str | None) -> bool:
    """Whether a check says, in any order, what `condition` does."""
    terms = set(_terms(check.raw_expr, key)) if key and check.raw_expr else set()
    wanted = _wanted(bound, key)
    return bool(wanted) and wanted | {"not null"} <= terms


def _wanted(bound: Any, key: str | None) -> set[str]:
    """Nothing for DEFAULT, hash partitions, and keys of several columns."""
    if not key or bound.is_default:
        return set()
    if bound.strategy == "l":
        values = ", ".join(sorted(_text(item) for item in bound.listdatums))
        return {f"{quote(key)} IN ({values})"}
    if bound.strategy != "r" or len(bound.lowerdatums) > 1:
        return set()
    sides = ((">=", bound.lowerdatums[0]), ("<", bound.upperdatums[0]))
    return {f"{quote(key)} {sign} {_text(item)}" for sign, item in sides if not _is_open(item)}


def _terms(expression: Any, key: str | None) -> list[str]:
    """The parts of a conjunction that are about the key, written as `_wanted` writes them."""
    if is_a(expression, ast.BoolExpr) and expression.boolop == BoolExprType.AND_EXPR:
        return [term for part in expression.args for term in _terms(part, key)]
    if is_a(expression, ast.NullTest) and expression.nulltesttype == NullTestType.IS_NOT_NULL:
        return ["not null"] if _is_key(expression.arg, key) else []
    if not is_a(expression, ast.A_Expr) or not _is_key(expression.lexpr, key):
        return []
    column = quote(str(key))
    if expression.kind == A_Expr_Kind.AEXPR_IN and expression.name[0].sval == "=":
        return [f"{column} IN ({', '.join(sorted(_text(item) for item in expression.rexpr))})"]
    if expression.kind == A_Expr_Kind.AEXPR_OP:
        return [f"{column} {expression.name[-1].sval} {_text(expression.rexpr)}"]
    return []


def _is_key(node: Any, key: str | None) -> bool:
    return is_a(node, ast.ColumnRef) and getattr(node.fields[-1], "sval", None) == key


def _is_open(item: Any) -> bool:
    return is_a(item, ast.ColumnRef) and item.fields[-1].sval in OPEN


def _text(node: Any) -> str:
    """A value without a cast: the column's type decides in both places."""
    return str(RawStream()(node.arg if is_a(node, ast.TypeCast) else node))
