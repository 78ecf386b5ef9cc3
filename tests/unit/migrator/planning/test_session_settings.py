"""What a statement sets for the rest of its file."""

from __future__ import annotations

import pytest

from tests.unit.migrator.planned import plan, statements


@pytest.mark.parametrize(
    ("statement", "again"),
    [
        ("SET search_path = app", "SET search_path = app"),
        ("SET SESSION lock_timeout = '2s'", "SET SESSION lock_timeout = '2s'"),
        ("RESET search_path", "RESET search_path"),
        ("SET ROLE owner", "SET ROLE owner"),
        ("SET LOCAL search_path = app", "SET  search_path = app"),
        (
            "SELECT pg_catalog.set_config('search_path', '', false)",
            "SELECT pg_catalog.set_config('search_path', '', false)",
        ),
        ("SELECT set_config('a.b', 'it''s', true)", "SELECT pg_catalog.set_config('a.b', 'it''s', false)"),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", ""),
    ],
)
def test_a_setting_is_set_again_for_the_rest_of_the_file(statement: str, again: str) -> None:
    """A SET LOCAL outside of a block too: to Prisma a file is one transaction."""
    (item, _) = statements(f"{statement}; SELECT 1;")
    assert (item.sets, item.setting) == (True, again)


def test_in_a_block_what_is_local_ends_with_it() -> None:
    """As PostgreSQL has it; what is not local goes on."""
    script = "BEGIN; SET LOCAL a.b = 1; SET a.c = 2; SELECT set_config('a.d', '3', true); COMMIT; SELECT 1;"
    (migration,) = plan(script).migrations
    assert migration.settings(before=4) == ["SET a.c = 2"]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "SELECT set_config('a.b', 'x', false), f()",
        "SELECT set_config('a.b', f(), false)",
        "SELECT set_config('a.b', x, false) FROM t",
        "WITH gone AS (DELETE FROM t RETURNING a) SELECT set_config('a.b', 'x', false)",
        "SELECT set_config('a.b', 'x', false) WHERE f()",
    ],
)
def test_what_does_anything_else_is_no_setting(statement: str) -> None:
    """It is judged, and never run twice."""
    (item,) = statements(statement)
    assert (item.sets, item.setting) == (False, "")


def test_settings_are_those_before_a_statement_in_their_order() -> None:
    """A later one may undo an earlier one."""
    (migration,) = plan("SET a.b = 1; CREATE INDEX i ON t (a); SET a.b = 2; SELECT 1;").migrations
    assert migration.settings(before=2) == ["SET a.b = 1"]
    assert migration.settings(before=4) == ["SET a.b = 1", "SET a.b = 2"]
    assert migration.settings(before=1) == []
