"""Whatever a folder holds, and whenever a run is cut off: the schema ends as plain psql makes it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import unified_diff
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pg8000 import native

from migrator.errors import ConnectionFailed, MigratorError
from migrator.folder import Migration
from migrator.planning import planner
from migrator.postgres import Session
from migrator.settings import Server
from testkit.postgres_server import MigratorPostgres
from testkit.postgres_versions import SYSTEM
from tests.migrator.conftest import OwnedDatabase, new_database
from tests.migrator.schema_folders import folders

EMPTY = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """One database for the migrator, one for psql."""

    ours: OwnedDatabase
    plain: OwnedDatabase

    def write(self, files: list[list[str]]) -> None:
        """Makes these the folder of both, which are emptied; what would be refused is allowed."""
        for number, sql in enumerate(allowed(files), 1):
            for database in (self.ours, self.plain):
                database.write(f"{number:03}", sql)
        for database in (self.ours, self.plain):
            database.rows(EMPTY)
            for left in sorted(database.folder.iterdir())[len(files) :]:
                (left / "migration.sql").unlink()
                left.rmdir()

    def run_psql(self) -> None:
        for script in sorted(self.plain.folder.glob("*/migration.sql")):
            arguments = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={script}"]
            program(self.plain, "psql", *arguments)

    def run_ours(self) -> None:
        done = self.ours.run_here("apply")
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr

    def difference(self) -> str:
        """Between the schemas as pg_dump writes them; nothing when they are equal."""
        return "\n".join(
            unified_diff(dump(self.plain), dump(self.ours), "psql", "migrator", n=8, lineterm="")
        )


@pytest.fixture(scope="module")
def pair(server: MigratorPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    ours, plain = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("plain")
    with new_database(server, "ours", ours) as first, new_database(server, "plain", plain) as second:
        yield Pair(ours=first, plain=second)


def allowed(files: list[list[str]]) -> list[str]:
    """The scripts, with a comment before each statement that the plan would refuse."""
    scripts = [";\n".join(file) + ";\n" for file in files]
    plan = planner.make([Migration(name=f"{number:03}", sql=sql) for number, sql in enumerate(scripts, 1)])
    for number, migration in enumerate(plan.migrations):
        lines = scripts[number].splitlines()
        for statement in reversed(migration.statements):
            for hazard in statement.refusals:
                lines.insert(statement.line - 1, f"-- migrator: allow {hazard.code} because it is a test")
        scripts[number] = "\n".join(lines) + "\n"
    return scripts


def dump(database: OwnedDatabase) -> list[str]:
    """The schema's definition without the ledger, and without pg_dump's random key."""
    text = program(database, "pg_dump", "--schema-only", "--exclude-table=_prisma_migrations")
    return [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


def program(database: OwnedDatabase, name: str, *arguments: str) -> str:
    """What a program of the system's PostgreSQL prints about a database."""
    environment = {**os.environ, **database.environment, "PGSSLMODE": "verify-full"}
    done = subprocess.run(
        [SYSTEM / name, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def end_sessions(database: OwnedDatabase) -> None:
    """Ends the migrator's sessions, and waits until they have ended, up to 5 s each."""
    with Session(Server.read(database.server.environment("postgres"))) as admin:
        admin.rows(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name",
            name=database.name,
        )


@contextmanager
def cut_off(database: OwnedDatabase, call: int, moment: str) -> Iterator[list[str]]:
    """Ends the runner's session `before`, `during` or `after` its nth statement, which the list then has."""
    run, calls, cut = native.Connection.run, count(1), []

    def run_and_cut(connection: native.Connection, sql: str, **parameters: Any) -> Any:
        if threading.current_thread() is not threading.main_thread() or next(calls) != call:
            return run(connection, sql, **parameters)
        if moment == "after":
            run(connection, sql, **parameters)
        cut.append(sql)
        ending = threading.Thread(target=end_sessions, args=(database,))
        ending.start()
        if moment != "during":
            ending.join()
        try:
            return run(connection, sql, **parameters)
        finally:
            ending.join()

    with patch.object(native.Connection, "run", run_and_cut):
        yield cut


BRIEF = settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink a folder would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)


@BRIEF
@given(files=folders())
def test_any_folder_ends_as_psql_makes_it(pair: Pair, files: list[list[str]]) -> None:
    """Compared by pg_dump; a second run changes nothing."""
    pair.write(files)
    pair.run_psql()
    pair.run_ours()
    assert pair.difference() == ""
    pair.run_ours()
    assert pair.difference() == ""


@BRIEF
@given(
    files=folders(),
    cuts=st.lists(
        st.tuples(st.integers(1, 90), st.sampled_from(["before", "during", "after"])), min_size=1, max_size=3
    ),
)
def test_a_run_that_is_cut_off_ends_the_same_when_it_is_run_again(
    pair: Pair, files: list[list[str]], cuts: list[tuple[int, str]]
) -> None:
    """Before, while and after any statement that reaches the server, several times over."""
    pair.write(files)
    pair.run_psql()
    for call, moment in cuts:
        with cut_off(pair.ours, call, moment) as cut:
            code = pair.ours.run_here("apply").returncode
        if cut and moment != "during":  # the statement may have been quicker
            assert code in (ConnectionFailed.exit_code, MigratorError.exit_code)
    pair.run_ours()
    assert pair.difference() == ""
    unfinished = (
        "SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL"
    )
    assert pair.ours.value(unfinished) == 0


LEFT_OUT = [
    "ALTER TABLE t ADD COLUMN c text",
    "CREATE UNIQUE INDEX j ON t (b) WHERE b > 1",
    "DROP INDEX i",
    "ALTER TABLE t ALTER COLUMN b SET DEFAULT 3",
    "COMMENT ON COLUMN t.b IS 'so'",
]


@pytest.mark.parametrize("left_out", LEFT_OUT)
def test_a_statement_left_out_is_noticed(pair: Pair, left_out: str) -> None:
    """Else the comparison of the tests above would prove nothing."""
    base = ["CREATE TABLE t (a int, b int)", "CREATE INDEX i ON t (a)"]
    pair.write([base, LEFT_OUT])
    pair.run_psql()
    pair.ours.write("002", ";\n".join(statement for statement in LEFT_OUT if statement != left_out))
    pair.run_ours()
    assert pair.difference() != ""
