"""The app's own role: rows, and nothing else."""

from __future__ import annotations

import pytest

from migrator.errors import ConnectionFailed
from migrator.postgres import PostgresError
from testkit.postgres_server import ADMIN, PASSWORD
from tests.migrator.conftest import OwnedDatabase

BASE = "CREATE TABLE t (id serial PRIMARY KEY, a int);"


def test_the_app_role_reads_and_writes_rows_of_tables_to_come(database: OwnedDatabase) -> None:
    """Tables that later migrations make are granted too; sequences as well."""
    role = {"APP_ROLE": f"app-{database.name}", "APP_ROLE_PASSWORD": "p'w\"ü$"}
    database.write("1_base", BASE)
    assert f"role app-{database.name} may read and write rows" in database.apply(**role)
    database.write("2_more", "CREATE TABLE u (id serial PRIMARY KEY, a int);")
    database.apply(**role)
    app = database.session(PGUSER=role["APP_ROLE"], PGPASSWORD=role["APP_ROLE_PASSWORD"])
    for table in ("t", "u"):
        app.run(f"INSERT INTO {table} (a) VALUES (1); UPDATE {table} SET a = 2; DELETE FROM {table}")
    for forbidden in (
        "DROP TABLE t",
        "ALTER TABLE t ADD COLUMN b int",
        "CREATE INDEX i ON t (a)",
        "TRUNCATE t",
        "CREATE TABLE v (a int)",
        "DELETE FROM _prisma_migrations",
        "CREATE ROLE other",
    ):
        with pytest.raises(PostgresError, match="SQLSTATE 42501"):
            app.run(forbidden)


def test_a_new_password_replaces_the_old_one(database: OwnedDatabase) -> None:
    """Running again with another password rotates it."""
    role, name = {"APP_ROLE": f"rotated_{database.name}"}, f"rotated_{database.name}"
    database.write("1_base", BASE)
    database.apply(**role, APP_ROLE_PASSWORD="first")
    database.apply(**role, APP_ROLE_PASSWORD="second")
    database.session(PGUSER=name, PGPASSWORD="second")
    with pytest.raises(ConnectionFailed, match="password authentication failed"):
        database.session(PGUSER=name, PGPASSWORD="first")


def test_no_password_is_printed_or_logged(database: OwnedDatabase) -> None:
    """Neither by the migrator nor by a server that logs every statement."""
    database.write("1_base", BASE)
    printed = database.apply(APP_ROLE=f"quiet_{database.name}", APP_ROLE_PASSWORD="very-secret-word")
    log = database.server.log.read_text()
    assert f'CREATE ROLE "quiet_{database.name}" LOGIN PASSWORD \'SCRAM-SHA-256$' in log
    for password in ("very-secret-word", database.environment["PGPASSWORD"]):
        assert password not in printed + log.replace("master''s p4ss", "")  # as the fixture made it


def test_the_app_role_sees_what_its_queries_cost(database: OwnedDatabase) -> None:
    """Of a user who may make extensions, as RDS' master user may."""
    role = {"APP_ROLE": f"watched_{database.name}", "APP_ROLE_PASSWORD": "secret-word"}
    maker = {"PGUSER": ADMIN, "PGPASSWORD": PASSWORD, **role}
    database.write("1_base", BASE)
    assert "pg_stat_statements counts what queries cost\n" in database.apply(**maker)
    assert "pg_stat_statements" not in database.apply(**maker)
    app = database.session(PGUSER=role["APP_ROLE"], PGPASSWORD=role["APP_ROLE_PASSWORD"])
    app.run("SELECT a FROM t")
    counted = app.rows("SELECT query, calls FROM pg_stat_statements WHERE queryid IS NOT NULL")
    assert ["SELECT a FROM t", 1] in counted
    assert not [query for query, _ in counted if "CREATE" in query]


def test_a_user_who_may_make_no_extension_migrates_without(database: OwnedDatabase) -> None:
    """Nothing but the report of the costliest queries depends on it."""
    database.write("1_base", BASE)
    said = database.apply(APP_ROLE=f"bare_{database.name}", APP_ROLE_PASSWORD="secret-word")
    assert "pg_stat_statements" not in said
    assert database.value("SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'") == 0


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"APP_ROLE": "app"},
            "SettingsError: APP_ROLE is set and APP_ROLE_PASSWORD is not: "
            "set both, or neither to make no role\n",
        ),
        (
            {"APP_ROLE": "master", "APP_ROLE_PASSWORD": "x"},
            "SettingsError: APP_ROLE is 'master', the migrator's own user: give the app a role of its own\n",
        ),
        (
            {"PGHOST": ""},
            "SettingsError: PGHOST not set: the migrator reads its connection from PG* variables, "
            "or from DATABASE_URL\n",
        ),
    ],
)
def test_impossible_settings_are_named(
    database: OwnedDatabase, environment: dict[str, str], message: str
) -> None:
    """Before anything connects."""
    refused = database.run("apply", **environment)
    assert (refused.returncode, refused.stderr) == (3, message)
