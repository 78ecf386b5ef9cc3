"""The hazards: each with a statement that has it, one that has not, and its message verbatim."""

from __future__ import annotations

import pytest

from migrator.errors import AllowanceError
from migrator.messages import HAZARDS, NEVER
from tests.unit.migrator.planning import plan, statements

MESSAGES = {
    'ALTER TABLE "T" ALTER COLUMN a TYPE bigint': (
        "column-type",
        """\
changing the type of "a" rewrites "T" while nobody can read or write it
Add a column of the new type, write both from the app, copy the rows in batches, then switch:
  ALTER TABLE "T" ADD COLUMN "a_new" <type>;
If it must be, say why before the statement: -- migrator: allow column-type because <reason>""",
    ),
    'ALTER TABLE "T" ALTER COLUMN a SET NOT NULL': (
        "not-null",
        """\
SET NOT NULL on "a" reads all of "T" while nobody can read or write it
Prove it first, without blocking, then it takes no time:
  ALTER TABLE "T" ADD CONSTRAINT "a_not_null" CHECK ("a" IS NOT NULL) NOT VALID;
  ALTER TABLE "T" VALIDATE CONSTRAINT "a_not_null";
  ALTER TABLE "T" ALTER COLUMN "a" SET NOT NULL;
  ALTER TABLE "T" DROP CONSTRAINT "a_not_null";
If it must be, say why before the statement: -- migrator: allow not-null because <reason>""",
    ),
    "ALTER TABLE t ADD COLUMN id uuid DEFAULT gen_random_uuid()": (
        "default-rewrite",
        """\
adding "id" with a value computed for every row rewrites "t" while nobody can read or write it
Add the column alone, then its default for new rows, then fill the old rows in batches:
  ALTER TABLE "t" ADD COLUMN "id" <type>;
  ALTER TABLE "t" ALTER COLUMN "id" SET DEFAULT <expression>;
If it must be, say why before the statement: -- migrator: allow default-rewrite because <reason>""",
    ),
    "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES s.u(id)": (
        "foreign-key",
        """\
a foreign key is checked against all of "t" while nobody can write to it or to "s"."u"
Add it for new rows, then check the old ones without blocking:
  ALTER TABLE "t" ADD CONSTRAINT "f" FOREIGN KEY … REFERENCES "s"."u" … NOT VALID;
  ALTER TABLE "t" VALIDATE CONSTRAINT "f";
If it must be, say why before the statement: -- migrator: allow foreign-key because <reason>""",
    ),
    "ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0)": (
        "check-constraint",
        """\
a check is made on all of "t" while nobody can read or write it
Add it for new rows, then check the old ones without blocking:
  ALTER TABLE "t" ADD CONSTRAINT "positive" CHECK (…) NOT VALID;
  ALTER TABLE "t" VALIDATE CONSTRAINT "positive";
If it must be, say why before the statement: -- migrator: allow check-constraint because <reason>""",
    ),
    "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)": (
        "unique-constraint",
        """\
the constraint's index is built on all of "t" while nobody can read or write it
Build the index online, then make the constraint of it:
  CREATE UNIQUE INDEX "u" ON "t" (…);
  ALTER TABLE "t" ADD CONSTRAINT "u" UNIQUE USING INDEX "u";
If it must be, say why before the statement: -- migrator: allow unique-constraint because <reason>""",
    ),
    "ALTER TABLE t DROP COLUMN a": (
        "drop-column",
        """\
servers that still run read "t"."a" until they are replaced
Release an app that no longer uses it, then drop it with the next release.
If it must be, say why before the statement: -- migrator: allow drop-column because <reason>""",
    ),
    "DROP TABLE IF EXISTS t": (
        "drop-table",
        """\
servers that still run use "t" until they are replaced
Release an app that no longer uses it, then drop it with the next release.
If it must be, say why before the statement: -- migrator: allow drop-table because <reason>""",
    ),
    "ALTER TABLE t RENAME COLUMN a TO b": (
        "rename",
        """\
servers that still run use the old name of "t" or its column until they are replaced
Add the new name beside the old one, write both from the app, then drop the old one with a later release.
If it must be, say why before the statement: -- migrator: allow rename because <reason>""",
    ),
    "COMMIT": (
        "transaction-control",
        """\
COMMIT would end the migrator's own transaction
Remove it: statements that change no index run in a transaction anyway.""",
    ),
    "VACUUM FULL t": (
        "no-transaction",
        """\
VACUUM cannot run in a transaction and is not a migration's work
Remove it and run it by hand or as a scheduled job.""",
    ),
    "CREATE INDEX ON t (a)": (
        "unnamed-index",
        """\
an index without a name cannot be found again when its build is interrupted
Name it: CREATE INDEX "<table>_<columns>_idx" ON "t" (…);""",
    ),
    "DROP INDEX i CASCADE": (
        "drop-index-cascade",
        """\
DROP INDEX … CASCADE cannot run online
Drop what depends on the index in a statement of its own, then the index without CASCADE.""",
    ),
}

