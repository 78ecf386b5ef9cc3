"""Named queries against a real PostgreSQL: whether they use their indexes, by how much these help."""

from __future__ import annotations

import re

import pytest

from testkit.waiting import eventually
from tests.migrator.conftest import OwnedDatabase
from tests.migrator.members import (
    INDEX,
    LARGE,
    MEMBERS,
    OTHER_INDEX,
    QUERY,
    apply,
    figures_removed,
    with_index,
    with_members,
)

NOT_USED = """\
IndexesUnused: query "SMS segmentation" (2_index/queries.sql, line 4) does not use \
"Member_churchId_optInSms_idx"
  plan: {}
{} replace "Member_churchId_optInSms_idx" by one that fits the query with a new migration, or take it out of \
`-- uses:`
"""


def test_a_query_is_compared_before_and_after_its_index(database: OwnedDatabase) -> None:
    """The table tells medians, gain, rows and plans, and which parameters' plans use the index."""
    with_members(database, rows=LARGE)
    with_index(database)
    printed = apply(database)
    assert figures_removed(printed)[2:] == [
        "1 of 1 promised indexes are valid",
        "query                   before           now     faster        rows",
        "SMS segmentation ms ms %          15",
        '  before: Seq Scan on "Member"',
        '  now:    Bitmap Index Scan by "Member_churchId_optInSms_idx"',
        '  "Member_churchId_optInSms_idx" is used with 3 of 3 parameter rows',
    ]
    faster = re.search(r"(\S+) %", printed)
    assert faster
    assert 30 < float(faster[1]) < 100


