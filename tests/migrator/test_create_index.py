"""Each form that PostgreSQL's CREATE INDEX page allows: what is built online is what plain SQL builds.

A version's forms are built in one database: by the migrator in the schema `public`, by plain SQL in `twin`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from migrator.postgres import Session
from migrator.settings import Server
from testkit.postgres_server import MigratorPostgres
from tests.migrator.conftest import MASTER, OwnedDatabase, new_database
from tests.migrator.index_forms import FORMS, FUNCTIONS, TABLES

DESCRIPTION = """
WITH RECURSIVE tree AS (
  SELECT CAST(to_regclass('{schema}.{index}') AS oid) AS oid, CAST(NULL AS oid) AS parent
  UNION ALL SELECT inhrelid, inhparent FROM pg_inherits JOIN tree ON inhparent = tree.oid
)
SELECT c.relname, i.indisvalid, i.indisready, p.relname, s.spcname, c.reloptions,
       replace(pg_get_indexdef(c.oid), '{schema}.', '')
FROM tree JOIN pg_index i ON i.indexrelid = tree.oid JOIN pg_class c ON c.oid = tree.oid
LEFT JOIN pg_class p ON p.oid = tree.parent LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace ORDER BY 1
"""


FILES = """
SELECT relid, pg_relation_filenode(relid) FROM pg_partition_tree(to_regclass('{index}')) WHERE isleaf
UNION SELECT to_regclass('{index}'), pg_relation_filenode(to_regclass('{index}')) ORDER BY 1
"""


@dataclass(kw_only=True, slots=True)
class Built:
    """A version's forms, built by the migrator and by plain SQL. By migration: what was said, and errors."""

    database: OwnedDatabase
    session: Session
    printed: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    files: dict[str, list[list[Any]]] = field(default_factory=dict)

    def apply(self) -> None:
        """Applies the folder; what cannot be applied is recorded and taken out of it."""
        printed = ""
        while (done := self.database.run_here("apply")).returncode:
            printed += done.stdout
            failed = re.search(r"migration (\w+), statement", done.stderr)
            assert failed, done.stderr
            self.errors[failed[1]] = done.stderr
            shutil.rmtree(self.database.folder / failed[1])
        self.printed.append(printed + done.stdout)

    def description(self, schema: str, form: str) -> list[list[Any]]:
        """The form's index, and those of partitions that belong to it."""
        return self.session.run(DESCRIPTION.format(schema=schema, index=form))

    def files_of(self, form: str) -> list[list[Any]]:
        """Which files the form's index is in: an index that is built again gets new ones."""
        return self.session.run(FILES.format(index=form))


@contextmanager
def indexspace(server: MigratorPostgres) -> Iterator[None]:
    """The page's tablespace. It lies in the cluster's folder, where no replica could start with it."""
    with Session(Server.read(server.environment("postgres"))) as admin:
        admin.run("SET allow_in_place_tablespaces = on")
        admin.run(f"CREATE TABLESPACE indexspace OWNER {MASTER} LOCATION ''")
        try:
            yield
        finally:
            admin.run("DROP TABLESPACE indexspace")


@pytest.fixture(scope="module")
def built(server: MigratorPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("forms")
    with indexspace(server), new_database(server, "create_index", folder) as database:
        plain = database.session()
        plain.run(f"{FUNCTIONS}{TABLES} CREATE SCHEMA twin; SET search_path = twin, public; {TABLES}")
        for form, sql in FORMS.items():
            plain.run(sql.format(form).replace(" CONCURRENTLY", "").replace("public.", "twin."))
            database.write(form, sql.format(form))
        built = Built(database=database, session=database.session())
        built.apply()
        built.apply()
        for form, sql in FORMS.items():
            built.files[form] = built.files_of(form)
            condition = "" if "if not exists" in sql.lower() else "IF NOT EXISTS "
            database.write(f"same_{form}", sql.format(condition + form))
        built.apply()
        yield built


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_built_online_as_plain_sql_builds_it(built: Built, form: str) -> None:
    """Definition, parameters, tablespace, validity, and for each partition the name and its parent."""
    assert built.errors.get(form) is None
    description = built.description("public", form)
    assert description
    assert description == built.description("twin", form)


@pytest.mark.parametrize("form", FORMS)
def test_if_not_exists_leaves_the_same_form_alone(built: Built, form: str) -> None:
    """It is recognised as the same index, and no part of it is built again."""
    assert built.errors.get(f"same_{form}") is None
    assert f'same_{form} 1/1 CREATE INDEX "{form}" online is there already' in built.printed[2]
    assert built.files[form] == built.files_of(form)


def test_forms_that_are_applied_are_not_applied_again(built: Built) -> None:
    """The second run has nothing to do."""
    assert built.errors == {}
    assert f"migrations: {len(FORMS)} applied now, 0 before" in built.printed[0]
    assert built.printed[1].startswith(f"migrations: 0 applied now, {len(FORMS)} before")


def test_partitions_can_be_indexed_by_hand(database: OwnedDatabase) -> None:
    """As the page's notes say: ON ONLY makes an index that is valid once each partition's is attached."""
    database.write("1_base", TABLES)
    database.write(
        "2_by_hand",
        """CREATE INDEX notes ON ONLY by_range (note);
           CREATE INDEX notes_old ON by_range_old (note);
           ALTER INDEX notes ATTACH PARTITION notes_old;
           CREATE INDEX notes_new ON by_range_new (note);
           ALTER INDEX notes ATTACH PARTITION notes_new;""",
    )
    done = database.run_here("apply")
    assert (done.returncode, done.stderr) == (0, "")
    assert database.rows(
        """SELECT CAST(relid AS regclass)::text, CAST(parentrelid AS regclass)::text, indisvalid
           FROM pg_partition_tree('notes') JOIN pg_index ON indexrelid = relid ORDER BY 1"""
    ) == [["notes", None, True], ["notes_new", "notes", True], ["notes_old", "notes", True]]
