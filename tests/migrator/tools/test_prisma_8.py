"""Prisma 8's history in `prisma_8`, as its own command planned it (8.0.0-rc.13), and what that recorded.

By hand, after the migrator: `prisma db migrate` said "Already up to date", `prisma db verify` "Database
marker and schema match contract", and the three tables had the rows of Prisma's own run.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from migrator.errors import FolderError
from migrator.tools import recognize
from tests.migrator.conftest import OwnedDatabase

INIT, POSTS = "20261130T2043_init", "20261130T2043_posts"
FIRST = "dfa963e2db9844be6574a7d42596fd208498106b5a5e1b48991acc26826ba7bb"
SECOND = "343f51c8ff1c04d45d47153f4062cd8da5ed5842f814f3b4ba59b8e04f6d7dab"
PROFILE = "3916f444a8a17ad749191acf9e08dad97d1a327b88c2f1d45d12f240296aa8b2"
LEDGER = [
    ["app", INIT, "4045b6afc8a0bfac5069929f523bc9b0989519f22e28af388bda017d14d3a4f7", "empty", FIRST, 3],
    ["app", POSTS, "df793b05d11ea401d50fd0775d84026afef9d89be33eeccd8a561041b58de891", FIRST, SECOND, 6],
]
LEDGER_ROWS = """SELECT space, migration_name, migration_hash, origin_core_hash, destination_core_hash,
    jsonb_array_length(operations) FROM prisma_contract.ledger ORDER BY id"""
MARKER = "SELECT space, core_hash, profile_hash, contract_json, invariants FROM prisma_contract.marker"


@pytest.fixture
def planned(database: OwnedDatabase) -> OwnedDatabase:
    """A database with the history beside it; its folder is that of the space `app`."""
    root = database.folder
    shutil.copytree(Path(__file__).parent / "prisma_8", root, dirs_exist_ok=True)
    database.folder = root / "app"
    return database


def allow(database: OwnedDatabase, **comments: list[str]) -> None:
    (database.folder / POSTS / "migrator.json").write_text(json.dumps(comments))


def test_the_rows_are_prismas(planned: OwnedDatabase) -> None:
    assert "migrations: 2 applied now, 0 before\n2 of 2 promised indexes are valid" in planned.apply()
    assert planned.rows(LEDGER_ROWS) == LEDGER
    assert planned.rows(MARKER) == [["app", SECOND, PROFILE, None, []]]
    assert planned.value("SELECT count(*) FROM prisma_contract.contract") == 2
    assert "migrations: 0 applied now, 2 before" in planned.apply()


def test_a_drop_is_refused_until_it_is_allowed(planned: OwnedDatabase) -> None:
    """Prisma runs it unasked."""
    posts = planned.folder / POSTS
    posts.rename(planned.folder.parent / POSTS)
    planned.apply()
    planned.rows("""INSERT INTO "User" (email, username) VALUES ('a', 'b')""")
    (planned.folder.parent / POSTS).rename(posts)
    refused = planned.run("apply")
    assert refused.returncode == 8
    assert f"migration {POSTS}, statement 1 (line 1) is refused (drop-column)" in refused.stderr
    allow(planned, **{"dropColumn.User.username": ["allow drop-column because nobody reads it"]})
    assert "migrations: 1 applied now, 1 before" in planned.apply()
    assert planned.rows(LEDGER_ROWS) == LEDGER


def test_a_marker_without_a_ledger_stands_for_what_leads_to_it(planned: OwnedDatabase) -> None:
    """As after `prisma db init` or `prisma db sign`."""
    planned.apply()
    planned.rows("DELETE FROM prisma_contract.ledger; DROP TABLE _migrator_migrations")
    assert "migrations: 0 applied now, 2 before" in planned.apply()
    planned.rows(f"UPDATE prisma_contract.marker SET core_hash = '{FIRST}'; DROP TABLE _migrator_migrations")
    assert planned.run("status").stdout.splitlines()[1].endswith("pending")


def test_parameters_become_literals(planned: OwnedDatabase) -> None:
    """A data migration's values, with quotes of both kinds."""
    script = planned.folder / POSTS / "ops.json"
    step = {"sql": 'INSERT INTO "User" (email, name) VALUES ($1, $2)', "params": ["it's $2", 'a "b" \\ c']}
    operations = json.loads(script.read_text())
    script.write_text(
        json.dumps([*operations, {"id": "data.x", "operationClass": "data", "execute": [step]}])
    )
    planned.apply()
    assert planned.rows('SELECT email, name FROM "User"') == [["it's $2", 'a "b" \\ c']]


def test_what_is_no_chain_is_told(planned: OwnedDatabase) -> None:
    allow(planned, **{"dropColumn.User.other": ["allow drop-column because x"]})
    with pytest.raises(FolderError, match=r"names dropColumn.User.other, which ops.json has not"):
        recognize.read(planned.folder)
    (planned.folder / POSTS / "migrator.json").unlink()
    shutil.copytree(planned.folder / POSTS, planned.folder / "fork")
    with pytest.raises(FolderError, match=f"{POSTS} and fork both begin at the contract {FIRST[:12]}"):
        recognize.read(planned.folder)
    shutil.rmtree(planned.folder / "fork")
    shutil.rmtree(planned.folder / INIT)
    assert [migration.name for migration in recognize.read(planned.folder)[1]] == [POSTS]
    package = json.loads((planned.folder / POSTS / "migration.json").read_text())
    (planned.folder / POSTS / "migration.json").write_text(json.dumps({**package, "from": package["to"]}))
    with pytest.raises(FolderError, match="its migrations are no chain"):
        recognize.read(planned.folder)
