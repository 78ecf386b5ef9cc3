"""Applying a folder to a real PostgreSQL: what runs, what is recorded, what is said."""

from __future__ import annotations

import re

from migrator.folder import checksum
from tests.migrator.conftest import OwnedDatabase

BASE = """\
CREATE TABLE "Member" (
  id serial PRIMARY KEY, "churchId" int NOT NULL, "optInSms" boolean, "createdAt" timestamptz
);
INSERT INTO "Member" ("churchId", "optInSms") SELECT n % 7, n % 2 = 0 FROM generate_series(1, 1000) n;
"""


INDEXES = """\
-- CreateIndex; for SMS segmentation
CREATE INDEX IF NOT EXISTS "Member_churchId_optInSms_idx" ON "Member"("churchId", "optInSms");
CREATE INDEX IF NOT EXISTS "Member_createdAt_idx" ON "Member"("createdAt");
"""


LEDGER = "SELECT migration_name, checksum, finished_at IS NOT NULL, rolled_back_at, logs, applied_steps_count"


def seconds_removed(text: str) -> list[str]:
    return [re.sub(r"[\d.]+ s$", "N s", line) for line in text.splitlines()]


def test_a_fresh_database_gets_everything_in_order(database: OwnedDatabase) -> None:
    """Each step is a line, and the indexes end valid: plain ones, since no app knows the tables yet."""
    database.write("1_base", BASE)
    database.write("2_indexes", INDEXES)
    assert seconds_removed(database.apply()) == [
        "1_base 1–2/2 1 CREATE TABLE, 1 INSERT INTO committed N s",
        '2_indexes 1/2 CREATE INDEX IF NOT EXISTS "Member_churchId_optInSms_idx" '
        'ON "Member"("churchId", "optInSms") committed N s',
        '2_indexes 2/2 CREATE INDEX IF NOT EXISTS "Member_createdAt_idx" ON "Member"("createdAt") '
        "committed N s",
        "migrations: 2 applied now, 0 before",
        "2 of 2 promised indexes are valid",
    ]


def test_the_ledger_reads_as_prismas(database: OwnedDatabase) -> None:
    """The rows and the columns are those that `prisma migrate deploy` leaves, but for a line in `logs`."""
    database.write("1_base", BASE)
    database.write("2_indexes", INDEXES)
    database.apply()
    rows = database.rows(f"{LEDGER} FROM _prisma_migrations ORDER BY started_at")
    assert [row[:4] + row[5:] for row in rows] == [
        ["1_base", checksum(BASE), True, None, 1],
        ["2_indexes", checksum(INDEXES), True, None, 1],
    ]
    assert all(re.fullmatch("migrator: tokens [0-9a-f]{64}", row[4]) for row in rows)
    columns = database.rows(
        """SELECT column_name, data_type, character_maximum_length, is_nullable, column_default
           FROM information_schema.columns WHERE table_name = '_prisma_migrations'
           ORDER BY ordinal_position"""
    )
    assert columns == [
        ["id", "character varying", 36, "NO", None],
        ["checksum", "character varying", 64, "NO", None],
        ["finished_at", "timestamp with time zone", None, "YES", None],
        ["migration_name", "character varying", 255, "NO", None],
        ["logs", "text", None, "YES", None],
        ["rolled_back_at", "timestamp with time zone", None, "YES", None],
        ["started_at", "timestamp with time zone", None, "NO", "now()"],
        ["applied_steps_count", "integer", None, "NO", "0"],
    ]


def test_a_plan_of_a_database_shows_what_is_pending_and_how_large_its_tables_are(
    database: OwnedDatabase,
) -> None:
    """Rows and bytes as the statistics have them; without a database, all that the folder holds."""
    database.write("1_base", BASE)
    database.apply()
    database.rows('ANALYZE "Member"')
    database.write("2_indexes", INDEXES)
    shown = database.run("plan").stdout.splitlines()
    assert shown[0] == "1 migration, 2 statements: 2 online"
    assert shown[3:5] == [
        '  1  online       CREATE INDEX IF NOT EXISTS "Member_churchId_optInSms_idx" ON "Member"("churchId", '
        '"optInSms")',
        '       "Member" (1,000 rows, 72 kB): SHARE UPDATE EXCLUSIVE, blocks schema changes only',
    ]
    assert shown[2].startswith("2_indexes (sha256 ")
    assert database.run("plan", PGHOST="").stdout.splitlines()[2].startswith("1_base (sha256 ")


