"""A database that has the schema already is taken over when it is what the files make."""

from __future__ import annotations

import pytest

from tests.migrator.conftest import OwnedDatabase

HISTORY = {
    "1_a": """CREATE TYPE mood AS ENUM ('a', 'b'); CREATE SCHEMA app; CREATE EXTENSION pg_trgm;
        CREATE TABLE t (id serial PRIMARY KEY, m mood NOT NULL DEFAULT 'a', n numeric(10, 2) CHECK (n > 0));
        CREATE TABLE app.u (t_id int REFERENCES t ON DELETE CASCADE, x text COLLATE "C",
                            g int GENERATED ALWAYS AS IDENTITY);
        CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a';
        CREATE VIEW v AS SELECT id FROM t; CREATE MATERIALIZED VIEW w AS SELECT id FROM t;
        CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p_1 PARTITION OF p DEFAULT;
        CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g();
        CREATE POLICY o ON t FOR SELECT USING (id > 0);""",
    "2_b": "CREATE INDEX t_n_idx ON t (n) WHERE n > 1; CREATE INDEX p_a_idx ON p (a);",
}
# Each with a line that tells the difference.
CHANGES = {
    "DROP INDEX t_n_idx": "- index public.t_n_idx CREATE INDEX t_n_idx ON public.t USING btree (n) WH",
    "CREATE INDEX more ON t (id, n)": "+ index public.more CREATE INDEX more ON public.t USING btree (",
    "ALTER TABLE t ALTER n TYPE numeric(12, 2)": "+ column public.t.n numeric(12,2)",
    "ALTER TABLE t ALTER m DROP DEFAULT": "- column public.t.m public.mood NOT NULL DEFAULT 'a'::",
    "ALTER TABLE t DROP CONSTRAINT t_n_check": "- constraint t_n_check on public.t CHECK ((n > ",
    "ALTER TABLE app.u DROP CONSTRAINT u_t_id_fkey": "- constraint u_t_id_fkey on app.u FOREIGN KEY (",
    "ALTER TYPE mood ADD VALUE 'c'": "+ type public.mood ENUM ('a', 'b', 'c')",
    "ALTER DOMAIN positive SET NOT NULL": "+ domain public.positive integer NOT NULL",
    "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'": "+ function public.f(",
    "DROP TRIGGER r ON t": "- trigger r on public.t CREATE TRIGGER r BEFORE INSERT",
    "DROP POLICY o ON t": "- policy o on public.t r (id > 0)",
    "DROP VIEW v": "- view public.v SELECT ",
    "ALTER SEQUENCE t_id_seq INCREMENT 2": "+ sequence public.t_id_seq integer from 1 to 2147483647 by 2",
    "CREATE TABLE other (a int)": "+ table public.other",
    "CREATE EXTENSION btree_gin": "+ extension btree_gin",
}


@pytest.fixture
def existing(database: OwnedDatabase) -> OwnedDatabase:
    """A database with the history's schema and rows, and no ledger."""
    for name, sql in HISTORY.items():
        database.write(name, sql)
        database.rows(sql)
    database.rows("INSERT INTO t (n) VALUES (1), (2)")
    return database


def test_a_schema_that_is_the_historys_is_recorded(existing: OwnedDatabase) -> None:
    """Nothing of it runs; what comes later does, and the scratch database is gone."""
    done = existing.run_here("baseline")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "2 migrations recorded as applied, 0 were before"
    existing.write("3_c", "ALTER TABLE t ADD COLUMN y int;")
    assert "migrations: 1 applied now, 2 before" in existing.run_here("apply").stdout
    assert existing.value("SELECT count(*) FROM t") == 2
    assert existing.rows("SELECT datname FROM pg_database WHERE datname LIKE 'migrator_baseline%'") == []


@pytest.mark.parametrize("change", CHANGES)
def test_each_difference_is_told_and_nothing_is_recorded(existing: OwnedDatabase, change: str) -> None:
    """Of whatever kind; the exit code is 14."""
    existing.rows(change)
    differs = existing.run_here("baseline")
    assert differs.returncode == 14
    assert CHANGES[change] in differs.stderr
    assert existing.value("SELECT to_regclass('_prisma_migrations')") is None


def test_migrations_that_are_not_there_yet_stay_pending(existing: OwnedDatabase) -> None:
    """With the last that is."""
    existing.rows("DROP INDEX t_n_idx; DROP INDEX p_a_idx")
    assert existing.run_here("baseline", "--to", "1_a").returncode == 0
    assert "migrations: 1 applied now, 1 before" in existing.run_here("apply").stdout


def test_a_difference_that_is_meant_is_recorded_with_its_reason(existing: OwnedDatabase) -> None:
    """In the ledger, where a later reader finds it."""
    existing.rows("CREATE TABLE other (a int)")
    done = existing.run_here("baseline", "--anyway", "the reports' own table")
    assert "+ table public.other\n" in done.stdout
    assert done.stdout.endswith("2 differences accepted: the reports' own table\n")
    logs = existing.value("SELECT string_agg(logs, ' ') FROM _prisma_migrations")
    assert logs.count("migrator: baseline: the reports' own table") == 2
    assert existing.run_here("apply").returncode == 0


def test_a_baseline_is_made_once(existing: OwnedDatabase) -> None:
    """A second one records nothing; an unknown name is refused."""
    existing.run_here("baseline")
    assert existing.run_here("baseline").stdout.splitlines()[-1] == (
        "0 migrations recorded as applied, 2 were before"
    )
    refused = existing.run_here("baseline", "--to", "nowhere")
    assert refused.returncode == 3
    assert refused.stderr == ("SettingsError: --to is 'nowhere', which is no migration: the newest is 2_b\n")


def test_a_history_that_does_not_run_is_told(existing: OwnedDatabase) -> None:
    """With its own error, and without a scratch database left."""
    existing.write("3_c", "ALTER TABLE nowhere ADD COLUMN y int;")
    failed = existing.run_here("baseline")
    assert failed.returncode == 9
    assert "migration 3_c, statement 1 (line 1) failed" in failed.stderr
    assert existing.rows("SELECT datname FROM pg_database WHERE datname LIKE 'migrator_baseline%'") == []
