"""Index statements online: leftovers, other definitions, other sessions."""

from __future__ import annotations

from tests.migrator.conftest import OwnedDatabase

TABLE = """\
CREATE TABLE t (id serial PRIMARY KEY, a int, b text);
INSERT INTO t (a, b) SELECT n, n FROM generate_series(1, 100) n;
"""
USABLE = "SELECT indisvalid AND indisready FROM pg_index WHERE indexrelid = '{}'::regclass"


def with_table(database: OwnedDatabase) -> None:
    database.write("1_base", TABLE)
    database.apply()


def test_an_invalid_leftover_is_built_again(database: OwnedDatabase) -> None:
    """An index that a killed build left invalid is dropped and made anew."""
    with_table(database)
    database.rows("CREATE INDEX i ON t (a)")
    admin = database.session(**database.server.environment(database.name))
    admin.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass")
    database.write("2_i", "CREATE INDEX IF NOT EXISTS i ON t (a);")
    printed = database.apply()
    assert (
        '2_i 1/1 CREATE INDEX "i" online invalid leftover of an interrupted build: dropped, built again'
        in printed
    )
    assert database.value(USABLE.format("i"))


def test_the_same_definition_is_left_alone(database: OwnedDatabase) -> None:
    """However the file spells it: PostgreSQL's own text of both is compared."""
    with_table(database)
    database.rows("CREATE UNIQUE INDEX i ON public.t USING btree (lower(b) DESC, a) INCLUDE (id) WHERE a > 0")
    database.write(
        "2_i",
        """CREATE UNIQUE INDEX IF NOT EXISTS "i" ON "t"
           (LOWER("b") DESC NULLS FIRST, a) INCLUDE ("id") WHERE (t.a > 0);""",
    )
    before = database.value("SELECT 'i'::regclass::oid")
    assert '2_i 1/1 CREATE INDEX "i" online is there already' in database.apply()
    assert database.value("SELECT 'i'::regclass::oid") == before


def test_another_definition_is_an_error_that_shows_both(database: OwnedDatabase) -> None:
    """IF NOT EXISTS must not pass over an index that answers other queries."""
    with_table(database)
    database.rows("CREATE INDEX i ON t (a)")
    database.write("2_i", "CREATE INDEX IF NOT EXISTS i ON t (a, b);")
    refused = database.run("apply")
    assert refused.returncode == 10
    assert refused.stderr == (
        'IndexDiffers: migration 2_i, statement 1 (line 1): index "i" exists with another definition\n'
        "  there:  CREATE INDEX i ON public.t USING btree (a)\n"
        '  wanted: CREATE INDEX "i" ON "t" USING btree (a, b)\n'
        "Drop it in an earlier statement (DROP INDEX runs online), or give the new one another name\n"
    )


def test_another_tables_index_is_never_taken_for_ours(database: OwnedDatabase) -> None:
    """Not even an invalid one: it is not dropped."""
    with_table(database)
    database.rows("CREATE TABLE u (a int); CREATE INDEX i ON u (a)")
    admin = database.session(**database.server.environment(database.name))
    admin.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass")
    database.write("2_i", "CREATE INDEX IF NOT EXISTS i ON t (a);")
    assert database.run("apply").returncode == 10
    assert database.value("SELECT 'i'::regclass::text") == "i"


def test_a_unique_build_that_fails_leaves_no_invalid_index(database: OwnedDatabase) -> None:
    """An invalid index would cost every write and serve no query."""
    with_table(database)
    database.rows("INSERT INTO t (a) VALUES (1)")
    database.write("2_i", "CREATE UNIQUE INDEX i ON t (a);")
    failed = database.run("apply")
    assert failed.returncode == 9
    assert (
        'ERROR: could not create unique index "i" (SQLSTATE 23505)\nDETAIL: Key (a)=(1) is duplicated.'
        in failed.stderr
    )
    assert database.value("SELECT to_regclass('i')") is None


def test_several_indexes_are_dropped_one_by_one(database: OwnedDatabase) -> None:
    """DROP INDEX CONCURRENTLY takes only one."""
    with_table(database)
    database.rows("CREATE INDEX i ON t (a); CREATE INDEX j ON t (b)")
    database.write("2_drop", "DROP INDEX IF EXISTS i, public.j, k;")
    printed = database.apply()
    assert [line.split(" online")[0] for line in printed.splitlines()[:3]] == [
        '2_drop 1/3 DROP INDEX "i"',
        '2_drop 2/3 DROP INDEX "j"',
        '2_drop 3/3 DROP INDEX "k"',
    ]
    assert database.value("SELECT count(*) FROM pg_indexes WHERE tablename = 't'") == 1


def test_a_reindex_removes_what_an_interrupted_one_left(database: OwnedDatabase) -> None:
    """`i_ccnew` would else stay for ever, and cost every write."""
    with_table(database)
    database.rows("CREATE INDEX i ON t (a); CREATE INDEX i_ccnew ON t (a)")
    admin = database.session(**database.server.environment(database.name))
    admin.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i_ccnew'::regclass")
    database.write("2_reindex", "REINDEX (VERBOSE) INDEX i;")
    assert "i_ccnew is left of an interrupted REINDEX: dropped" in database.apply()
    assert database.rows("SELECT indexname FROM pg_indexes WHERE tablename = 't' ORDER BY 1") == [
        ["i"],
        ["t_pkey"],
    ]


def test_a_missing_index_to_drop_is_an_error(database: OwnedDatabase) -> None:
    """A typing mistake is not taken for an interrupted run, also not when it is tried twice."""
    with_table(database)
    database.write("2_drop", "DROP INDEX i;")
    for _ in range(2):
        failed = database.run("apply")
        assert failed.returncode == 9
        assert 'ERROR: index "i" does not exist (SQLSTATE 42704)' in failed.stderr


def test_quoted_and_schema_qualified_names_are_found(database: OwnedDatabase) -> None:
    """Names with dots, quotes and other schemas are one index each."""
    database.write(
        "1_base",
        'CREATE SCHEMA "s.x"; CREATE TABLE "s.x"."T""q" (a int); CREATE TABLE t (a int);',
    )
    database.write("2_i", 'CREATE INDEX "i.""é" ON "s.x"."T""q" (a); CREATE INDEX "i.""é" ON t (a);')
    assert "2 of 2 promised indexes are valid" in database.apply()
    database.write("3_i", 'CREATE INDEX IF NOT EXISTS "i.""é" ON "s.x"."T""q" (a);')
    assert "is there already" in database.apply()
