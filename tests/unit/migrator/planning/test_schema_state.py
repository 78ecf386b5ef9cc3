"""What earlier files tell: types that change without a rewrite, checks that prove, tables in use."""

from __future__ import annotations

import pytest

from tests.unit.migrator.planned import plan, statements


def codes(script: str) -> list[str]:
    return [hazard.code for statement in statements(script) for hazard in statement.refusals]


CHANGES = [
    ("varchar(10)", "varchar(20)"),
    ("varchar(10)", "varchar"),
    ("varchar(10)", "text"),
    ("text", "varchar"),
    ("numeric(5, 2)", "numeric(9, 2)"),
    ("numeric(5, 2)", "numeric"),
    ("bit varying(5)", "bit varying(9)"),
    ("timestamp(3)", "timestamp(6)"),
    ("timestamp(3)", "timestamp"),
    ("timestamptz(0)", "timestamptz(3)"),
    ("time(0)", "time"),
    ("cidr", "inet"),
    ("int", "int"),
]
REWRITES = [
    ("varchar(20)", "varchar(10)"),
    ("text", "varchar(10)"),
    ("char(10)", "char(20)"),
    ("numeric(5, 2)", "numeric(9, 3)"),
    ("numeric(5)", "numeric(9, 1)"),
    ("numeric", "numeric(9, 2)"),
    ("timestamp", "timestamp(3)"),
    ("timestamp", "timestamptz"),
    ("int", "bigint"),
    ("inet", "cidr"),
    ("varchar(10)[]", "varchar(20)[]"),
    ("json", "jsonb"),
]


def after(history: str, sql: str) -> list[str]:
    """The refusals of a file that follows another."""
    return [
        item.code for statement in plan(history, sql).migrations[1].statements for item in statement.refusals
    ]


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_a_type_change_that_keeps_the_rows_is_let_through(old: str, new: str) -> None:
    """The folder tells the type that the column has."""
    change = f"ALTER TABLE t ALTER a TYPE {new}"
    assert after(f"CREATE TABLE t (a {old}); CREATE INDEX i ON t (a);", change) == []
    assert codes(change) == ["column-type"]


@pytest.mark.parametrize(("old", "new"), REWRITES)
def test_a_type_change_that_rewrites_is_refused(old: str, new: str) -> None:
    """Whatever the folder tells."""
    assert after(f"CREATE TABLE t (a {old})", f"ALTER TABLE t ALTER a TYPE {new}") == ["column-type"]


@pytest.mark.parametrize(
    "history",
    [
        "CREATE TABLE t (a varchar(9), CHECK (a <> ''))",
        "CREATE TABLE t (a varchar(9)); CREATE INDEX i ON t (lower(a))",
        "CREATE TABLE t (a varchar(9)); CREATE INDEX i ON t (b) WHERE a > ''",
        "CREATE TABLE t (a varchar(9)); DO $$ BEGIN EXECUTE 'ALTER TABLE t ALTER a TYPE int'; END $$",
        "CREATE TABLE IF NOT EXISTS t (a varchar(9))",
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS a varchar(9)",
        "CREATE TABLE t (a varchar(9)); DROP TABLE t",
        "CREATE TABLE t (a varchar(9)); ALTER TABLE t RENAME a TO b; ALTER TABLE t ADD a char(9)",
        "CREATE TABLE t (a varchar(9)); ALTER TABLE t ALTER a TYPE int USING 1",
    ],
)
def test_what_a_check_or_an_index_computes_of_a_column_keeps_its_type(history: str) -> None:
    """They are made again when it changes; and a type that may be another one is not known."""
    assert after(history, "ALTER TABLE t ALTER a TYPE text") == ["column-type"]


def test_a_type_is_followed_through_the_folder() -> None:
    """By renames of the column, of the table and of its schema."""
    history = (
        "CREATE TABLE t (a varchar(9)); ALTER TABLE t RENAME a TO b; ALTER TABLE t RENAME TO u;"
        "ALTER TABLE u SET SCHEMA s; ALTER TABLE s.u ADD c numeric(3, 1); ALTER TABLE s.u ALTER b TYPE text;"
    )
    assert after(history, "ALTER TABLE s.u ALTER b TYPE varchar, ALTER c TYPE numeric(4, 1)") == []
    assert after(history, "ALTER TABLE s.u ALTER b TYPE varchar(9)") == ["column-type"]
    assert after(history, "ALTER TABLE s.u ALTER b TYPE varchar USING b || 'x'") == ["column-type"]
    assert after(history, 'ALTER TABLE s.u ALTER b TYPE varchar COLLATE "C"') == ["column-type"]


def test_an_earlier_files_check_proves_too() -> None:
    """As long as it is there, under whatever name; one that was dropped, or is of another table, does not."""
    proof = (
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c;"
    )
    change = "ALTER TABLE t ALTER a SET NOT NULL"
    assert after(proof, change) == []
    assert after(proof + "ALTER TABLE t RENAME CONSTRAINT c TO d", change) == []
    assert after(proof + "ALTER TABLE t RENAME a TO b", "ALTER TABLE t ALTER b SET NOT NULL") == []
    assert after(proof + "ALTER TABLE t DROP CONSTRAINT c", change) == ["not-null"]
    assert after(proof + "DO 'BEGIN END'", change) == ["not-null"]
    assert after(proof, "ALTER TABLE u ALTER a SET NOT NULL") == ["not-null"]
    postgres_18 = proof.replace("CHECK (a IS NOT NULL)", "NOT NULL a")
    assert after(postgres_18, change) == []


