"""Hazards in a folder that is applied to a real PostgreSQL."""

from __future__ import annotations

from tests.migrator.conftest import OwnedDatabase
from tests.migrator.test_apply import BASE


def test_hazards_are_refused_before_anything_runs(database: OwnedDatabase) -> None:
    """The refusal names the statement and the safe way; what is pending before it waits too."""
    database.write("1_base", BASE)
    database.apply()
    database.write("2_harmless", 'CREATE INDEX "h" ON "Member"(id);')
    database.write("3_drop", 'ALTER TABLE "Member" DROP COLUMN "optInSms";')
    refused = database.run("apply")
    assert refused.returncode == 8
    assert refused.stderr == (
        "Refused: migration 3_drop, statement 1 (line 1) is refused (drop-column)\n"
        '  ALTER TABLE "Member" DROP COLUMN "optInSms"\n'
        'servers that still run read "Member"."optInSms" until they are replaced\n'
        "Release an app that no longer uses it, then drop it with the next release;\n"
        "or with that one, after its rollout: say before the statement, too: -- migrator: after verified\n"
        "If it must be, say why before the statement: -- migrator: allow drop-column because <reason>\n"
    )
    assert database.value("SELECT to_regclass('h')") is None
    database.write(
        "3_drop",
        "-- migrator: allow drop-column because no server reads it since 2.3\n"
        'ALTER TABLE "Member" DROP COLUMN "optInSms";',
    )
    database.apply()


def test_a_new_database_takes_a_whole_history_with_its_hazards(database: OwnedDatabase) -> None:
    """What is not there yet is nobody's: an old DROP COLUMN cannot hurt, what can never run is refused."""
    database.write(
        "1_base", BASE + "CREATE TYPE mood AS ENUM ('so'); CREATE MATERIALIZED VIEW v AS SELECT 1;"
    )
    database.write("2_drop", 'ALTER TABLE "Member" DROP COLUMN "optInSms"; ALTER TYPE mood RENAME TO temper;')
    database.write("3_begin", "BEGIN;")
    refused = database.run("apply")
    assert (refused.returncode, refused.stderr.count("is refused")) == (8, 1)
    database.write("3_begin", "REFRESH MATERIALIZED VIEW v;")
    assert "migrations: 3 applied now" in database.apply()
    database.write("4_rename", "ALTER TYPE temper RENAME TO mood;")
    assert database.run("apply").returncode == 8


def test_a_view_that_nobody_can_read_yet_may_be_refreshed(database: OwnedDatabase) -> None:
    """It was made without its rows."""
    database.write("1_base", "CREATE MATERIALIZED VIEW v AS SELECT 1 WITH NO DATA;")
    database.apply()
    database.write("2_refresh", "REFRESH MATERIALIZED VIEW v;")
    assert "migrations: 1 applied now" in database.apply()


def test_an_empty_table_is_safe_only_while_nobody_is_connected(database: OwnedDatabase) -> None:
    """An interrupted first deployment goes on; an app that reads an empty table is not hurt."""
    database.write("1_base", 'CREATE TABLE "Member" (id int, "optInSms" boolean);')
    database.apply()
    database.write("2_drop", 'ALTER TABLE "Member" DROP COLUMN "optInSms";')
    server = database.session()
    assert database.run("apply").returncode == 8
    server.__exit__()
    assert "migrations: 1 applied now" in database.apply()
