"""D4: what became of a promised index is read from the catalogue, by its definition as well as its name."""

from __future__ import annotations

import pytest

from tests.migrator.conftest import OwnedDatabase

DEFINITIONS = [
    "INDEX i ON t (a, b)",
    "INDEX i ON t (a) INCLUDE (b)",
    "UNIQUE INDEX i ON t (a)",
    "INDEX i ON t (lower(c), a) WHERE b > 0",
    "INDEX i ON t USING hash (c)",
]
RENAMED = "DO $$ BEGIN EXECUTE 'ALTER INDEX i RENAME TO j'; END $$;"
DROPPED = "DO $$ BEGIN EXECUTE 'DROP INDEX i'; END $$;"
MISSING = """\
IndexesMissing: "i" on "t" is missing
If it shall be gone, say so: DROP INDEX IF EXISTS "i"; in a new migration, or in a queries.sql
  -- dropped: "i" because <reason>
If not, make it again with a new migration
"""


def deploy(database: OwnedDatabase, *scripts: str, queries: str = "") -> tuple[int, str, str]:
    """The exit code and what was said, after a run of one migration for each script."""
    for number, script in enumerate(scripts, 1):
        database.write(str(number), script)
        (database.folder / str(number) / "queries.sql").write_text(queries)
    done = database.run_here("apply")
    return done.returncode, done.stdout, done.stderr


def made(definition: str) -> str:
    return f"CREATE TABLE t (a int, b int, c text); CREATE {definition};"


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_an_index_that_a_do_block_renames_is_not_missing(database: OwnedDatabase, definition: str) -> None:
    """Whatever its form; its new name is told."""
    code, said, errors = deploy(database, made(definition), RENAMED)
    assert (code, errors) == (0, "")
    assert '"i" is there as j\n1 of 1 promised indexes are valid' in said


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_another_index_does_not_stand_for_it(database: OwnedDatabase, definition: str) -> None:
    """One that is alike but for its columns, its order, its kind or its condition."""
    others = [
        "INDEX ON t (b, a)",
        "INDEX ON t (a)",
        "UNIQUE INDEX ON t (a, b)",
        "INDEX ON t (lower(c), a) WHERE c > ''",
        "INDEX ON t (c)",
        "INDEX ON t (a, b) WHERE b > 0",
        "INDEX ON t (b) INCLUDE (a)",
    ]
    more = "; ".join(f"CREATE {other}" for other in others)
    code, _, errors = deploy(database, f"{made(definition)} {more};", DROPPED)
    assert (code, errors) == (1, MISSING)


def test_each_index_stands_for_one_promise(database: OwnedDatabase) -> None:
    """Of two that are alike, the one that is there is not the other as well."""
    code, _, errors = deploy(database, f"{made('INDEX i ON t (a)')} CREATE INDEX k ON t (a);", DROPPED)
    assert (code, errors) == (1, MISSING)


@pytest.mark.parametrize(
    ("way", "queries"),
    [
        (f"{DROPPED} DROP INDEX IF EXISTS i;", ""),
        (f"{DROPPED} SELECT 1;", '-- dropped: "i" because nobody reads it'),
    ],
)
def test_a_promise_that_was_dropped_can_be_taken_back(
    database: OwnedDatabase, way: str, queries: str
) -> None:
    """Both ways that the message tells."""
    database.write("1", made("INDEX i ON t (a)"))
    assert database.run_here("apply").returncode == 0
    database.write("2", way)
    (database.folder / "2" / "queries.sql").write_text(queries)
    done = database.run_here("apply")
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 of 0 promised indexes are valid" in done.stdout


def test_an_index_that_a_block_has_renamed_can_be_dropped_by_its_new_name(database: OwnedDatabase) -> None:
    """As a public history does it; the twin: another index of the table is still missed."""
    rename = """DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_indexes WHERE indexname = 'i') THEN
        EXECUTE 'ALTER INDEX "i" RENAME TO "j"'; END IF; END $$;"""
    database.write(
        "1", f"CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a); CREATE INDEX k ON t (b); {rename}"
    )
    database.write("2", "DROP INDEX j;")
    done = database.run_here("apply")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 of 1 promised indexes are valid" in done.stdout
    database.write("3", "DO $$ BEGIN DROP INDEX k; END $$;")
    assert '"k" on "t" is missing' in database.run_here("apply").stderr


def test_an_index_of_another_schema_is_the_one_that_a_search_path_promised(database: OwnedDatabase) -> None:
    """Its name, and its table's, are the file's own."""
    setup = "CREATE SCHEMA app; CREATE TABLE t (a int, b int, c text); CREATE TABLE app.t (a int);"
    code, said, errors = deploy(database, f"{setup} SET search_path = app; CREATE INDEX i ON t (a);")
    assert (code, errors) == (0, "")
    assert '"i" is there as app.i' in said


def test_a_query_is_judged_by_the_index_that_was_renamed(database: OwnedDatabase) -> None:
    """It is the promised one, under another name."""
    database.write("1", made("INDEX i ON t (a, b)"))
    queries = "-- query: q\n-- uses: i\n-- parameters: SELECT 7\nSELECT b FROM t WHERE a = $1;"
    (database.folder / "1" / "queries.sql").write_text(queries)
    assert database.run_here("apply").returncode == 0
    database.rows("INSERT INTO t SELECT n, n, n FROM generate_series(1, 20000) n; ANALYZE t")
    database.write("2", RENAMED)
    done = database.run_here("apply")
    assert (done.returncode, done.stderr) == (0, "")
    assert "j is used" in done.stdout
