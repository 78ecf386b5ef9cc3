"""Named queries, as they are read beside the migrations."""

from __future__ import annotations

import pytest

from migrator.errors import QueryMistake, SyntaxMistake
from migrator.folder import Migration
from migrator.plan import Plan
from migrator.planning import planner
from migrator.query import Query

INDEXES = 'CREATE INDEX "T_a_idx" ON t (a); CREATE INDEX b_idx ON s.t (b);'


def plan(queries: str, *later: str) -> Plan:
    migrations = [Migration(name="m1", sql=INDEXES, queries=queries)]
    return planner.make([*migrations, *(Migration(name=f"n{n}", sql=sql) for n, sql in enumerate(later))])


def mistake(queries: str, *later: str) -> str:
    with pytest.raises(QueryMistake) as error:
        plan(queries, *later)
    return str(error.value)


def test_a_query_is_named_by_the_comments_before_it() -> None:
    """Other comments are free, a line that is indented goes on, and all of it travels in the plan."""
    planned = plan(
        """\
-- What the app asks.
-- query: Größte
-- uses: "T_a_idx", s."b_idx"
-- parameters: SELECT a, true
--     FROM t LIMIT 5;
-- by the first of the month
SELECT 'ü; -- uses: c' /* all */ FROM t
WHERE a = $1 AND b = $2 -- both
;

-- query: All
SELECT * FROM t"""
    )
    first, second = planned.queries
    assert first == Query(
        name="Größte",
        migration="m1",
        line=7,
        sql="SELECT 'ü; -- uses: c' /* all */ FROM t\nWHERE a = $1 AND b = $2",
        parameters="SELECT a, true\nFROM t LIMIT 5",
        arity=2,
        uses=('"T_a_idx"', '"s"."b_idx"'),
    )
    assert (second.line, second.parameters, second.arity, second.uses) == (12, "", 0, ())
    assert Plan.from_json(planned.to_json()) == planned


@pytest.mark.parametrize(
    "values", ["VALUES (1, 2), (3, 4)", "SELECT 1, 2 UNION SELECT 3, 4", "WITH x AS (SELECT 1) SELECT 1, 2"]
)
def test_parameters_come_from_whatever_reads(values: str) -> None:
    """The columns are counted in each form."""
    query = plan(f"-- query: q\n-- parameters: {values}\nSELECT $1, $2, $2").queries[0]
    assert (query.parameters, query.arity) == (values, 2)


