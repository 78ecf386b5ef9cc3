"""Splitting a script into statements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.errors import AllowanceError, SyntaxMistake
from migrator.planning import parse

STATEMENTS = st.sampled_from(
    [
        "SELECT 1",
        "SELECT 'it''s; not -- the end'",
        r"SELECT E'\';'",
        'SELECT 1 AS "a;b""c"',
        "DO $$ BEGIN PERFORM 1; PERFORM 2; END $$",
        "DO $body$ BEGIN PERFORM '$$;'; END $body$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "CREATE INDEX \"é;ü\" ON t (a) /* ; */ WHERE b = ';'",
        "INSERT INTO t VALUES (1, -- one;\n 2)",
        "SELECT U&'\\0441;'",
    ]
)
BETWEEN = st.sampled_from(
    [";", ";\n", " ; ;\n", ";-- a; comment\n", ";/* a /* nested; */ one */ ", ";\r\n\t"]
)


@given(st.lists(st.tuples(STATEMENTS, BETWEEN), max_size=6), st.sampled_from(["", "-- é;\n", "/*;*/ ", ";"]))
def test_every_statement_comes_out_as_it_was_written(pairs: list[tuple[str, str]], start: str) -> None:
    """Whatever stands in strings, dollar quotes, bodies and comments, and between statements."""
    script = start + "".join(statement + between for statement, between in pairs)
    parsed = parse.statements(script, migration="m")
    assert [statement.sql for statement in parsed] == [statement for statement, _ in pairs]
    assert [statement.line for statement in parsed] == sorted(statement.line for statement in parsed)


@given(STATEMENTS, st.sampled_from(["", "\n", " -- the end;", "\n/* ; */\n"]))
def test_the_last_statement_needs_no_semicolon(statement: str, end: str) -> None:
    """And takes no comment along."""
    assert [parsed.sql for parsed in parse.statements(statement + end, migration="m")] == [statement]


@pytest.mark.parametrize("script", ["", " \n", "-- nothing\n", ";;", "/* ; */"])
def test_a_script_without_statements_has_none(script: str) -> None:
    """Prisma makes such a file for `migrate dev --create-only`."""
    assert parse.statements(script, migration="m") == []


def test_a_syntax_error_names_file_and_line() -> None:
    """As PostgreSQL says it."""
    with pytest.raises(SyntaxMistake) as error:
        parse.statements("SELECT 'é';\n\nCREATE TABEL t (a int);", migration="2_typo")
    assert str(error.value) == 'migration 2_typo, line 3: syntax error at or near "TABEL"'


def test_what_only_psql_reads_is_told_from_a_typo() -> None:
    """A dump has both: commands of psql's own, and rows after a COPY."""
    with pytest.raises(SyntaxMistake) as error:
        parse.statements("SELECT 1;\n\\i other.sql\n", migration="m")
    assert str(error.value) == (
        'migration m, line 2: syntax error at or near "\\"\n'
        "A backslash command is psql's own: write what it does in SQL"
    )
    with pytest.raises(SyntaxMistake) as error:
        parse.statements("COPY t (a) FROM stdin WITH (FORMAT csv);\n1\n\\.\n", migration="m")
    assert str(error.value) == (
        'migration m, line 2: syntax error at or near "1"\n'
        "Rows after a COPY are psql's to send: write them as INSERT"
    )


def test_a_comment_before_a_statement_allows_a_hazard() -> None:
    """Only the statement it stands before."""
    script = """\
SELECT 1;
-- migrator: allow drop-column because no server reads it since 2.3
-- and a second comment
SELECT 2;
SELECT 3;
"""
    allowances = [statement.allowances for statement in parse.statements(script, migration="m")]
    assert allowances == [{}, {"drop-column": "no server reads it since 2.3"}, {}]


@pytest.mark.parametrize("comment", ["-- migrator: allow drop-column", "-- migrator: alow x because y"])
def test_an_allowance_needs_its_reason(comment: str) -> None:
    """A comment that is addressed to the migrator is never passed over."""
    with pytest.raises(AllowanceError) as error:
        parse.statements(f"{comment}\nSELECT 1", migration="m")
    assert str(error.value) == (
        f"migration m, line 1: {comment!r} is not understood: "
        "write `-- migrator: allow <hazard> because <reason>`, `-- migrator: after verified` or "
        "`-- migrator: in batches of 10000 by <column>` before the statement, or, before the first, "
        "`-- migrator: accept <sha256 of the file as it was applied> because <reason>`"
    )
