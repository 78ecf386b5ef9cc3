"""No row that was there before the run is lost without an allowance on the statement that loses it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.migrator.conftest import OwnedDatabase

OLD = """\
CREATE SCHEMA s;
CREATE TYPE mood AS ENUM ('so', 'la');
CREATE TYPE pair AS (a int, b int);
CREATE TABLE t (id int PRIMARY KEY, x int, m mood DEFAULT 'so');
CREATE TABLE s.u (id int PRIMARY KEY, x int);
CREATE TABLE child (t_id int REFERENCES t ON DELETE CASCADE, x int);
CREATE TABLE p (a int) PARTITION BY RANGE (a);
CREATE TABLE p_1 PARTITION OF p DEFAULT;
CREATE TABLE typed OF pair;
CREATE VIEW v AS SELECT id, x FROM t;
"""
ROWS = """\
INSERT INTO t SELECT n, n FROM generate_series(1, 300) n; INSERT INTO s.u SELECT id, x FROM t;
INSERT INTO child SELECT id, x FROM t; INSERT INTO p SELECT id FROM t; INSERT INTO typed SELECT id, x FROM t;
"""
OF_ALL = "SELECT md5(string_agg(r::text, ' ' ORDER BY r::text)) FROM"
RENAME = "-- migrator: allow rename because the release before writes both\n"
ALLOW = "-- migrator: allow {} because it is tested\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Old:
    """A database with tables and rows from a deployment before."""

    database: OwnedDatabase
    contents: dict[int, str]

    def deploy(self, *files: str) -> str:
        """Applies these files; returns what was said."""
        self._write(files)
        done = self.database.run_here("apply")
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout

    def refuse(self, *files: str) -> str:
        """Applies these, expects a refusal with every row as it was; returns its text."""
        self._write(files)
        failed = self.database.run_here("apply")
        assert failed.returncode == 8, failed.stdout + failed.stderr
        assert self.contents.items() <= contents(self.database).items()
        return failed.stderr

    def _write(self, files: tuple[str, ...]) -> None:
        for number, sql in enumerate(files, 2):
            self.database.write(str(number), sql)


def contents(database: OwnedDatabase) -> dict[int, str]:
    """A digest of each table that has rows, by oid, in whatever schema and by whatever name."""
    tables = database.rows(
        """SELECT oid, format('%I.%I', relnamespace::regnamespace, relname) FROM pg_class
           WHERE relkind = 'r' AND relnamespace::regnamespace::text !~ '^pg_|^information'
           AND relname <> '_prisma_migrations' AND pg_relation_size(oid) > 0"""
    )
    return {oid: database.value(f"{OF_ALL} {name} r") for oid, name in tables}


@pytest.fixture
def old(database: OwnedDatabase) -> Iterator[Old]:
    """Somebody is connected, as when an app runs."""
    database.write("1", OLD)
    assert database.run_here("apply").returncode == 0
    database.rows(ROWS)
    app = database.session()
    yield Old(database=database, contents=contents(database))
    app.__exit__()


# D0's four forms: each hides what the last statement does behind a name that is not there yet.
ANOTHER_NAME = {
    "swapped": (
        "drop-table",
        f"""CREATE TABLE child_new (LIKE child INCLUDING ALL);
            {RENAME}ALTER TABLE child RENAME TO child_old;
            ALTER TABLE child_new RENAME TO child;
            DROP TABLE child_old;""",
    ),
    "renamed": (
        "column-type",
        f"{RENAME}ALTER TABLE child RENAME TO b;",
        "ALTER TABLE b ALTER COLUMN x TYPE bigint; ALTER TABLE b DROP COLUMN x; TRUNCATE b;",
    ),
    "moved": ("truncate", f"{RENAME}ALTER TABLE child SET SCHEMA s; TRUNCATE s.child;"),
    "search_path": ("truncate", "SET search_path = s; TRUNCATE u;"),
    "schema renamed": ("drop-table", f"{RENAME}ALTER SCHEMA s RENAME TO z; DROP TABLE z.u;"),
    "search_path by a function": (
        "truncate",
        "SELECT set_config('search_path', 's', true); TRUNCATE u;",
    ),
    "column renamed": (
        "drop-column",
        f"{RENAME}ALTER TABLE child RENAME COLUMN x TO y; ALTER TABLE child DROP COLUMN y;",
    ),
    "quoted": ("truncate", f'{RENAME}ALTER TABLE child RENAME TO "CHILD.é"; TRUNCATE ONLY "CHILD.é";'),
    "another's name": (
        "drop-table",
        f"""{RENAME}ALTER TABLE child RENAME TO b; CREATE TABLE child (a int);
            {RENAME}ALTER TABLE b SET SCHEMA s; DROP TABLE child; DROP TABLE s.b;""",
    ),
    "not made after all": ("drop-table", "CREATE TABLE IF NOT EXISTS child (a int); DROP TABLE child;"),
    "dropped if it exists": ("drop-table", "DROP TABLE IF EXISTS child; CREATE TABLE child (a int);"),
    "made, then another schema's": (
        "drop-table",
        "CREATE TABLE u (a int); SET search_path = s; DROP TABLE u;",
    ),
    "detached": (
        "drop-table",
        f"{ALLOW.format('detach-partition')}ALTER TABLE p DETACH PARTITION p_1; DROP TABLE p_1;",
    ),
    "in a WITH clause": (
        "whole-table",
        "CREATE TABLE moved (a int); WITH gone AS (DELETE FROM p RETURNING a) INSERT INTO moved TABLE gone;",
    ),
    "a condition that is none": ("whole-table", "DELETE FROM child WHERE true;"),
    "a merge": ("whole-table", "MERGE INTO child USING t ON true WHEN MATCHED THEN DELETE;"),
}
# What the text does not say: found when it has run, and rolled back.
HIDDEN = {
    "a DO block": "DO $$ BEGIN EXECUTE 'DROP TABLE ' || 'child'; END $$;",
    "rows of a DO block": "DO $$ BEGIN DELETE FROM child WHERE x = 1; END $$;",
    "a rewrite in a DO block": "DO $$ BEGIN EXECUTE 'ALTER TABLE child ALTER x TYPE bigint'; END $$;",
    "a function": "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'UPDATE child SET x = 0'; SELECT f();",
    "a procedure": "CREATE PROCEDURE f() LANGUAGE plpgsql AS $$ BEGIN TRUNCATE child; END $$; CALL f();",
    "a rule": """CREATE TABLE fresh (a int);
        CREATE RULE r AS ON INSERT TO fresh DO ALSO DELETE FROM child WHERE x > 0;
        INSERT INTO fresh VALUES (1);""",
    "a trigger": """CREATE TABLE fresh (a int);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN DELETE FROM child; RETURN NULL; END $$;
        CREATE TRIGGER r AFTER INSERT ON fresh EXECUTE FUNCTION f();
        INSERT INTO fresh VALUES (1);""",
    "a deferred trigger": """CREATE TABLE fresh (a int);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN DELETE FROM child; RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER r AFTER INSERT ON fresh DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION f();
        INSERT INTO fresh VALUES (1);""",
    "a view": "CREATE VIEW w AS SELECT * FROM child; DELETE FROM w;",
    "a type of the same name": """CREATE SCHEMA z; SET search_path = z; CREATE TYPE pair AS (a int);
        SET search_path = public; DROP TYPE pair CASCADE;""",
    "a temporary table's shadow": "CREATE TEMPORARY TABLE child (a int); DROP TABLE public.child;",
    "a statement that was prepared": f"""{ALLOW.format("whole-table")}PREPARE q AS DELETE FROM child;
                                         EXECUTE q;""",
    "truncated again": f"""{ALLOW.format("column-type")}ALTER TABLE child ALTER x TYPE bigint;
                           DO $$ BEGIN TRUNCATE child; END $$;""",
    "a default": """CREATE FUNCTION lower(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
        ALTER TABLE child ADD COLUMN y int DEFAULT lower(1);""",
}


@pytest.mark.parametrize(
    ("code", "files"), [(code, files) for code, *files in ANOTHER_NAME.values()], ids=ANOTHER_NAME
)
def test_another_name_hides_nothing(old: Old, code: str, files: list[str]) -> None:
    """A table that is renamed, moved or found by search_path in the same deployment stays what it was."""
    assert f"is refused ({code})" in old.refuse(*files)


@pytest.mark.parametrize("sql", HIDDEN.values(), ids=HIDDEN)
def test_what_a_text_does_not_say_is_rolled_back(old: Old, sql: str) -> None:
    """It is seen by what it did to rows, before it commits."""
    assert "is refused (hidden-change)" in old.refuse(sql)


def test_a_chain_of_renames_is_refused_before_anything_runs(old: Old) -> None:
    """As a public history has it: a table gets another name, and files later its column and its key go."""
    said = old.refuse(
        f"{RENAME}ALTER TABLE child RENAME TO team;",
        f"{RENAME}ALTER TABLE team RENAME TO space;",
        f"{RENAME}ALTER TABLE space RENAME COLUMN x TO y;",
        "ALTER TABLE space DROP CONSTRAINT child_t_id_fkey; ALTER TABLE space ADD PRIMARY KEY (t_id);",
        "ALTER TABLE space DROP COLUMN y;",
    )
    assert [line.split(",")[0] for line in said.splitlines() if "is refused" in line] == [
        "Refused: migration 5",
        "migration 6",
    ]
    assert old.database.value("SELECT to_regclass('child') IS NOT NULL")


def test_what_is_found_late_says_what_stays(old: Old) -> None:
    """By a name that a DO block gives, nobody can tell before; the file can be mended."""
    said = old.refuse(
        "CREATE TABLE other (a int);\nCREATE INDEX i ON t (x);\n"
        "DO $$ BEGIN EXECUTE 'ALTER TABLE child RENAME TO b'; END $$;\nTRUNCATE b;"
    )
    assert said == (
        "Refused: migration 2, statement 4 (line 4) is refused (truncate)\n"
        "  TRUNCATE b\n"
        'TRUNCATE deletes all rows of "b" while nobody can read or write it\n'
        "Delete them in batches, which resume and leave others their share:\n"
        "  -- migrator: in batches of 10000 by <column>\n"
        '  DELETE FROM "b" WHERE <condition>;\n'
        "If it must be, say why before the statement: -- migrator: allow truncate because <reason>\n"
        'Found right before it ran: "b" is one that was there before this run\n'
        "Statements 1 to 2 are applied and stay: mend the file from statement 3 on and run again\n"
    )
    assert "2 resumes after statement 2" in old.deploy(
        "CREATE TABLE other (a int);\nCREATE INDEX i ON t (x);\nALTER TABLE other DROP COLUMN a;"
    )


def test_a_hidden_change_says_what_it_did(old: Old) -> None:
    """Each table, the remedy, and the comment that allows it."""
    block = "DO $$ BEGIN DELETE FROM child WHERE x = 1; ALTER TABLE s.u DROP COLUMN x; END $$;"
    assert old.refuse(block) == (
        "Refused: migration 2, statement 1 (line 1) is refused (hidden-change)\n"
        "  DO $$ BEGIN DELETE FROM child WHERE x = 1; ALTER TABLE s.u DROP COLUMN x; END $$\n"
        "it drops s.u.x, changes or deletes rows of child: rows that were there before this run. "
        "Its text does not say so, and it was rolled back\n"
        "Write what it does as statements of their own, which can be judged before they run.\n"
        "If it must be, say why before the statement: -- migrator: allow hidden-change because <reason>\n"
        "Nothing of it is applied: mend the file from statement 1 on and run again\n"
    )
    old.deploy(ALLOW.format("hidden-change") + block)
    assert old.database.value("SELECT count(*) FROM child") == 299


# What the statement says, or what an allowance on it says.
LET_THROUGH = {
    "chosen rows": "UPDATE child SET x = 0 WHERE x = 1; DELETE FROM p WHERE a = 1;",
    "with what hangs on them": "DELETE FROM t WHERE id = 1; DELETE FROM v WHERE id = 2;",
    "a merge": """MERGE INTO child USING t ON t_id = id WHEN MATCHED AND id = 3 THEN DELETE
                  WHEN MATCHED THEN UPDATE SET x = 2;""",
    "replaced": "INSERT INTO t VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET x = 7;",
    "all rows": ALLOW.format("whole-table") + "UPDATE child SET x = 0;",
    "a cascade": ALLOW.format("truncate") + "TRUNCATE t CASCADE;",
    "a schema": ALLOW.format("drop-object") + "DROP SCHEMA s CASCADE;",
    "a type": ALLOW.format("drop-object") + "DROP TYPE mood CASCADE;",
    "an enum": f"""BEGIN; CREATE TYPE mood_new AS ENUM ('so');
                   ALTER TABLE t ALTER m DROP DEFAULT;
                   {ALLOW.format("column-type")}ALTER TABLE t ALTER m TYPE mood_new USING m::text::mood_new;
                   {RENAME}ALTER TYPE mood RENAME TO mood_old; ALTER TYPE mood_new RENAME TO mood;
                   {ALLOW.format("drop-object")}DROP TYPE mood_old; COMMIT;""",
    "what it made itself": """CREATE TABLE fresh (a int, b int); INSERT INTO fresh SELECT id, x FROM t;
        ALTER TABLE fresh RENAME TO newer; ALTER TABLE newer SET SCHEMA s;
        ALTER TABLE s.newer DROP COLUMN b; UPDATE s.newer SET a = 0; TRUNCATE s.newer;
        SET search_path = s; DROP TABLE newer;""",
    "what a block makes": """DO $$ BEGIN CREATE TABLE fresh (a int); INSERT INTO fresh VALUES (1);
        UPDATE fresh SET a = 2; ALTER TABLE child ADD COLUMN y int; INSERT INTO child SELECT id FROM t;
        END $$; TRUNCATE fresh;""",
    "a temporary table": """BEGIN; CREATE TEMPORARY TABLE m ON COMMIT DROP AS SELECT id FROM t; DELETE FROM m;
        INSERT INTO m VALUES (1); COMMIT;""",
    "isolation": """BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; UPDATE t SET x = 1 WHERE id = 1;
        COMMIT;""",
}


@pytest.mark.parametrize("sql", LET_THROUGH.values(), ids=LET_THROUGH)
def test_what_a_statement_says_is_let_through(old: Old, sql: str) -> None:
    """Else every history would be full of allowances."""
    old.deploy(sql)


def test_what_an_interrupted_run_made_is_nobodys_yet(old: Old) -> None:
    """The next one goes on as if it had made it; when a run has ended well, it is somebody's."""
    made = "CREATE TABLE fresh (a int, b int); INSERT INTO fresh VALUES (1, 2); CREATE INDEX i ON fresh (a);"
    index = "CREATE INDEX j ON t (x);"
    fresh = "ALTER TABLE fresh DROP COLUMN b;"
    old.refuse(made, f"{index} DO $$ BEGIN TRUNCATE child; END $$; {fresh}")
    assert "migrations: 1 applied now, 2 before" in old.deploy(made, f"{index} SELECT 1; {fresh}")
    assert old.database.value("SELECT obj_description('_prisma_migrations'::regclass)") is None
    old.database.write("4", "ALTER TABLE fresh DROP COLUMN a;")
    assert old.database.run("apply").returncode == 8


def test_a_first_deployment_that_failed_resumes(database: OwnedDatabase) -> None:
    """Its own types and tables are nobody's yet, whoever else is connected."""
    database.write("1", "CREATE TYPE mood AS ENUM ('so'); CREATE TABLE t (id int); INSERT INTO t VALUES (1);")
    database.write("2", "CREATE EXTENSION no_such_extension;")
    database.write("3", "DROP TYPE mood; UPDATE t SET id = 2; DROP TABLE t;")
    app = database.session()
    assert database.run("apply").returncode == 9
    database.write("2", "SELECT 1;")
    assert "migrations: 2 applied now, 1 before" in database.apply()
    app.__exit__()
