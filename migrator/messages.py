"""What each hazard does to a live database, and the safe way to write it: first line what, then how.

The rules are those of squawk and strong_migrations, and PostgreSQL's documentation of ALTER TABLE, "Notes".
"""

from __future__ import annotations

ALLOW = "If it must be, say why before the statement: -- migrator: allow {code} because <reason>"

HAZARDS = {
    "column-type": """\
changing the type of {column} rewrites {table} while nobody can read or write it
Add a column of the new type, write both from the app, copy the rows in batches, then switch:
  ALTER TABLE {table} ADD COLUMN {column_new} <type>;""",
    "not-null": """\
SET NOT NULL on {column} reads all of {table} while nobody can read or write it
Prove it first, without blocking, then it takes no time:
  ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({column} IS NOT NULL) NOT VALID;
  ALTER TABLE {table} VALIDATE CONSTRAINT {constraint};
  ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;
  ALTER TABLE {table} DROP CONSTRAINT {constraint};""",
    "default-rewrite": """\
adding {column} with a value computed for every row rewrites {table} while nobody can read or write it
Add the column alone, then its default for new rows, then fill the old rows in batches:
  ALTER TABLE {table} ADD COLUMN {column} <type>;
  ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT <expression>;""",
    "foreign-key": """\
a foreign key is checked against all of {table} while nobody can write to it or to {other}
Add it for new rows, then check the old ones without blocking:
  ALTER TABLE {table} ADD CONSTRAINT {constraint} FOREIGN KEY … REFERENCES {other} … NOT VALID;
  ALTER TABLE {table} VALIDATE CONSTRAINT {constraint};""",
    "check-constraint": """\
a check is made on all of {table} while nobody can read or write it
Add it for new rows, then check the old ones without blocking:
  ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK (…) NOT VALID;
  ALTER TABLE {table} VALIDATE CONSTRAINT {constraint};""",
    "unique-constraint": """\
the constraint's index is built on all of {table} while nobody can read or write it
Build the index online, then make the constraint of it:
  CREATE UNIQUE INDEX {constraint} ON {table} (…);
  ALTER TABLE {table} ADD CONSTRAINT {constraint} UNIQUE USING INDEX {constraint};""",
    "drop-column": """\
servers that still run read {table}.{column} until they are replaced
Release an app that no longer uses it, then drop it with the next release.""",
    "drop-table": """\
servers that still run use {table} until they are replaced
Release an app that no longer uses it, then drop it with the next release.""",
    "rename": """\
servers that still run use the old name of {table} or its column until they are replaced
Add the new name beside the old one, write both from the app, then drop the old one with a later release.""",
}

NEVER = {
    "transaction-control": """\
{statement} would end the migrator's own transaction
Remove it: statements that change no index run in a transaction anyway.""",
    "no-transaction": """\
{statement} cannot run in a transaction and is not a migration's work
Remove it and run it by hand or as a scheduled job.""",
    "unnamed-index": """\
an index without a name cannot be found again when its build is interrupted
Name it: CREATE INDEX "<table>_<columns>_idx" ON {table} (…);""",
    "drop-index-cascade": """\
DROP INDEX … CASCADE cannot run online
Drop what depends on the index in a statement of its own, then the index without CASCADE.""",
}
