"""Findings about indexes: those that cost more than they are worth."""

from __future__ import annotations

from testkit.waiting import eventually
from tests.migrator.conftest import OwnedDatabase
from tests.migrator.members import LARGE, apply, with_index, with_members


def findings(database: OwnedDatabase) -> list[str]:
    printed = database.run_here("verify").stdout.splitlines()
    return [line.removeprefix("finding: ") for line in printed if line.startswith("finding: ")]


def test_costly_indexes_are_found(database: OwnedDatabase) -> None:
    """Invalid, doubled and covered ones; each line names the index and the way out."""
    with_members(database, rows=10)
    database.rows(
        """CREATE INDEX broken ON "Member" (id);
           CREATE INDEX first ON "Member" (lower(name)); CREATE INDEX second ON "Member" (lower(name));
           CREATE INDEX short ON "Member" ("churchId" DESC);
           CREATE INDEX long ON "Member" ("churchId" DESC, id);
           CREATE INDEX doubled ON "Member" (id);
           CREATE TABLE p (a int) PARTITION BY LIST (a);
           CREATE TABLE p1 PARTITION OF p DEFAULT;
           CREATE INDEX p_a_idx ON ONLY p (a)"""
    )
    admin = database.session(**database.server.environment(database.name))
    admin.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass")
    spares = "a migration with DROP INDEX {} spares every write"
    assert findings(database) == [
        "broken is invalid: run REINDEX INDEX CONCURRENTLY broken, or drop it",
        "p_a_idx is invalid: a partition has no index attached to it; make and attach it",
        f'doubled is a duplicate of "Member_pkey": {spares.format("doubled")}',
        f"second is a duplicate of first: {spares.format('second')}",
        f"short is covered by long: {spares.format('short')}",
    ]


def test_useful_indexes_are_no_finding(database: OwnedDatabase) -> None:
    """Each differs from its neighbour in one thing, or holds a constraint."""
    with_members(database, rows=10)
    database.rows(
        """CREATE INDEX a ON "Member" (name); CREATE INDEX b ON "Member" (name DESC);
           CREATE INDEX c ON "Member" (name text_pattern_ops);
           CREATE INDEX d ON "Member" (name COLLATE "POSIX"); CREATE INDEX e ON "Member" USING hash (name);
           CREATE INDEX f ON "Member" (name) WHERE "optInSms"; CREATE INDEX g ON "Member" ((name || name));
           CREATE INDEX h ON "Member" ((name || 'x'));
           CREATE UNIQUE INDEX i ON "Member" ("churchId", "optInSms", id);
           CREATE UNIQUE INDEX j ON "Member" ("churchId", "optInSms");
           ALTER TABLE "Member" ADD UNIQUE ("churchId")"""
    )
    assert findings(database) == []


def test_an_unused_index_of_a_large_table_is_found(database: OwnedDatabase) -> None:
    """Unless a named query uses it, a constraint or a foreign key needs it, or its table is small."""
    with_members(database, rows=LARGE)
    database.rows(
        """CREATE INDEX idle ON "Member" (name); CREATE INDEX busy ON "Member" (id, "churchId");
           CREATE UNIQUE INDEX one ON "Member" (id, name);
           ALTER TABLE "Member" ADD parent int REFERENCES "Member"; CREATE INDEX fk ON "Member" (parent);
           CREATE TABLE small (a int); CREATE INDEX small_a_idx ON small (a);
           SET enable_seqscan = off; SELECT "churchId" FROM "Member" ORDER BY id, "churchId" LIMIT 1"""
    )
    with_index(database)
    apply(database)
    # Statistics are written when a session idles or ends.
    assert eventually(lambda: len(found := findings(database)) <= 1 and found, poll=0.2) == [
        "idle was not scanned on this server since the statistics began, and no named query uses it: "
        "name its query in queries.sql, or drop it"
    ]