def test_a_plan_of_a_new_database_refuses_nothing(database: OwnedDatabase) -> None:
    """As a run would: what is refused on tables in use is counted, and refused where they are in use."""
    database.write("1_base", BASE)
    database.write("2_drop", 'ALTER TABLE "Member" DROP COLUMN id;')
    new = database.run("plan").stdout.splitlines()
    assert new[0].endswith("in transactions")
    assert new[1] == "1 more would be refused on tables in use; here nobody would miss anything"
    (database.folder / "2_drop" / "migration.sql").write_text("SELECT 1;")
    database.apply()
    database.write("3_drop", 'ALTER TABLE "Member" DROP COLUMN id;')
    used = database.run("plan").stdout.splitlines()
    assert used[0] == "1 migration, 1 statement: 1 refused"
    assert used[2] == "migration 3_drop, statement 1 (line 1) is refused (drop-column)"


def test_applying_again_does_nothing(database: OwnedDatabase) -> None:
    """A second run changes no row of the ledger."""
    database.write("1_base", BASE)
    database.apply()
    before = database.rows("SELECT * FROM _prisma_migrations")
    assert database.apply().splitlines() == [
        "migrations: 0 applied now, 1 before",
        "0 of 0 promised indexes are valid",
    ]
    assert database.rows("SELECT * FROM _prisma_migrations") == before


def test_a_mixed_file_runs_in_its_order(database: OwnedDatabase) -> None:
    """Index statements leave the transaction, and see what came before them."""
    database.write("1_base", BASE)
    database.apply()
    database.write(
        "2_mixed",
        """ALTER TABLE "Member" ADD COLUMN email text;
           CREATE UNIQUE INDEX "Member_email_key" ON "Member"(email) INCLUDE (id) WHERE email <> ';';
           UPDATE "Member" SET email = id || '@example.org' WHERE id > 0;
           DROP INDEX "Member_email_key";
           DO $$ BEGIN PERFORM 1; END $$;
           CREATE INDEX "Member_lower_email_idx" ON ONLY public."Member" USING btree (lower(email) DESC);""",
    )
    assert seconds_removed(database.apply())[:6] == [
        '2_mixed 1/6 ALTER TABLE "Member" ADD COLUMN email text committed N s',
        '2_mixed 2/6 CREATE INDEX "Member_email_key" online done N s',
        "2_mixed 3/6 UPDATE \"Member\" SET email = id || '@example.org' WHERE id > 0 committed N s",
        '2_mixed 4/6 DROP INDEX "Member_email_key" online done N s',
        "2_mixed 5/6 DO $$ BEGIN PERFORM 1; END $$ committed N s",
        '2_mixed 6/6 CREATE INDEX "Member_lower_email_idx" online done N s',
    ]


def test_a_failed_statement_is_recorded_and_resumed(database: OwnedDatabase) -> None:
    """What precedes it stays; the mended file goes on from there; the failed attempt stays in the ledger."""
    database.write("1_base", BASE)
    database.apply()
    good = 'CREATE INDEX "a" ON "Member"("churchId");\n'
    database.write(
        "2_more", good + 'ALTER TABLE "Member" ADD COLUMN x int;\nALTER TABLE "Membr" ADD COLUMN y int;'
    )
    failed = database.run("apply")
    assert failed.returncode == 9
    assert failed.stderr == (
        "StatementFailed: migration 2_more, statement 3 (line 3) failed\n"
        '  ALTER TABLE "Membr" ADD COLUMN y int\n'
        'ERROR: relation "Membr" does not exist (SQLSTATE 42P01)\n'
        "Statements 1 to 1 are applied and stay: mend the file from statement 2 on and run again\n"
    )
    log, count = database.rows(
        "SELECT logs, applied_steps_count FROM _prisma_migrations WHERE finished_at IS NULL"
    )[0]
    assert count == 1
    assert 'ERROR: relation "Membr" does not exist (SQLSTATE 42P01)' in log

    database.write(
        "2_more", good + 'ALTER TABLE "Member" ADD COLUMN x int;\nALTER TABLE "Member" ADD COLUMN y int;'
    )
    assert seconds_removed(database.apply())[:2] == [
        "2_more resumes after statement 1",
        "2_more 2–3/3 2 ALTER TABLE committed N s",
    ]
    assert database.rows(
        """SELECT finished_at IS NOT NULL, rolled_back_at IS NOT NULL FROM _prisma_migrations
           WHERE migration_name = '2_more' ORDER BY started_at"""
    ) == [[False, True], [True, False]]


