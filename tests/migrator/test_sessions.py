"""A file is one session to its author, though it runs in several transactions, and maybe in several runs."""

from __future__ import annotations

import pytest

from tests.migrator.conftest import OwnedDatabase

TEMPORARY = """\
BEGIN;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
CREATE TEMP TABLE m ON COMMIT DROP AS SELECT x FROM t;
CREATE UNIQUE INDEX ON m (x);
INSERT INTO u SELECT x FROM m;
COMMIT;
"""
ENUM = """\
BEGIN;
CREATE TYPE "Role_new" AS ENUM ('A', 'B');
-- migrator: allow column-type because the table is small
ALTER TABLE t ALTER COLUMN role TYPE "Role_new" USING role::text::"Role_new";
ALTER TYPE "Role" RENAME TO "Role_old";
ALTER TYPE "Role_new" RENAME TO "Role";
DROP TYPE "Role_old";
COMMIT;
"""


@pytest.fixture
def live(database: OwnedDatabase) -> OwnedDatabase:
    """A database with rows from a deployment before, to which somebody is connected."""
    database.write(
        "1",
        """CREATE TYPE "Role" AS ENUM ('A', 'B', 'C'); CREATE SCHEMA app;
           CREATE TABLE t (x int, role "Role"); CREATE TABLE u (x int); CREATE TABLE app.t (x int);""",
    )
    assert database.run_here("apply").returncode == 0
    database.rows("INSERT INTO t SELECT n, 'A' FROM generate_series(1, 1000) n")
    database.session()
    return database


def test_a_block_may_index_what_it_makes(database: OwnedDatabase) -> None:
    """D3: in one transaction with its table."""
    database.write("1", "BEGIN; CREATE TABLE a (x int); CREATE INDEX a_x_idx ON a (x); COMMIT;")
    assert "1 1–2/2 1 CREATE TABLE, 1 CREATE INDEX committed" in database.run_here("apply").stdout
    assert "1 of 1 promised indexes are valid" in database.run_here("verify").stdout


def test_a_block_works_with_a_temporary_table(live: OwnedDatabase) -> None:
    """D3: langfuse's form, with an isolation level and an index on it."""
    live.write("2", TEMPORARY)
    assert live.run_here("apply").returncode == 0
    assert live.value("SELECT count(*) FROM u") == 1000


def test_a_blocks_index_on_an_older_table_needs_an_allowance(live: OwnedDatabase) -> None:
    """It would keep the app's writers away; the advice names it, and its place."""
    live.write("2", "BEGIN;\nCREATE INDEX t_x_idx ON t (x);\nCOMMIT;")
    refused = live.run_here("apply")
    assert refused.returncode == 8
    assert "migration 2, statement 1 (line 2) is refused (index-in-transaction)" in refused.stderr
    allowed = "-- migrator: allow index-in-transaction because t is small\n"
    live.write("2", f"BEGIN;\n{allowed}CREATE INDEX t_x_idx ON t (x);\nCOMMIT;")
    assert live.run_here("apply").returncode == 0
    assert "1 of 1 promised indexes are valid" in live.run_here("verify").stdout


def test_a_blocks_index_on_a_table_of_the_same_run_is_let_through(database: OwnedDatabase) -> None:
    """A first deployment takes the whole history: nobody uses the table yet."""
    database.write("1", "CREATE TABLE a (x int);")
    database.write("2", "BEGIN; CREATE INDEX a_x_idx ON a (x); COMMIT;")
    assert database.run_here("apply").returncode == 0


def test_prismas_change_of_an_enum_needs_one_allowance(live: OwnedDatabase) -> None:
    """For the rewrite of the table; the type's name is there before and after."""
    live.write("2", ENUM)
    done = live.run_here("apply")
    assert (done.returncode, done.stderr) == (0, "")
    assert live.value("SELECT string_agg(unnest::text, '') FROM unnest(enum_range(NULL::\"Role\"))") == "AB"