def test_queries_of_another_text_have_other_digests() -> None:
    """Figures are compared only with the same query's; its name may change."""
    first, second = plan("-- query: a\nSELECT 1; -- x\n-- query: b\nSELECT 1").queries
    assert first.digest == second.digest
    assert first.digest != plan("-- query: a\nSELECT 2").queries[0].digest


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ("SELECT 1", "line 1: the statement has no name: write `-- query: <name>` before it"),
        (
            "-- query: q\nDELETE FROM t",
            "line 2: is not a SELECT that only reads: name the SELECT that finds the rows",
        ),
        (
            "-- query: q\nSELECT * FROM t FOR UPDATE",
            "line 2: is not a SELECT that only reads: name the SELECT that finds the rows",
        ),
        (
            "-- query: q\nSELECT 1 INTO t",
            "line 2: is not a SELECT that only reads: name the SELECT that finds the rows",
        ),
        (
            "-- query: q\nWITH d AS (DELETE FROM t RETURNING a) SELECT * FROM d",
            "line 2: is not a SELECT that only reads: name the SELECT that finds the rows",
        ),
        (
            "-- query: q\n-- use: T\nSELECT 1",
            "line 2: `-- use:` is not understood: write `-- query:`, `-- uses:`, `-- parameters:` "
            "or `-- dropped:`",
        ),
        (
            '-- dropped: "T_a_idx"',
            'line 1: `-- dropped: "T_a_idx"` says no reason: write `-- dropped: <index> because <reason>`',
        ),
        (
            "-- dropped: c_idx because it is big",
            'line 1: dropped "c_idx", which no migration makes, or which a later one drops or renames: '
            'the indexes that stay are "T_a_idx", "s"."b_idx"',
        ),
        (
            '-- dropped: "T_a_idx" because it is big\n-- query: q\n-- uses: "T_a_idx"\nSELECT 1',
            'line 4: uses "T_a_idx", which no migration makes, or which a later one drops or renames: '
            'the indexes that stay are "s"."b_idx"',
        ),
        (
            "-- query: q\n-- query: r\nSELECT 1",
            "line 2: `-- query:` stands twice before one SELECT: keep one",
        ),
        (
            "-- query: q\nSELECT 1;\n-- uses: b_idx\n",
            "line 3: `-- uses:` has its place before a SELECT: move it there",
        ),
        (
            "-- query: q\nSELECT\n-- uses: b_idx\n1",
            "line 3: `-- uses:` has its place before a SELECT: move it there",
        ),
        (
            '-- query: q\n-- uses: "T_a_idx" b\nSELECT 1',
            'line 3: `-- uses: "T_a_idx" b` is no list of index names: quote as in SQL',
        ),
        (
            "-- query: q\n-- uses: T_a_idx\nSELECT 1",
            'line 3: uses "t_a_idx", which no migration makes, or which a later one drops or renames: '
            'the indexes that stay are "T_a_idx", "s"."b_idx"',
        ),
        (
            "-- query: q\n-- parameters: SELECT 1, 1\nSELECT $1, $3",
            "line 3: has $3 and no $2: number the parameters from $1 on",
        ),
        (
            "-- query: q\nSELECT $1",
            "line 2: has $1 and no values: write `-- parameters: SELECT …`, a column for each $n",
        ),
        (
            "-- query: q\n-- parameters: SELECT FROM WHERE\nSELECT $1",
            'line 3: `-- parameters: SELECT FROM WHERE`: syntax error at or near "WHERE"',
        ),
        (
            "-- query: q\n-- parameters: TRUNCATE t\nSELECT $1",
            "line 3: `-- parameters: TRUNCATE t` is not one SELECT that only reads: write one",
        ),
        (
            "-- query: q\n-- parameters: SELECT 1; SELECT 2\nSELECT $1",
            "line 3: `-- parameters: SELECT 1; SELECT 2` is not one SELECT that only reads: write one",
        ),
        (
            "-- query: q\n-- parameters: SELECT a, b FROM t\nSELECT $1",
            "line 3: parameters: 1, columns of `-- parameters:`: 2; list a column for each $n",
        ),
        (
            "-- query: q\n-- parameters: SELECT t.* FROM t\nSELECT $1, $2",
            "line 3: parameters: 2, columns of `-- parameters:`: *; list a column for each $n",
        ),
        (
            "-- query: q\n-- parameters: SELECT 1\nSELECT 1",
            "line 3: parameters: 0, columns of `-- parameters:`: 1; list a column for each $n",
        ),
    ],
)
def test_each_mistake_names_file_line_and_remedy(queries: str, message: str) -> None:
    """A promise that is misspelled must not pass as no promise."""
    assert mistake(queries) == f"m1/queries.sql, {message}"


def test_an_index_that_a_later_migration_takes_away_is_no_promise() -> None:
    """The query has to follow, or the gate would wait for an index that is gone."""
    for later in ("DROP INDEX b_idx;", "DROP INDEX s.b_idx;", "ALTER INDEX s.b_idx RENAME TO c_idx;"):
        used = '-- query: q\n-- uses: s."b_idx"\nSELECT 1'
        if "s." not in later:
            assert plan(used, later).queries
        else:
            assert 'uses "s"."b_idx", which no migration makes' in mistake(used, later)


def test_two_queries_of_one_name_are_a_mistake() -> None:
    """In one file or in two."""
    assert mistake("-- query: q\nSELECT 1;\n-- query: q\nSELECT 2") == (
        'query "q" (m1/queries.sql, line 4): query "q" (m1/queries.sql, line 2) has that name: '
        "give each its own"
    )


def test_a_syntax_error_names_the_file() -> None:
    """It is not taken for the migration's own script."""
    with pytest.raises(SyntaxMistake) as error:
        plan("-- query: q\nSELECT 1 FROM WHERE")
    assert str(error.value) == 'migration m1/queries.sql, line 2: syntax error at or near "WHERE"'


def test_an_index_that_is_said_to_be_dropped_is_promised_no_more() -> None:
    """Anywhere in the file; a later migration may make it again."""
    gone = "-- query: q\n-- dropped: b_idx because it is big\n--   and slow\nSELECT 1".replace(
        "b_idx", "s.b_idx"
    )
    assert [promise.index for promise in plan(gone).promises] == ['"T_a_idx"']
    (query,) = plan(gone).queries
    assert (query.name, query.sql) == ("q", "SELECT 1")
    assert len(plan(gone, "CREATE INDEX b_idx ON s.t (b)").promises) == 2