SAFE = [
    "ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 7",
    "ALTER TABLE t ADD COLUMN a timestamptz DEFAULT now()",
    "ALTER TABLE t ADD COLUMN a timestamptz DEFAULT CURRENT_TIMESTAMP",
    "ALTER TABLE t ALTER COLUMN a SET DEFAULT gen_random_uuid()",
    "ALTER TABLE t ALTER COLUMN a DROP NOT NULL",
    "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u(id) NOT VALID",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
    "ALTER TABLE t VALIDATE CONSTRAINT c",
    "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX i",
    "CREATE TABLE u (a int REFERENCES t(id), UNIQUE (a))",
    "ALTER INDEX i RENAME TO j",
    "DROP INDEX i",
    "ANALYZE t",
    "UPDATE t SET a = random()",
]

MORE = {
    "ALTER TABLE t ADD COLUMN id bigserial": ["default-rewrite"],
    "ALTER TABLE t ADD COLUMN id int GENERATED ALWAYS AS IDENTITY": ["default-rewrite"],
    "ALTER TABLE t ADD COLUMN b int GENERATED ALWAYS AS (a + 1) STORED": ["default-rewrite"],
    "ALTER TABLE t ADD COLUMN b int REFERENCES u(id) UNIQUE": ["foreign-key", "unique-constraint"],
    "ALTER TABLE t ADD PRIMARY KEY (a)": ["unique-constraint"],
    "ALTER TABLE t RENAME TO u": ["rename"],
    "DROP TABLE t, u": ["drop-table", "drop-table"],
    "BEGIN": ["transaction-control"],
    "SAVEPOINT s": ["transaction-control"],
    "CREATE DATABASE d": ["no-transaction"],
    "REINDEX DATABASE d": ["no-transaction"],
}


def codes(script: str) -> list[str]:
    return [hazard.code for statement in statements(script) for hazard in statement.refusals]


@pytest.mark.parametrize("sql", MESSAGES)
def test_a_hazard_is_refused_with_the_safe_way(sql: str) -> None:
    """The message, word for word."""
    (statement,) = statements(sql)
    assert [(hazard.code, hazard.message) for hazard in statement.refusals] == [MESSAGES[sql]]
    assert statement.how == "refused"


def test_every_message_is_tested() -> None:
    """A new hazard needs its statement above."""
    assert {code for code, _ in MESSAGES.values()} == {*HAZARDS, *NEVER}


@pytest.mark.parametrize("sql", SAFE)
def test_a_safe_statement_is_let_through(sql: str) -> None:
    """No refusal."""
    assert codes(sql) == []


@pytest.mark.parametrize("sql", MORE)
def test_other_spellings_are_the_same_hazards(sql: str) -> None:
    """The tree decides, not the text."""
    assert codes(sql) == MORE[sql]


def test_a_table_of_the_same_file_is_nobodys_yet() -> None:
    """Prisma's first migration makes tables, then their foreign keys."""
    assert codes("CREATE TABLE t (a int); ALTER TABLE public.t ADD FOREIGN KEY (a) REFERENCES u(id);") == []
    assert codes("CREATE TABLE IF NOT EXISTS t (a int); ALTER TABLE t DROP COLUMN a;") == ["drop-column"]


def test_not_null_is_safe_once_a_check_proves_it() -> None:
    """The rewrite that the message gives is accepted."""
    proof = "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;"
    validate = "ALTER TABLE t VALIDATE CONSTRAINT c;"
    assert codes(f"{proof} {validate} ALTER TABLE t ALTER a SET NOT NULL;") == []
    assert codes(f"{proof} ALTER TABLE t ALTER a SET NOT NULL;") == ["not-null"]
    assert codes(f"{proof} {validate} ALTER TABLE t ALTER b SET NOT NULL;") == ["not-null"]


def test_an_allowed_hazard_runs_and_shows_its_reason() -> None:
    """Only the hazard that is named."""
    (statement,) = statements(
        "-- migrator: allow drop-column because unused\nALTER TABLE t DROP COLUMN a, ALTER b TYPE text"
    )
    assert statement.allowed == ("drop-column because unused",)
    assert [hazard.code for hazard in statement.refusals] == ["column-type"]


def test_what_can_never_run_cannot_be_allowed() -> None:
    """Nor can a hazard that there is not."""
    with pytest.raises(AllowanceError) as error:
        plan("-- migrator: allow transaction-control because we like it\nCOMMIT")
    assert str(error.value) == (
        "migration m1, line 2: 'transaction-control' cannot be allowed: "
        "the hazards that can are column-type, not-null, default-rewrite, foreign-key, check-constraint, "
        "unique-constraint, drop-column, drop-table, rename"
    )