@pytest.mark.parametrize(
    "history",
    [
        "CREATE TABLE t (a int NOT NULL);",
        "CREATE TABLE t (a int PRIMARY KEY);",
        "CREATE TABLE t (a int, PRIMARY KEY (a));",
        "CREATE TABLE t (a serial);",
        "CREATE TABLE t (a int); ALTER TABLE t ALTER a SET NOT NULL;",
        "CREATE TABLE t (b int NOT NULL); ALTER TABLE t RENAME b TO a;",
    ],
)
def test_what_has_no_null_may_become_the_primary_key(history: str) -> None:
    """Its index is there, and nothing is read; after DROP NOT NULL, PostgreSQL reads the whole table."""
    index = "CREATE UNIQUE INDEX i ON t (a);"
    change = "ALTER TABLE t ADD CONSTRAINT p PRIMARY KEY USING INDEX i"
    assert after(history + index, change) == []
    assert after(history + index + "ALTER TABLE t ALTER a DROP NOT NULL", change) == ["not-null"]


def test_an_earlier_files_table_is_in_use() -> None:
    """Only the file that makes a table, a type or a view may do with it what it likes."""
    made = "CREATE TABLE t (a int); CREATE TYPE e AS ENUM ('a'); CREATE VIEW v AS SELECT 1;"
    drop = "DROP TABLE t; DROP TYPE e; DROP VIEW v;"
    assert codes(made + drop) == []
    assert after(made, drop) == ["drop-table", "drop-object", "drop-object"]


def test_an_enum_is_changed_as_prisma_does_it() -> None:
    """The new type takes the old one's name: only that the old one goes is a hazard."""
    assert codes(
        "CREATE TYPE new AS ENUM ('a'); ALTER TYPE role RENAME TO old; ALTER TYPE new RENAME TO role;"
    ) == ["rename"]


@pytest.mark.parametrize(
    ("key", "check", "bound"),
    [
        (
            "RANGE (a)",
            "a >= '2026-01-01' AND a < '2026-02-01' AND a IS NOT NULL",
            "FROM ('2026-01-01') TO ('2026-02-01')",
        ),
        (
            "RANGE (a)",
            "a IS NOT NULL AND (a >= DATE '2026-01-01' AND b > 0)",
            "FROM ('2026-01-01') TO (MAXVALUE)",
        ),
        ("LIST (a)", "a IS NOT NULL AND a IN (2, 1)", "IN (1, 2)"),
    ],
)
def test_a_valid_check_of_the_bounds_proves_a_partition(key: str, check: str, bound: str) -> None:
    """In any order, of the partition key, with the bounds' own values, and validated."""
    parent = f"CREATE TABLE p (a int, b int) PARTITION BY {key};"
    add = f"ALTER TABLE q ADD CONSTRAINT c CHECK ({check}) NOT VALID;"
    validate = "ALTER TABLE q VALIDATE CONSTRAINT c;"
    attach = f"ALTER TABLE p ATTACH PARTITION q FOR VALUES {bound};"
    assert after(parent, add + validate + attach) == []
    assert after(parent, add + attach) == ["attach-partition"]
    assert after(parent, (add + validate).replace(">=", ">").replace("2, 1", "2, 3") + attach) == [
        "attach-partition"
    ]
    assert after(parent.replace("(a)", "(b)"), add + validate + attach) == ["attach-partition"]
    assert after(parent + "CREATE TABLE d PARTITION OF p DEFAULT", add + validate + attach) == [
        "attach-partition"
    ]
    assert codes("CREATE TABLE q (a int);" + attach) == []


@pytest.mark.parametrize(
    ("between", "refused"),
    [
        ("", 1),
        ("ALTER TABLE d RENAME TO rest;", 1),
        ("ALTER TABLE p RENAME TO q; ALTER TABLE q RENAME TO p;", 1),
        ("DROP TABLE d;", 0),
        ("ALTER TABLE p DETACH PARTITION d;", 0),
        ("ALTER TABLE p RENAME a TO b;", 2),
        ("DROP TABLE d; ALTER TABLE new DROP CONSTRAINT c;", 1),
        ("DROP TABLE d; ALTER TABLE new RENAME a TO x; ALTER TABLE new ADD a int;", 1),
    ],
)
def test_a_default_partition_is_read_as_long_as_there_is_one(between: str, refused: int) -> None:
    """Under whatever name; and a check proves a partition as long as it is there, of the partition key."""
    made = (
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE d PARTITION OF p DEFAULT;"
        "CREATE TABLE new (a int, CONSTRAINT c CHECK (a IS NOT NULL AND a IN (1)));"
    )
    found = after(made + between, "ALTER TABLE p ATTACH PARTITION new FOR VALUES IN (1)")
    assert found == ["attach-partition"] * refused


def test_a_check_that_is_not_enforced_proves_nothing() -> None:
    """PostgreSQL 18 has such; and its NOT NULL constraints have names by which they are dropped."""
    change = "ALTER TABLE t ALTER a SET NOT NULL"
    assert after("CREATE TABLE t (a int, CHECK (a IS NOT NULL) NOT ENFORCED);", change) == ["not-null"]
    assert after("CREATE TABLE t (a int CHECK (a IS NOT NULL) NOT ENFORCED);", change) == ["not-null"]
    named = "CREATE TABLE t (a int CONSTRAINT n NOT NULL);"
    assert after(named, change) == []
    assert after(named + "ALTER TABLE t DROP CONSTRAINT n;", change) == ["not-null"]
