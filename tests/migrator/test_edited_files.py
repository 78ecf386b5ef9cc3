"""D5: a file that was edited after it was applied: what differs is told, and can be accepted."""

from __future__ import annotations

import pytest

from migrator.folder import checksum
from tests.migrator.conftest import OwnedDatabase

APPLIED = "-- As it was.\nCREATE TABLE t (a int);\n"
ADOPTED = checksum(APPLIED)


@pytest.fixture
def applied(database: OwnedDatabase) -> OwnedDatabase:
    database.write("1", APPLIED)
    assert database.run_here("apply").returncode == 0
    return database


@pytest.mark.parametrize(
    ("edited", "difference"),
    [
        (
            "-- Spelt otherwise.\n\nCREATE TABLE t\n  (a int); /* the end */",
            "only comments or white space differ",
        ),
        ("-- As it was.\nCREATE TABLE t (a bigint);\n", "its statements differ"),
        ("CREATE TABLE t (a int); SELECT 1;", "its statements differ"),
    ],
)
@pytest.mark.parametrize("command", ["apply", "plan"])
def test_an_edit_is_refused_with_what_differs(
    applied: OwnedDatabase, edited: str, difference: str, command: str
) -> None:
    """And with both ways on."""
    applied.write("1", edited)
    changed = applied.run_here(command)
    assert changed.returncode == 7
    assert changed.stderr == (
        f"AppliedMigrationChanged: migration 1 was changed after it was applied: {difference}\n"
        f"  recorded {ADOPTED}\n  now      {checksum(edited)}\n"
        "Restore the file from version control and put the change into a new migration. "
        "If both versions may stay, say so before its first statement:\n"
        f"  -- migrator: accept {ADOPTED[:12]} because <reason>\n"
    )


def test_an_edit_of_what_prisma_applied_is_refused_without_guesses(database: OwnedDatabase) -> None:
    """Prisma keeps a checksum, and no text to compare with."""
    database.write("0", "SELECT 1;")
    assert database.run_here("apply").returncode == 0
    database.rows(
        f"""INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
            VALUES ('1', '{ADOPTED}', '1', now())"""
    )
    database.write("1", "CREATE TABLE t (a bigint);")
    assert "what it was is not recorded: `git log -p` of the file" in database.run_here("plan").stderr


def test_an_accepted_edit_is_let_through_and_its_reason_kept(applied: OwnedDatabase) -> None:
    """Said once, by the run that records it; a new database applies the file as it is."""
    accepting = f"-- migrator: accept {ADOPTED[:12]} because only new databases want bigint\n"
    applied.write("1", f"{accepting}CREATE TABLE t (a bigint);")
    applied.write("2", "SELECT 1;")
    line = "1 differs from what was applied, which is accepted: only new databases want bigint"
    assert line in applied.run_here("apply").stdout
    assert line not in applied.run_here("apply").stdout
    assert line in applied.value("SELECT logs FROM _prisma_migrations WHERE migration_name = '1'")
    assert applied.value("SELECT checksum FROM _prisma_migrations WHERE migration_name = '1'") == ADOPTED
    assert applied.run_here("status").stdout.startswith("1  applied ")


def test_another_version_is_not_accepted_with_it(applied: OwnedDatabase) -> None:
    """The comment names the one that may have been applied."""
    applied.write("1", "-- migrator: accept 000000000000 because x\nCREATE TABLE t (a bigint);")
    assert applied.run_here("apply").returncode == 7


@pytest.mark.parametrize(
    "comment",
    ["-- migrator: accept 1234 because it is short", f"-- migrator: accept {ADOPTED}", "-- migrator: accept"],
)
def test_a_comment_that_is_not_understood_is_told(database: OwnedDatabase, comment: str) -> None:
    """Rather than to count as none."""
    database.write("1", f"{comment}\n{APPLIED}")
    failed = database.run_here("plan")
    assert failed.returncode == 4
    assert f"migration 1, line 1: '{comment}' is not understood" in failed.stderr


def test_it_has_its_place_before_the_first_statement(database: OwnedDatabase) -> None:
    """It is about the whole file."""
    database.write("1", f"{APPLIED}-- migrator: accept {ADOPTED} because x\nSELECT 1;")
    assert database.run_here("plan").returncode == 4
