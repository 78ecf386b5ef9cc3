"""What a statement's text says of names and rows: the runner holds what the statement did against it."""

from __future__ import annotations

import pytest

from migrator import preview
from migrator.plan import Plan, Statement
from tests.unit.migrator.planned import plan, statements


def only(sql: str) -> Statement:
    (statement,) = statements(sql)
    return statement


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("ALTER TABLE a RENAME TO b", [('"b"', '"a"')]),
        ("ALTER VIEW s.a RENAME TO b", [('"s"."b"', '"s"."a"')]),
        ("ALTER TABLE public.a SET SCHEMA s", [('"s"."a"', '"a"')]),
        ("CREATE TABLE a (x int)", [('"a"', None)]),
        ("CREATE TABLE a AS SELECT 1", [('"a"', None)]),
        ("CREATE TABLE IF NOT EXISTS a (x int)", []),
        ("ALTER TABLE a RENAME COLUMN x TO y", []),
        ("DROP TABLE a", []),
    ],
)
def test_the_names_that_a_statement_gives(sql: str, names: list[tuple[str, str | None]]) -> None:
    """The new one, and the old one unless the statement makes it. One that may be there is not new."""
    assert list(only(sql).names) == names


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("UPDATE t SET a = 1 WHERE b = 2", ['"t"']),
        ("DELETE FROM public.t WHERE CURRENT OF c", ['"public"."t"']),
        ("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1", ['"t"']),
        ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", []),
        ("MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE", ['"t"']),
        ("MERGE INTO t USING u ON t.a = u.a WHEN NOT MATCHED THEN INSERT VALUES (1)", []),
        ("WITH x AS (UPDATE t SET a = 1 WHERE b = 2 RETURNING a) DELETE FROM u WHERE a = 1", ['"t"', '"u"']),
        ("UPDATE t SET a = 1", []),
        ("DO 'BEGIN DELETE FROM t WHERE a = 1; END'", []),
    ],
)
def test_the_tables_of_which_a_statement_chooses_rows(sql: str, tables: list[str]) -> None:
    """As the file names them: `public` says more than it seems where search_path is another."""
    assert sorted(only(sql).chosen) == tables


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM t",
        "UPDATE t SET a = 1 WHERE true",
        "DELETE FROM t WHERE 1 = 1",
        "WITH gone AS (DELETE FROM t RETURNING *) SELECT count(*) FROM gone",
        "CREATE TABLE u AS WITH gone AS (DELETE FROM t RETURNING *) TABLE gone",
        "CREATE RULE r AS ON INSERT TO u DO ALSO DELETE FROM t",
        "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
        "MERGE INTO t USING u ON t.a = u.a WHEN NOT MATCHED BY SOURCE THEN DELETE",
    ],
)
def test_every_row_is_every_row(sql: str) -> None:
    """However it is written: a condition that names no column is none."""
    assert [(hazard.code, hazard.table) for hazard in only(sql).refusals] == [("whole-table", '"t"')]


def test_hazards_to_what_a_file_makes_are_kept_for_the_runner() -> None:
    """By name it is the file's own; the runner sees whether it is."""
    (_, drop) = statements("CREATE TABLE t (a int); ALTER TABLE t DROP COLUMN a;")
    assert (drop.how, [hazard.code for hazard in drop.own]) == ("transaction", ["drop-column"])


def test_a_plan_says_what_it_cannot_show() -> None:
    """Of a DO block, a procedure and a prepared statement."""
    shown = preview.full(plan("DO 'BEGIN END'; CALL f(); EXECUTE p; SELECT 1;"), sizes={})
    assert shown.count("not shown: what it does to older rows is judged when it runs") == 3


def test_a_plan_travels_with_all_of_it() -> None:
    """As JSON, in a bundle."""
    made = plan(
        "CREATE TABLE t (a int); ALTER TABLE t DROP COLUMN a; UPDATE u SET a = 1 WHERE b = 2; SET a.b = 1;"
    )
    assert Plan.from_json(made.to_json()) == made
