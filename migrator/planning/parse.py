"""Splits a script into statements with PostgreSQL's own parser, so strings and dollar quotes are right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pglast import parse_sql
from pglast.parser import ParseError, scan

from migrator.errors import AllowanceError, SyntaxMistake
from migrator.postgres import filled

_ALLOWANCE = re.compile(r"--\s*migrator:\s*allow\s+(?P<code>[a-z-]+)\s+because\s+(?P<reason>\S.*)")
_ACCEPTED = re.compile(
    r"--\s*migrator:\s*accept\s+(?P<checksum>[0-9a-f]{12,64}|-?\d{5,10})\s+because\s+(?P<reason>\S.*)"
)
BATCHES = re.compile(r"--\s*migrator:\s*in batches of (?P<size>\d+) by (?P<column>\"(?:[^\"]|\"\")+\"|\w+)")
_AFTER_VERIFIED = re.compile(r"--\s*migrator:\s*after verified")
_COPY = re.compile(r"\bFROM\s+STDIN\b[^;]*;\s*\Z", re.IGNORECASE)
_ACCEPT = re.compile(r"--\s*migrator:\s*accept\b")
COMMENTS = ("SQL_COMMENT", "C_COMMENT")
"""Names of tokens; COMMENT and COMMENTS are keywords."""
_ADDRESSED = re.compile(r"--\s*migrator:")


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """One token of a statement, comments apart; its place counts from the statement's first character."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """One statement: text without the semicolon, tree, tokens, and what the comments before it allow.

    `batches` is the comment that cuts it (`migrator.planning.batches`). `after_verified`: a comment lets it
    wait until the release is verified.
    """

    sql: str
    line: int
    node: Any
    tokens: tuple[Token, ...]
    allowances: dict[str, str]
    batches: str | None = None
    after_verified: bool = False


def statements(script: str, *, migration: str) -> list[Parsed]:
    """The statements in order. Raises SyntaxMistake and AllowanceError, which name file and line."""
    try:
        raw: Any = parse_sql(script) if script.strip() else ()
        tokens = scan(script)
    except ParseError as error:
        message, index = error.args[0], error.args[1] if len(error.args) > 1 else 0
        where = f"migration {migration}, line {_line(script, index)}"
        raise SyntaxMistake(f"{where}: {message}{_remedy(script, index)}") from None
    found: list[Parsed] = []
    previous_end = 0
    for statement in raw:
        start = statement.stmt_location
        end = start + statement.stmt_len if statement.stmt_len else len(script.rstrip())
        own = [token for token in tokens if start <= token.start < end and token.name not in COMMENTS]
        # Without a semicolon the last statement would drag the comments after it along.
        end = own[-1].end + 1
        before = [
            token
            for token in tokens
            if previous_end <= token.start < start and _ADDRESSED.match(script, token.start)
        ]
        said = _said(script, before, migration=migration, found_first=bool(found))
        found.append(
            Parsed(
                sql=script[start:end],
                line=_line(script, start),
                node=statement.stmt,
                tokens=tuple(
                    Token(name=token.name, start=token.start - start, end=token.end + 1 - start)
                    for token in own
                ),
                allowances=said.allowances,
                batches=said.batches,
                after_verified=said.after_verified,
            )
        )
        previous_end = end
    return found


def accepted(script: str, *, migration: str) -> dict[str, str]:
    """Earlier versions of the file that may have been applied: the start of their SHA-256, and the reason.

    They stand before the first statement, as `-- migrator: accept <sha256> because <reason>`. Raises
    AllowanceError.
    """
    found = {}
    for token in scan(script):
        if token.name not in COMMENTS:
            break
        comment = script[token.start : token.end + 1].rstrip()
        if match := _ACCEPTED.fullmatch(comment):
            found[match["checksum"]] = match["reason"]
        elif _ACCEPT.match(comment):
            raise _not_understood(script, token, migration)
    return found


def with_parameters(sql: str, values: Sequence[Any]) -> str:
    """A statement with literals for its parameters, `$1` and so on."""
    if not values:
        return sql
    text, end = "", 0
    for token in scan(sql):
        if token.name == "PARAM":
            value = values[int(sql[token.start + 1 : token.end + 1]) - 1]
            text += filled(f"{sql[end : token.start]}:value", value=value)
            end = token.end + 1
    return text + sql[end:]


def digest(script: str) -> str:
    """SHA-256 of the script's tokens: comments and white space make no difference to it."""
    tokens = [script[token.start : token.end + 1] for token in scan(script) if token.name not in COMMENTS]
    return sha256("\0".join(tokens).encode()).hexdigest()


def _not_understood(script: str, token: Any, migration: str) -> AllowanceError:
    comment = script[token.start : token.end + 1].strip()
    return AllowanceError(
        f"migration {migration}, line {_line(script, token.start)}: {comment!r} is not understood: "
        "write `-- migrator: allow <hazard> because <reason>`, `-- migrator: after verified` or "
        "`-- migrator: in batches of 10000 by <column>` before the statement, or, before the first, "
        "`-- migrator: accept <sha256 of the file as it was applied> because <reason>`"
    )


def _remedy(script: str, index: int) -> str:
    """For what psql reads and PostgreSQL does not: a command of its own, the rows after a COPY."""
    if script[index : index + 1] == "\\":
        return "\nA backslash command is psql's own: write what it does in SQL"
    if _COPY.search(script, 0, index):
        return "\nRows after a COPY are psql's to send: write them as INSERT"
    return ""


@dataclass(kw_only=True, slots=True)
class _Said:
    """What the comments before a statement say."""

    allowances: dict[str, str]
    batches: str | None = None
    after_verified: bool = False


def _said(script: str, tokens: list[Any], *, migration: str, found_first: bool) -> _Said:
    said = _Said(allowances={})
    for token in tokens:
        comment = script[token.start : token.end + 1].rstrip()
        if token.name != "SQL_COMMENT" or (not found_first and _ACCEPT.match(comment)):
            continue
        if match := _ALLOWANCE.fullmatch(comment):
            said.allowances[match["code"]] = match["reason"]
        elif BATCHES.fullmatch(comment):
            said.batches = comment
        elif _AFTER_VERIFIED.fullmatch(comment):
            said.after_verified = True
        else:
            raise _not_understood(script, token, migration)
    return said


def is_a(node: Any, *kinds: type) -> bool:
    """isinstance() that leaves the node untyped: pglast's types call every field of a node optional."""
    return isinstance(node, kinds)


def _line(script: str, index: int) -> int:
    return script.count("\n", 0, index) + 1
