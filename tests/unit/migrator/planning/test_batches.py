"""How an UPDATE or DELETE is cut, and which cannot be."""

from __future__ import annotations

import pytest

from migrator.errors import AllowanceError
from migrator.plan import Batches, Plan
from migrator.planning import messages
from tests.unit.migrator.planned import plan, statements

COMMENT = "-- migrator: in batches of 500 by id\n"


def cut(sql: str) -> Batches:
    found = statements(COMMENT + sql)[-1].batches
    assert found
    return found


@pytest.mark.parametrize(
    ("sql", "before", "after"),
    [
        ("UPDATE t SET a = b WHERE a IS NULL", "UPDATE t SET a = b  WHERE (a IS NULL\n) AND ", ""),
        (
            "DELETE FROM t WHERE a = 1 OR b = 2 RETURNING id",
            "DELETE FROM t  WHERE (a = 1 OR b = 2\n) AND ",
            "RETURNING id",
        ),
        (
            "UPDATE t SET a = (SELECT max(x) FROM u WHERE u.t_id = t.id) -- where\nWHERE a IN (1, 2)",
            "UPDATE t SET a = (SELECT max(x) FROM u WHERE u.t_id = t.id) -- where\n"
            " WHERE (a IN (1, 2)\n) AND ",
            "",
        ),
        (
            "DELETE FROM t WHERE a = 1 -- all\nRETURNING id",
            "DELETE FROM t  WHERE (a = 1 -- all\n) AND ",
            "RETURNING id",
        ),
        ("UPDATE t SET a = f(b) FROM u WHERE u.id = t.u_id", None, ""),
    ],
)
def test_the_condition_is_kept_and_a_range_added(sql: str, before: str | None, after: str) -> None:
    """The words in a subquery or a comment are not the statement's own."""
    found = cut(sql)
    assert (found.size, found.column, found.table, found.alias) == (500, '"id"', '"t"', '"t"')
    assert before is None or found.before == before
    assert found.after == after


def test_names_are_those_of_the_statement() -> None:
    """The alias is what the range is about; the column may be quoted."""
    sql = '-- migrator: in batches of 1 by "Id"\nUPDATE app."T" AS x SET a = 1 WHERE a = 2'
    found = statements(sql)[0].batches
    assert found
    assert (found.column, found.table, found.alias) == ('"Id"', '"app"."T"', '"x"')


def test_they_are_a_way_of_their_own_and_stand_alone() -> None:
    script = (
        f"ALTER TABLE t ADD a int;\n{COMMENT}UPDATE t SET a = 1 WHERE a IS NULL;\n"
        "UPDATE t SET a = 2 WHERE a = 1;"
    )
    first, second, third = statements(script)
    assert [first.how, second.how, third.how] == ["transaction", "batches", "transaction"]
    assert len({first.transaction, second.transaction, third.transaction}) == 3
    made = plan(script)
    assert Plan.from_json(made.to_json()) == made


def test_all_rows_still_need_an_allowance() -> None:
    """Batches keep others from waiting; what is overwritten is lost all the same."""
    (refused,) = statements(f"{COMMENT}UPDATE t SET a = 1")
    assert [hazard.code for hazard in refused.refusals] == ["whole-table"]
    assert "in batches of 10000 by" in messages.HAZARDS["whole-table"]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        (f"{COMMENT}INSERT INTO t VALUES (1)", "only an UPDATE or a DELETE can run in batches"),
        (f"{COMMENT}ALTER TABLE t ADD a int", "only an UPDATE or a DELETE can run in batches"),
        (f"{COMMENT}UPDATE t SET a = 1 WHERE CURRENT OF c", "only an UPDATE or a DELETE can run in batches"),
        (f"BEGIN;\n{COMMENT}DELETE FROM t WHERE a = 1;\nCOMMIT;", "between BEGIN and COMMIT nothing can run"),
        ("-- migrator: in batches of 0 by id\nDELETE FROM t WHERE a = 1", "a batch has 1 row at least"),
        ("-- migrator: in batches by id\nDELETE FROM t WHERE a = 1", "is not understood"),
        ("-- migrator: in batches of 10 by a, b\nDELETE FROM t WHERE a = 1", "is not understood"),
    ],
)
def test_what_cannot_be_cut_is_told_with_its_line(sql: str, why: str) -> None:
    with pytest.raises(AllowanceError, match="migration m1, line") as error:
        plan(sql)
    assert why in str(error.value)