def test_verify_tells_how_the_queries_run_now(database: OwnedDatabase) -> None:
    """Nothing was measured before; the exit code is 0."""
    with_members(database, rows=LARGE)
    with_index(database)
    apply(database)
    verified = database.run_here("verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert figures_removed(verified.stdout)[2] == "SMS segmentation             – ms          –          15"


def test_a_promised_index_that_is_not_used_fails(database: OwnedDatabase) -> None:
    """The error names query, index, plan and the way out; the migration stays applied."""
    with_members(database, rows=LARGE)
    with_index(database, OTHER_INDEX)
    applied = database.run_here("apply")
    assert applied.returncode == 1
    remedy = 'Run ANALYZE "Member" and verify again; if that is not it,'
    assert applied.stderr == NOT_USED.format('Seq Scan on "Member"', remedy)
    assert '  "Member_churchId_optInSms_idx" is NOT used' in applied.stdout
    assert database.run_here("verify").returncode == 1
    assert database.value("SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NULL") == 0


def test_a_small_table_is_not_blamed_for_being_read_whole(database: OwnedDatabase) -> None:
    """The index must be usable where reading the whole is ruled out."""
    with_members(database, rows=100)
    with_index(database)
    printed = apply(database)
    assert '  now:    Seq Scan on "Member"' in printed
    assert '"Member_churchId_optInSms_idx" is usable; the table is too small to judge more' in printed


def test_an_index_that_cannot_serve_fails_on_a_small_table_too(database: OwnedDatabase) -> None:
    """So a wrong column is found before there is a large table."""
    with_members(database, rows=100)
    with_index(database, OTHER_INDEX)
    applied = database.run_here("apply")
    assert applied.returncode == 1
    assert applied.stderr == NOT_USED.format(
        'Seq Scan on "Member"', "Even with enable_seqscan = off it cannot:"
    )


@pytest.mark.parametrize("rows", [0, LARGE])
def test_without_parameters_nothing_fails(database: OwnedDatabase, rows: int) -> None:
    """A partial index cannot be judged while no value is known."""
    with_members(database, rows=rows)
    index = 'CREATE INDEX "Member_churchId_optInSms_idx" ON "Member" ("churchId") WHERE "optInSms";'
    with_index(database, index, QUERY.replace("id < 4", "id < 0"))
    printed = apply(database)
    assert "SMS segmentation             –             –          –           –" in printed
    assert '"Member_churchId_optInSms_idx" is not judged: `-- parameters:` gives no rows yet' in printed


def test_another_index_may_serve_a_small_table(database: OwnedDatabase) -> None:
    """The planner's choice between two that cost the same is no failure."""
    with_members(database, rows=100)
    index = 'CREATE INDEX "other" ON "Member" ("churchId", "optInSms") INCLUDE (id);'
    query = QUERY.replace("SELECT *", "SELECT id").replace('_idx"', '_idx", other')
    with_index(database, INDEX + index, query)
    printed = apply(database)
    assert '"other" is usable; the table is too small to judge more' in printed
    assert "is not judged: the table is small, another index serves" in printed


def test_what_is_not_there_is_not_measured(database: OwnedDatabase) -> None:
    """A migration that makes table and index has no time before."""
    with_index(database, MEMBERS + INDEX)
    printed = apply(database)
    assert "  before:" not in printed
    assert '"Member_churchId_optInSms_idx" is used' in printed


def test_figures_survive_a_failure(database: OwnedDatabase) -> None:
    """The next run compares with what was before the first; then the ledger is as Prisma's."""
    with_members(database, rows=LARGE)
    with_index(database, INDEX + "SELECT 1/0;")
    assert database.run_here("apply").returncode == 9
    kept = database.value("SELECT logs FROM _prisma_migrations WHERE finished_at IS NULL")
    assert re.search(r'^migrator: before \{".*"milliseconds": [\d.]+.*$', kept, re.MULTILINE)
    database.write("2_index", INDEX + "SELECT 1;")
    printed = apply(database)
    assert '  before: Seq Scan on "Member"' in printed
    assert '  now:    Bitmap Index Scan by "Member_churchId_optInSms_idx"' in printed
    logs = database.rows("SELECT logs FROM _prisma_migrations WHERE logs LIKE '%before%'")
    assert logs == []


def test_figures_survive_a_kill(database: OwnedDatabase) -> None:
    """Also when the index was built while nobody looked."""
    with_members(database, rows=LARGE)
    with_index(database)
    holder = database.session()
    holder.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM _prisma_migrations")
    migrator = database.start("apply")
    waiting = "SELECT 1 FROM pg_stat_progress_create_index WHERE phase = 'waiting for old snapshots'"
    eventually(lambda: database.rows(waiting))
    migrator.kill()
    migrator.communicate()
    holder.run("COMMIT")
    printed = apply(database)
    assert '  before: Seq Scan on "Member"' in printed
    assert '"Member_churchId_optInSms_idx" is used with 3 of 3 parameter rows' in printed


def test_a_slow_query_is_cut_off(database: OwnedDatabase) -> None:
    """It is told as longer than the time-out; left alone it would take an hour."""
    with_members(database, rows=LARGE)
    with_index(
        database, queries='-- query: slow\nSELECT pg_sleep(3600) FROM (SELECT FROM "Member" LIMIT 1) AS one;'
    )
    line = apply(database, "--query-timeout", "0.2").splitlines()[4]
    assert line == "slow       > 0.2 s       > 0.2 s          –           –"


def test_values_are_passed_as_they_are(database: OwnedDatabase) -> None:
    """Quotes, backslashes, colons and NULL are values, never SQL; types are the column's."""
    with_members(database, rows=0)
    database.rows(
        """INSERT INTO "Member" ("churchId", "optInSms", name)
           VALUES (1, true, '''); DROP TABLE "Member"; --'), (2, true, E'\\\\''%s :name')"""
    )
    queries = """\
-- query: by name
-- uses: i
-- parameters: SELECT name, id, NULL, ARRAY[id] FROM "Member"
SELECT id FROM "Member" WHERE name = $1 AND id >= $2 AND $3::int IS NULL AND id = ANY ($4);
"""
    with_index(database, 'CREATE INDEX i ON "Member" (name);', queries)
    assert re.search(r"by name +[\d.]+ ms +[\d.]+ ms +same scan +1\n", apply(database))
    assert database.value('SELECT count(*) FROM "Member"') == 2


@pytest.mark.parametrize(
    ("index", "query", "plan"),
    [
        ('("churchId")', 'SELECT "churchId" FROM "Member" WHERE "churchId" < 3', "Index Only Scan"),
        ("(id DESC)", 'SELECT * FROM "Member" ORDER BY id LIMIT 3', "Index Scan"),
        (
            '((id * 2)) WHERE "optInSms"',
            'SELECT * FROM "Member" WHERE "optInSms" AND id * 2 = 8',
            "Index Scan",
        ),
        (
            "USING brin (id) WITH (pages_per_range = 8)",
            'SELECT * FROM "Member" WHERE id BETWEEN 5 AND 900',
            "Bitmap Index Scan",
        ),
        (
            '("churchId")',
            'SELECT (SELECT count(*) FROM "Member" WHERE "churchId" = n) FROM generate_series(1, 2) AS n',
            "Index Only Scan",
        ),
    ],
)
def test_every_way_to_scan_an_index_counts(
    database: OwnedDatabase, index: str, query: str, plan: str
) -> None:
    """Also backwards, by bitmap, in a sub-plan."""
    with_members(database, rows=LARGE)
    database.rows('ALTER TABLE "Member" DROP CONSTRAINT "Member_pkey"')
    database.rows('VACUUM "Member"')
    with_index(database, f'CREATE INDEX i ON "Member" {index};', f"-- query: q\n-- uses: i\n{query};")
    printed = apply(database)
    assert '  "i" is used\n' in printed
    assert f'{plan} by "i"' in printed


def test_a_partitions_index_counts_as_its_parents(database: OwnedDatabase) -> None:
    """The planner names the partition's own."""
    database.write("1_base", "CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);")
    database.write("2_parts", "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100000);")
    apply(database)
    database.rows("INSERT INTO p SELECT n, n FROM generate_series(1, 20000) n; ANALYZE p")
    queries = "-- query: q\n-- uses: p_b_idx\n-- parameters: VALUES (5)\nSELECT * FROM p WHERE b = $1;"
    with_index(database, "CREATE INDEX p_b_idx ON p (b);", queries)
    printed = apply(database)
    assert '"p_b_idx" is used with 1 of 1 parameter rows' in printed
    assert "finding" not in printed


def test_a_query_that_cannot_run_is_a_mistake(database: OwnedDatabase) -> None:
    """What reads a column that is not there, or writes through a function."""
    with_members(database, rows=10)
    with_index(database, queries='-- query: q\nSELECT nothing FROM "Member";')
    applied = database.run_here("apply")
    assert applied.returncode == 4
    assert applied.stderr == (
        'QueryMistake: query "q" (2_index/queries.sql, line 2) cannot run: mend it\n'
        'ERROR: column "nothing" does not exist (SQLSTATE 42703)\n'
    )
    database.rows(
        """CREATE FUNCTION write() RETURNS int LANGUAGE sql VOLATILE
           AS 'DELETE FROM "Member" RETURNING 1'"""
    )
    with_index(database, queries="-- query: q\nSELECT write();")
    assert "cannot execute DELETE in a read-only transaction" in database.run_here("verify").stderr
    assert database.value('SELECT count(*) FROM "Member"') == 10


def test_an_older_release_asks_nothing_of_a_newer_schema(database: OwnedDatabase) -> None:
    """An index or a column that a newer release dropped does not fail the older one's gate."""
    with_members(database, rows=100)
    with_index(database, queries=QUERY + '-- query: names\nSELECT name FROM "Member";')
    apply(database)
    database.write(
        "3_newer",
        """DROP INDEX "Member_churchId_optInSms_idx";
           -- migrator: allow drop-column because nobody reads it
           ALTER TABLE "Member" DROP COLUMN name;""",
    )
    (database.folder / "2_index" / "queries.sql").unlink()
    apply(database)
    (database.folder / "3_newer" / "migration.sql").unlink()
    (database.folder / "3_newer").rmdir()
    with_index(database, queries=QUERY + '-- query: names\nSELECT name FROM "Member";')
    verified = database.run_here("verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert verified.stdout.splitlines() == [
        "0 of 1 promised indexes are valid",
        'query "SMS segmentation" (2_index/queries.sql, line 4) is not judged: '
        'a newer release dropped "Member_churchId_optInSms_idx"',
        'query "names" (2_index/queries.sql, line 6) is not judged: '
        'ERROR: column "name" does not exist (SQLSTATE 42703)',
    ]


def test_a_locked_table_does_not_hold_the_gate(database: OwnedDatabase) -> None:
    """Who changes the schema at that moment is waited for only briefly."""
    with_members(database, rows=10)
    with_index(database, 'CREATE INDEX i ON "Member" (lower(name));', '-- query: q\nTABLE "Member";')
    apply(database)
    holder = database.session()
    holder.run('BEGIN; LOCK TABLE "Member"')
    verified = database.run_here("verify")
    assert verified.returncode == 0
    timeout = "ERROR: canceling statement due to lock timeout (SQLSTATE 55P03)"
    assert f"is not judged: {timeout}\nfindings are not looked for: {timeout}\n" in verified.stdout
