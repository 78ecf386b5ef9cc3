"""D1, D2: what a run made is nobody's yet, also when another run goes on, and whatever else is there."""

from __future__ import annotations

import pytest

from tests.migrator.conftest import OwnedDatabase

MADE = {
    "type": ("CREATE TYPE mood AS ENUM ('a', 'b')", "DROP TYPE mood"),
    "type renamed": ("CREATE TYPE mood AS ENUM ('a')", "ALTER TYPE mood RENAME TO humour; DROP TYPE humour"),
    "value": ("CREATE TYPE mood AS ENUM ('a')", "ALTER TYPE mood RENAME VALUE 'a' TO 'b'"),
    "domain": ("CREATE DOMAIN d AS int", "ALTER DOMAIN d ADD CHECK (VALUE > 0); DROP DOMAIN d"),
    "function": ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION f()"),
    "schema": ("CREATE SCHEMA s", "ALTER SCHEMA s RENAME TO z; DROP SCHEMA z"),
    "sequence": ("CREATE SEQUENCE q", "DROP SEQUENCE q"),
    "extension": ("CREATE EXTENSION pg_trgm", "DROP EXTENSION pg_trgm"),
    "composite type": ("CREATE TYPE c AS (a int, b int)", "ALTER TYPE c DROP ATTRIBUTE b; DROP TYPE c"),
    "view": ("CREATE VIEW v AS SELECT 1 AS a", "DROP VIEW v"),
    "index": ("CREATE INDEX i ON t (a)", "BEGIN; DROP INDEX i; COMMIT"),
}


@pytest.mark.parametrize("kind", MADE)
def test_a_first_deployment_that_failed_goes_on(database: OwnedDatabase, kind: str) -> None:
    """With what the run before has made, while somebody is connected already."""
    making, changing = MADE[kind]
    database.write("1", f"CREATE TABLE t (a int); {making};")
    database.write("2", "CREATE EXTENSION no_such_extension;")
    database.write("3", f"{changing};")
    assert database.run_here("apply").returncode == 9
    database.session()
    database.write("2", "SELECT 1;")
    done = database.run_here("apply")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("kind", MADE)
def test_the_table_of_somebody_else_changes_nothing(database: OwnedDatabase, kind: str) -> None:
    """pg_cron's, PostGIS', or another app's, with rows; what the history makes it may drop."""
    database.rows("CREATE SCHEMA cron; CREATE TABLE cron.job (id int); INSERT INTO cron.job VALUES (1)")
    making, changing = MADE[kind]
    database.write("1", f"CREATE TABLE t (a int); {making};")
    database.write("2", f"{changing};")
    done = database.run_here("apply")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("kind", MADE)
def test_what_a_finished_run_has_made_is_somebodys(database: OwnedDatabase, kind: str) -> None:
    """The twin: the servers that still run know it."""
    making, changing = MADE[kind]
    database.write("1", f"CREATE TABLE t (a int); {making};")
    assert database.run_here("apply").returncode == 0
    database.rows("INSERT INTO t VALUES (1)")
    database.write("2", f"{changing};")
    refused = database.run_here("apply")
    assert refused.returncode == 8, refused.stdout + refused.stderr
    assert "is refused (" in refused.stderr


def test_what_comes_to_stand_for_an_older_object_is_found_right_before(database: OwnedDatabase) -> None:
    """A type by its new name: nothing could be told of it before its file ran."""
    database.write("1", "CREATE TABLE t (a int); CREATE TYPE mood AS ENUM ('a'); CREATE SCHEMA s;")
    assert database.run_here("apply").returncode == 0
    database.rows("INSERT INTO t VALUES (1)")
    database.write(
        "2",
        "-- migrator: allow rename because it is tested\nALTER TYPE mood RENAME TO humour; DROP TYPE humour;",
    )
    refused = database.run_here("apply")
    assert refused.returncode == 8
    assert 'Found right before it ran: type "humour" is one that was there before this run' in refused.stderr
    assert database.value("SELECT to_regtype('mood')::text") == "mood"


def test_an_extensions_own_table_is_nobodys(database: OwnedDatabase) -> None:
    """A database that has no other is as good as empty."""
    database.rows(
        """CREATE SCHEMA e; CREATE TABLE e.own (a int); INSERT INTO e.own VALUES (1);
           CREATE EXTENSION pg_trgm; ALTER EXTENSION pg_trgm ADD TABLE e.own; CREATE TYPE old AS ENUM ('a')"""
    )
    database.write("1", "DROP TYPE old;")
    assert database.run_here("apply").returncode == 0
