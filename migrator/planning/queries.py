"""Reads the named queries that lie beside the migrations, in `<migration>/queries.sql`; needs pglast.

    -- query: SMS segmentation
    -- uses: "Member_churchId_optInSms_idx"
    -- parameters: SELECT "churchId", true FROM "Member" ORDER BY random() LIMIT 5
    SELECT id FROM "Member" WHERE "churchId" = $1 AND "optInSms" = $2;

A comment line that is indented by two spaces or more goes on with the line before. `uses` lists indexes with
commas; a query without it is only timed. `-- dropped: <index> because <reason>`, anywhere, takes back the
promise of an index that a DO block, or somebody by hand, has dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pglast import ast, parse_sql
from pglast.parser import ParseError, scan

from migrator.errors import QueryMistake
from migrator.folder import Migration
from migrator.names import of_object
from migrator.planning import parse, tree
from migrator.promise import Promise
from migrator.query import Query

_HEADER = re.compile(r"--\s*(?P<key>\w+):\s*(?P<value>.*)")
_CONTINUED = re.compile(r"--\s{2,}(?P<value>\S.*)")
_DROPPED = re.compile(r"--\s*dropped:\s*(?P<index>.*?)(\s+because\s+(?P<reason>\S.*))?$")
KEYS = ("query", "uses", "parameters")
WRITES = (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt, ast.IntoClause, ast.LockingClause)


def read(migrations: Sequence[Migration], promises: Sequence[Promise]) -> tuple[Query, ...]:
    """All queries in order. Raises SyntaxMistake and QueryMistake, which name file and line."""
    promised = [promise.index for promise in promises]
    places: dict[str, str] = {}
    found = [query for migration in migrations for query in _File(migration).queries(promised)]
    for query in found:
        if query.name in places:
            raise QueryMistake(f"{query.place}: {places[query.name]} has that name: give each its own")
        places[query.name] = query.place
    return tuple(found)


def dropped(migration: Migration, promises: Sequence[Promise]) -> list[str]:
    """The indexes that a migration's queries.sql says are gone, quoted. Raises QueryMistake."""
    return _File(migration).dropped([promise.index for promise in promises])


