"""Migrations that only their tool can run: applied ones are taken as applied, new ones are SQL."""

from __future__ import annotations

import json

from testkit.migration_tools import KNEX, NODE_PG_MIGRATE
from tests.migrator.conftest import OwnedDatabase

TABLE = "CREATE TABLE a (id int PRIMARY KEY, x text)"


def test_a_history_of_knex_goes_on_in_sql(database: OwnedDatabase) -> None:
    """Knex sees nothing pending, and nothing missing."""
    KNEX.write(database.folder, (TABLE,))
    (database.folder / "20260201000000_index.sql").write_text("CREATE INDEX a_x_idx ON a (x);")
    refused = database.run("apply")
    assert refused.returncode == 4
    assert refused.stderr == (
        "FolderError: migration 20260100000000_step is pending, and it is JavaScript, which only Knex can "
        "run: `npx knex migrate:latest` first\n"
    )
    KNEX.run(KNEX.up, database.folder, database.environment)
    assert "migrations: 1 applied now, 1 before" in database.apply()
    listed = KNEX.run((*KNEX.up[:-1], "list"), database.folder, database.environment)
    assert json.loads(listed) == {"done": ["20260100000000_step.js"], "pending": []}


def test_scripts_of_node_pg_migrate_go_on_in_sql(database: OwnedDatabase) -> None:
    """In one folder, and in the order of their numbers."""
    (database.folder / "1_a.js").write_text(
        "exports.up = (pgm) => pgm.createTable('a', { id: 'id', x: { type: 'text' } });\n"
    )
    NODE_PG_MIGRATE.run(NODE_PG_MIGRATE.up, database.folder, database.environment)
    (database.folder / "10_c.sql").write_text("-- Up Migration\nCREATE INDEX a_x_idx ON a (x);\n")
    (database.folder / "9_b.sql").write_text("-- Up Migration\nALTER TABLE a ADD COLUMN y int;\n")
    assert "migrations: 2 applied now, 1 before" in database.apply()
    NODE_PG_MIGRATE.run(NODE_PG_MIGRATE.up, database.folder, database.environment)
    assert database.rows(NODE_PG_MIGRATE.books) == [["1_a"], ["9_b"], ["10_c"]]