def test_a_set_holds_for_the_rest_of_its_file(live: OwnedDatabase) -> None:
    """D6: in the next transaction, and for an index that is built outside of any; not in the next file."""
    live.write("2", "SET search_path = app; ALTER TABLE t ADD y int; CREATE INDEX t_y_idx ON t (y);")
    live.write("3", "ALTER TABLE t ADD z int;")
    done = live.run_here("apply")
    assert (done.returncode, done.stderr) == (0, "")
    assert '"t_y_idx" is there as app.t_y_idx' in done.stdout
    tables = live.rows(
        """SELECT CAST(CAST(attrelid AS regclass) AS text), attname
           FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
           WHERE attname IN ('y', 'z') AND c.relkind = 'r' ORDER BY 2"""
    )
    assert tables == [["app.t", "y"], ["t", "z"]]


def test_a_dump_that_empties_the_search_path_runs(database: OwnedDatabase) -> None:
    """pg_dump begins so; each later statement has its names with their schemas."""
    database.write(
        "1",
        """SELECT pg_catalog.set_config('search_path', '', false);
           CREATE TABLE public.a (x int); CREATE INDEX a_x_idx ON public.a (x);
           INSERT INTO public.a VALUES (1); ALTER TABLE public.a ADD y int;""",
    )
    done = database.run_here("apply")
    assert (done.returncode, done.stderr) == (0, "")


def test_another_role_is_the_files_alone(live: OwnedDatabase) -> None:
    """It has no right to the ledger, and needs none."""
    other = f"other_{live.name}"
    live.rows(f"CREATE ROLE {other}; GRANT {other} TO CURRENT_USER; GRANT CREATE ON SCHEMA app TO {other}")
    try:
        live.write("2", f"SET ROLE {other}; CREATE TABLE app.o (x int); ALTER TYPE \"Role\" ADD VALUE 'D';")
        failed = live.run_here("apply")
        assert failed.returncode == 9
        assert "must be owner of type" in failed.stderr
        live.write("2", f"SET ROLE {other}; CREATE TABLE app.o (x int); CREATE TABLE app.p (x int);")
        assert live.run_here("apply").returncode == 0
        owners = live.rows("SELECT DISTINCT tableowner FROM pg_tables WHERE tablename IN ('o', 'p')")
        assert owners == [[other]]
    finally:
        live.rows(f"DROP OWNED BY {other}; DROP ROLE {other}")


def test_a_resumed_file_has_its_settings_again(live: OwnedDatabase) -> None:
    """D7: they are set in the new session, before the statement that failed."""
    live.write("2", "SET search_path = app; CREATE INDEX t_x_idx ON t (x); SELECT 1 / 0;")
    assert live.run_here("apply").returncode == 9
    live.write("2", "SET search_path = app; CREATE INDEX t_x_idx ON t (x); ALTER TABLE t ADD y int;")
    assert "2 resumes after statement 2" in live.run_here("apply").stdout
    assert live.value("SELECT attrelid::regclass::text FROM pg_attribute WHERE attname = 'y'") == "app.t"


def test_a_resumed_file_has_its_temporary_tables_again(live: OwnedDatabase) -> None:
    """D7: all that needs them is done again, in one transaction."""
    start = "ALTER TABLE u ADD y int; CREATE TEMP TABLE m AS SELECT x FROM t WHERE x < 4;"
    live.write("2", f"{start} INSERT INTO u SELECT x FROM m; INSERT INTO u SELECT 1 / 0 FROM m;")
    assert live.run_here("apply").returncode == 9
    live.write("2", f"{start} INSERT INTO u SELECT x FROM m; INSERT INTO u SELECT -x FROM m;")
    assert "2 resumes after statement 1" in live.run_here("apply").stdout
    assert live.value("SELECT array_agg(x ORDER BY x)::text FROM u") == "{-3,-2,-1,1,2,3}"


def test_a_files_time_out_does_not_end_an_online_build(live: OwnedDatabase) -> None:
    """It was written for a build that blocks writers; this one blocks nobody."""
    live.rows(
        """CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql IMMUTABLE
               AS 'BEGIN PERFORM pg_sleep(1.2); RETURN $1; END';
           INSERT INTO u VALUES (1)"""
    )
    live.write("2", "SET statement_timeout = '1s'; SET lock_timeout = '1s'; CREATE INDEX u_i ON u (slow(x));")
    done = live.run_here("apply")
    assert (done.returncode, done.stderr) == (0, "")
