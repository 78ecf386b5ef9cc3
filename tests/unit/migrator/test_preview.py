"""The plan as people read it: within a parameter's size, or whole."""

from __future__ import annotations

from migrator import preview
from migrator.plan import Plan
from tests.unit.migrator.planned import plan

BASE = (
    "CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE TABLE c (x int); CREATE INDEX i ON a (x);"
    "ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES old (x);"
    "ALTER TABLE b ADD FOREIGN KEY (x) REFERENCES d (x);"
)
CHANGES = """\
CREATE INDEX IF NOT EXISTS "T_a_idx"
  ON "T" ("a");
-- migrator: allow drop-table because it is empty
DROP TABLE old;
ALTER TABLE "T" DROP COLUMN b;"""


def test_a_preview_shows_what_runs_how_and_what_it_blocks() -> None:
    """Transactions of many statements in one row; refusals and allowances with their reason."""
    made = plan(BASE, CHANGES)
    first, second = (migration.checksum[:12] for migration in made.migrations)
    assert preview.short(made) == (
        f"m1 (sha256 {first})\n"
        "  1–6  transaction  3 CREATE TABLE, 1 CREATE INDEX, 2 ALTER TABLE\n"
        '       "d", "old": SHARE ROW EXCLUSIVE, blocks writes\n'
        f"m2 (sha256 {second})\n"
        '  1  online       CREATE INDEX IF NOT EXISTS "T_a_idx" ON "T" ("a")\n'
        '       "T": SHARE UPDATE EXCLUSIVE, blocks schema changes only\n'
        "  2  transaction  DROP TABLE old\n"
        '       "old": ACCESS EXCLUSIVE, blocks reads and writes\n'
        "       allowed: drop-table because it is empty\n"
        '  3  refused      ALTER TABLE "T" DROP COLUMN b\n'
        '       drop-column: servers that still run read "T"."b" until they are replaced'
    )


def test_the_whole_plan_shows_every_statement_its_safe_way_and_the_tables_sizes() -> None:
    """What the command prints, where there is room."""
    made = plan(BASE, CHANGES)
    assert preview.full(made, {'"T"': "1,203,441 rows, 210 MB"}).splitlines()[7:] == [
        "  6  transaction  ALTER TABLE b ADD FOREIGN KEY (x) REFERENCES d (x)",
        '       "d": SHARE ROW EXCLUSIVE, blocks writes',
        f"m2 (sha256 {made.migrations[1].checksum[:12]})",
        '  1  online       CREATE INDEX IF NOT EXISTS "T_a_idx" ON "T" ("a")',
        '       "T" (1,203,441 rows, 210 MB): SHARE UPDATE EXCLUSIVE, blocks schema changes only',
        "  2  transaction  DROP TABLE old",
        '       "old": ACCESS EXCLUSIVE, blocks reads and writes',
        "       allowed: drop-table because it is empty",
        '  3  refused      ALTER TABLE "T" DROP COLUMN b',
        '       "T" (1,203,441 rows, 210 MB): ACCESS EXCLUSIVE, blocks reads and writes',
        '       drop-column: servers that still run read "T"."b" until they are replaced',
        "         Release an app that no longer uses it, then drop it with the next release;",
        "         or with that one, after its rollout: say before the statement, too: "
        "-- migrator: after verified",
        "         If it must be, say why before the statement: "
        "-- migrator: allow drop-column because <reason>",
    ]


def test_a_long_history_is_shortened_from_its_old_end() -> None:
    """A preview stays below four kilobytes and shows the newest; the whole plan has all."""
    made = plan(*[f"ALTER TABLE t ADD COLUMN c{number} int;" for number in range(300)])
    shown = preview.short(made)
    assert len(shown.encode()) < 4_000
    assert shown.splitlines()[0] == "… and 271 earlier migrations"
    assert shown.splitlines()[-2] == "  1  transaction  ALTER TABLE t ADD COLUMN c299 int"
    assert preview.full(made, {}).count("ADD COLUMN") == 300


def test_a_long_migration_is_shortened_too() -> None:
    """The newest is shown from its start, however long."""
    shown = preview.short(plan("".join(f"CREATE INDEX i{number} ON t (a);" for number in range(300))))
    assert len(shown.encode()) < 4_000
    assert shown.splitlines()[1] == "  1  online       CREATE INDEX i0 ON t (a)"
    assert shown.splitlines()[-1] == "  … and 528 more lines"


def test_many_tables_are_shortened() -> None:
    """A transaction that takes locks on all of them is one row and one line."""
    shown = preview.short(
        plan("".join(f"ALTER TABLE table_{number} ADD COLUMN c int;" for number in range(90)))
    )
    assert len(shown.splitlines()) == 3
    assert shown.endswith("…: ACCESS EXCLUSIVE, blocks reads and writes")


def test_no_migrations_is_a_plan_too() -> None:
    """A new app has none."""
    assert preview.short(plan()) == preview.full(plan(), {}) == "no migrations"


def news(made: Plan, deployed: str) -> str:
    """The text; empty where there is nothing new."""
    told = preview.news(made, deployed)
    return told.text if told else ""


def test_news_are_what_the_stack_has_not_deployed() -> None:
    """As people read it: totals, how each statement runs, what is refused with the safe way."""
    old = ["CREATE TABLE t (a int, b int);", "ALTER TABLE t ADD c int;"]
    new = "CREATE INDEX t_a ON t (a); ALTER TABLE t DROP COLUMN b;"
    deployed = preview.short(plan(*old))
    told = news(plan(*old, new), deployed)
    assert told.splitlines()[0] == "1 new migration, 2 statements: 1 online, 1 refused"
    assert "m1" not in told
    assert "  1  online       CREATE INDEX t_a ON t (a)" in told
    assert "migration m3, statement 2 (line 1) is refused (drop-column)" in told
    assert "Release an app that no longer uses it, then drop it with the next release;" in told
    assert [
        change.refused
        for change in (preview.news(plan(*old, sql), deployed) for sql in (new, "SELECT ' is refused (';"))
        if change
    ] == [True, False]


def test_nothing_new_is_no_news() -> None:
    """Nor is what has no room in the recorded summary; an older release tells nothing either."""
    many = [f"ALTER TABLE t ADD COLUMN c{number} int;" for number in range(300)]
    assert news(plan(*many), preview.short(plan(*many))) == ""
    assert news(plan(*many[:299]), preview.short(plan(*many))) == ""


def test_a_first_deployment_is_told_in_a_line() -> None:
    """What would hurt a live database hurts nobody there."""
    assert news(plan(BASE, CHANGES), "") == "the database takes the whole history: 2 migrations"
    assert news(plan(), "") == ""


def test_a_report_begins_with_totals_and_what_is_refused() -> None:
    """A long one ends there, unless all is wanted."""
    made = plan(*[f"ALTER TABLE t ADD COLUMN c{number} int;" for number in range(60)], "DROP TABLE t;")
    short = preview.report(made, {}, spared=0, everything=False).splitlines()
    assert short[:3] == [
        "61 migrations, 61 statements: 60 in transactions, 1 refused",
        "",
        "migration m61, statement 1 (line 1) is refused (drop-table)",
    ]
    assert short[-1] == "--all shows how each statement runs"
    assert preview.report(made, {}, spared=0, everything=True).count("ADD COLUMN") == 60


def test_a_report_tells_what_a_database_spares() -> None:
    """It would be refused where somebody uses the tables."""
    told = preview.report(plan("SELECT 1;"), {}, spared=507, everything=False)
    assert told.splitlines()[1] == (
        "507 more would be refused on tables in use; here nobody would miss anything"
    )
