"""A table of members, an index of it, and a query that shall use it."""

from __future__ import annotations

import re

from tests.migrator.conftest import OwnedDatabase

MEMBERS = """\
CREATE TABLE "Member" (
  id serial PRIMARY KEY, "churchId" int NOT NULL, "optInSms" boolean NOT NULL, name text NOT NULL DEFAULT ''
);
"""
FILL = """\
INSERT INTO "Member" ("churchId", "optInSms") SELECT n % 700, n / 700 % 2 = 0 FROM generate_series(1, {}) n;
ANALYZE "Member";
"""
INDEX = 'CREATE INDEX "Member_churchId_optInSms_idx" ON "Member"("churchId", "optInSms");'
QUERY = """\
-- query: SMS segmentation
-- uses: "Member_churchId_optInSms_idx"
-- parameters: SELECT "churchId", true FROM "Member" WHERE id < 4
SELECT * FROM "Member" WHERE "churchId" = $1 AND "optInSms" = $2;
"""
OTHER_INDEX = 'CREATE INDEX "Member_churchId_optInSms_idx" ON "Member" USING hash (name);'
LARGE = 20_000


def apply(database: OwnedDatabase, *flags: str) -> str:
    """Applies in this process, expects success, returns what was printed."""
    done = database.run_here("apply", *flags)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def with_members(database: OwnedDatabase, *, rows: int) -> None:
    database.write("1_base", MEMBERS)
    apply(database)
    database.rows(FILL.format(rows))


def with_index(database: OwnedDatabase, sql: str = INDEX, queries: str = QUERY) -> None:
    database.write("2_index", sql)
    (database.folder / "2_index" / "queries.sql").write_text(queries)


def figures_removed(printed: str) -> list[str]:
    """A time becomes T, a per cent P, and the spaces before them one."""
    lines = printed.splitlines()
    return [re.sub(r" +-?[\d.,]+ (ms|%)", lambda found: f" {found[1]}", line) for line in lines]