class _File:
    """One `queries.sql`."""

    def __init__(self, migration: Migration) -> None:
        self._migration, self._script = migration.name, migration.queries
        self._place = f"{migration.name}/queries.sql"

    def dropped(self, promised: list[str]) -> list[str]:
        names: list[str] = []
        for line, comment in self._comments().items():
            if match := _DROPPED.match(comment):
                if not match["reason"]:
                    text = "says no reason: write `-- dropped: <index> because <reason>`"
                    raise self._mistake(line, f"`{comment}` {text}")
                names += self._promised(line, "dropped", match["index"], promised)
        return names

    def queries(self, promised: list[str]) -> list[Query]:
        statements = parse.statements(self._script, migration=self._place)
        return [self._query(statement, said, promised) for statement, said in self._headed(statements)]

    def _query(self, statement: parse.Parsed, said: dict[str, str], promised: list[str]) -> Query:
        line = statement.line
        if not said.get("query"):
            raise self._mistake(line, "the statement has no name: write `-- query: <name>` before it")
        contents = _Contents(statement.node)
        if not contents.only_reads:
            raise self._mistake(line, "is not a SELECT that only reads: name the SELECT that finds the rows")
        arity = max(contents.numbers, default=0)
        if len(contents.numbers) < arity:
            missing = min(set(range(1, arity)) - contents.numbers)
            raise self._mistake(line, f"has ${arity} and no ${missing}: number the parameters from $1 on")
        parameters = said.get("parameters", "").rstrip("; ")
        self._check_parameters(line, parameters, arity)
        return Query(
            name=said["query"],
            migration=self._migration,
            line=line,
            sql=statement.sql,
            parameters=parameters,
            arity=arity,
            uses=self._promised(line, "uses", said["uses"], promised) if "uses" in said else (),
        )

    def _headed(self, statements: list[parse.Parsed]) -> Iterator[tuple[parse.Parsed, dict[str, str]]]:
        """Each statement with what the comments before it say."""
        comments, end = self._comments(), 0
        for statement in statements:
            said: dict[str, str] = {}
            key = ""
            for line in range(end + 1, statement.line):
                comment = comments.pop(line, "")
                if _DROPPED.match(comment):
                    key = ""
                elif header := _HEADER.match(comment):
                    key = header["key"]
                    self._check_key(line, key, said)
                    said[key] = header["value"].strip()
                elif key and (more := _CONTINUED.match(comment)):
                    said[key] += "\n" + more["value"].strip()
                else:
                    key = ""
            yield statement, said
            end = statement.line + statement.sql.count("\n")
        for line, comment in comments.items():
            if (header := _HEADER.match(comment)) and header["key"] in KEYS:
                raise self._mistake(
                    line, f"`-- {header['key']}:` has its place before a SELECT: move it there"
                )

    def _comments(self) -> dict[int, str]:
        """Each `--` comment by its line."""
        return {
            self._script.count("\n", 0, token.start) + 1: self._script[token.start : token.end + 1].rstrip()
            for token in scan(self._script)
            if token.name == "SQL_COMMENT"
        }

    def _check_key(self, line: int, key: str, said: dict[str, str]) -> None:
        if key not in KEYS:
            raise self._mistake(
                line,
                f"`-- {key}:` is not understood: "
                "write `-- query:`, `-- uses:`, `-- parameters:` or `-- dropped:`",
            )
        if key in said:
            raise self._mistake(line, f"`-- {key}:` stands twice before one SELECT: keep one")

    def _promised(self, line: int, key: str, text: str, promised: list[str]) -> tuple[str, ...]:
        """The indexes of a list, each of which has to be promised."""
        try:
            drop: Any = parse_sql(f"DROP INDEX {text}")[0].stmt
        except ParseError:
            raise self._mistake(
                line, f"`-- {key}: {text}` is no list of index names: quote as in SQL"
            ) from None
        names = tuple(of_object(names) for names in drop.objects)
        for name in names:
            if name not in promised:
                raise self._mistake(
                    line,
                    f"{key} {name}, which no migration makes, or which a later one drops or renames: "
                    f"the indexes that stay are {', '.join(promised) or 'none'}",
                )
        return names

    def _check_parameters(self, line: int, text: str, arity: int) -> None:
        if not text and not arity:
            return
        if not text:
            raise self._mistake(
                line,
                f"has ${arity} and no values: write `-- parameters: SELECT …`, a column for each $n",
            )
        try:
            nodes: Any = parse_sql(text)
        except ParseError as error:
            raise self._mistake(line, f"`-- parameters: {text}`: {error.args[0]}") from None
        contents = _Contents(nodes[0].stmt) if len(nodes) == 1 else None
        if not contents or not contents.only_reads or contents.numbers:
            raise self._mistake(line, f"`-- parameters: {text}` is not one SELECT that only reads: write one")
        if contents.columns != arity:
            raise self._mistake(
                line,
                f"parameters: {arity}, columns of `-- parameters:`: {contents.columns or '*'}; "
                "list a column for each $n",
            )

    def _mistake(self, line: int, text: str) -> QueryMistake:
        return QueryMistake(f"{self._place}, line {line}: {text}")


class _Contents:
    """Whether a statement is a SELECT that only reads, the numbers of its $n, and how many columns it has."""

    def __init__(self, node: Any) -> None:
        selects = parse.is_a(node, ast.SelectStmt)
        self.only_reads = selects and not any(parse.is_a(part, *WRITES) for part in tree.parts(node))
        self.numbers = {part.number for part in tree.parts(node) if parse.is_a(part, ast.ParamRef)}
        self.columns = _width(node) if selects else 0


def _width(select: Any) -> int:
    """How many columns a SELECT or VALUES has; 0 when a * hides it."""
    if select.larg:
        return _width(select.larg)
    if select.valuesLists:
        return len(select.valuesLists[0])
    columns = [target.val for target in select.targetList or ()]
    stars = any(
        parse.is_a(column, ast.ColumnRef) and parse.is_a(column.fields[-1], ast.A_Star) for column in columns
    )
    return 0 if stars else len(columns)
