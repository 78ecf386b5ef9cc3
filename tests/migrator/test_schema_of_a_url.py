"""Prisma's `?schema=`: the history and its ledger live there, and are not begun again elsewhere."""

from __future__ import annotations

import subprocess
from urllib.parse import quote

from tests.migrator.conftest import MASTER, PASSWORD, OwnedDatabase

SCRIPT = "CREATE TABLE t (a int); CREATE INDEX t_a ON t (a); INSERT INTO t VALUES (1);"


def by_url(database: OwnedDatabase, command: str, schema: str) -> subprocess.CompletedProcess[str]:
    """Runs a command with a URL alone."""
    server = database.environment
    ca = quote(server["PGSSLROOTCERT"])
    url = (
        f"postgresql://{MASTER}:{quote(PASSWORD)}@{server['PGHOST']}:{server['PGPORT']}/{database.name}"
        f"?sslrootcert={ca}&schema={schema}"
    )
    return database.run(command, PGHOST="", PGPORT="", PGUSER="", PGPASSWORD="", DATABASE_URL=url)


def test_a_urls_schema_is_made_and_used(database: OwnedDatabase) -> None:
    """As Prisma does; the index is online there, and nothing is in `public`."""
    database.write("1", SCRIPT)
    done = by_url(database, "apply", "app")
    assert (done.returncode, done.stderr) == (0, "")
    assert "migrations: 1 applied now" in done.stdout
    tables = database.rows(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('app', 'public') ORDER BY 2"
    )
    assert tables == [["app", "_prisma_migrations"], ["app", "t"]]
    again = by_url(database, "apply", "app")
    assert "migrations: 0 applied now, 1 before\n1 of 1 promised indexes are valid" in again.stdout


def test_a_history_in_another_schema_is_not_begun_again(database: OwnedDatabase) -> None:
    """Unless that is said."""
    database.write("1", SCRIPT)
    assert by_url(database, "apply", "app").returncode == 0
    refused = database.run("apply")
    assert refused.returncode == 3
    assert refused.stderr == (
        "SettingsError: _prisma_migrations is in the schema 'app', and this run would begin the history "
        "again in 'public'. Set MIGRATOR_SCHEMA=app, or ?schema=app in DATABASE_URL; "
        "if a second history is meant, set MIGRATOR_SCHEMA=public\n"
    )
    assert database.run("apply", MIGRATOR_SCHEMA="public").returncode == 0
    assert database.value("SELECT count(*) FROM pg_tables WHERE tablename = 't'") == 2


def test_a_url_that_is_none_is_told_without_its_password(database: OwnedDatabase) -> None:
    """It may be in it."""
    database.write("1", SCRIPT)
    wrong = database.run("apply", PGHOST="", DATABASE_URL="mysql://root:s3cret@127.0.0.1/x")
    assert wrong.returncode == 3
    assert wrong.stderr == (
        "SettingsError: DATABASE_URL is not understood: "
        "write postgresql://user:password@host:port/database?schema=name\n"
    )