def test_the_applied_part_of_a_failed_file_must_not_change(database: OwnedDatabase) -> None:
    """Else nobody could tell what the database holds."""
    database.write("1_base", BASE + 'CREATE INDEX CONCURRENTLY "a" ON "Member"(id); SELECT 1/0;')
    assert database.run("apply").returncode == 9
    database.write("1_base", BASE + 'CREATE INDEX CONCURRENTLY "b" ON "Member"(id); SELECT 1;')
    refused = database.run("apply")
    assert refused.returncode == 7
    assert refused.stderr == (
        "AppliedStatementsChanged: migration 1_base stopped after 3 statements, "
        "and these were changed since: "
        "restore the first 3 statements as they were applied, and mend the file after them\n"
    )


def test_an_older_release_runs_nothing_backwards(database: OwnedDatabase) -> None:
    """A migration that only a newer release knows is left as it is."""
    database.write("1_base", BASE)
    database.write("2_indexes", INDEXES)
    database.apply()
    (database.folder / "2_indexes" / "migration.sql").unlink()
    (database.folder / "2_indexes").rmdir()
    assert database.apply().splitlines()[0] == "migrations: 0 applied now, 1 before"
    status = database.run("status").stdout
    assert "2_indexes  applied" in status
    assert "(by another release)" in status
    assert database.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'Member'") == 3


def test_a_migration_that_prisma_failed_is_begun_again(database: OwnedDatabase) -> None:
    """Prisma rolls a failed file back whole, so it starts at its first statement."""
    database.write("1_base", BASE)
    database.apply()
    database.rows(
        """INSERT INTO _prisma_migrations (id, checksum, migration_name, logs)
           VALUES (gen_random_uuid(), 'x', '2_indexes', 'A migration failed to apply.')"""
    )
    database.write("2_indexes", INDEXES)
    assert "2_indexes 1/2" in database.apply()


def test_an_abandoned_migration_is_told(database: OwnedDatabase) -> None:
    """One that another release began stays as it is, and nobody has to guess."""
    database.write("1_base", BASE)
    database.write("2_bad", "SELECT 1/0;")
    assert database.run("apply").returncode == 9
    (database.folder / "2_bad" / "migration.sql").unlink()
    (database.folder / "2_bad").rmdir()
    assert "2_bad was begun by another release and is not in this one: left as it is" in database.apply()


def test_a_new_enum_value_can_be_used_by_the_next_statement(database: OwnedDatabase) -> None:
    """PostgreSQL wants its transaction committed first; in one transaction the file fails."""
    database.write("1_base", "CREATE TYPE kind AS ENUM ('a'); CREATE TABLE t (k kind);")
    database.write("2_value", "ALTER TYPE kind ADD VALUE 'b'; ALTER TABLE t ALTER k SET DEFAULT 'b';")
    assert "2_value 2/2" in database.apply()


def test_verify_names_what_is_missing_or_invalid(database: OwnedDatabase) -> None:
    """The exit code is 1, and each index is named."""
    database.write("1_base", BASE)
    database.write("2_indexes", INDEXES)
    database.apply()
    assert database.run("verify").stdout == "2 of 2 promised indexes are valid\n"
    database.rows('DROP INDEX "Member_createdAt_idx"')
    found = database.run("verify")
    assert found.returncode == 1
    assert found.stderr == (
        'IndexesMissing: "Member_createdAt_idx" on "Member" is missing\n'
        'If it shall be gone, say so: DROP INDEX IF EXISTS "Member_createdAt_idx"; '
        "in a new migration, or in a queries.sql\n"
        '  -- dropped: "Member_createdAt_idx" because <reason>\n'
        "If not, make it again with a new migration\n"
    )


def test_prismas_change_of_an_enum_runs_in_a_fresh_database(database: OwnedDatabase) -> None:
    """Prisma wraps it in BEGIN and COMMIT; where tables are empty and nobody is there, it hurts nobody."""
    database.write("1_base", """CREATE TYPE "Role" AS ENUM ('A', 'B'); CREATE TABLE "User" (role "Role");""")
    database.write(
        "2_enum",
        """-- AlterEnum
BEGIN;
CREATE TYPE "Role_new" AS ENUM ('A');
ALTER TABLE "User" ALTER COLUMN "role" TYPE "Role_new" USING ("role"::text::"Role_new");
ALTER TYPE "Role" RENAME TO "Role_old";
ALTER TYPE "Role_new" RENAME TO "Role";
DROP TYPE "Role_old";
COMMIT;
""",
    )
    assert (
        "2_enum 1–5/5 1 CREATE TYPE, 1 ALTER TABLE, 2 ALTER TYPE, 1 DROP TYPE committed" in database.apply()
    )
    assert database.value('SELECT enum_range(NULL::"Role")::text') == "{A}"
