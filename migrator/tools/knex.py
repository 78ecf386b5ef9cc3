"""Knex: migrations in JavaScript, which are Knex's own to run, and new ones in SQL, `<time>_<name>.sql`.

Knex passes over files that end in `.sql`, so they are kept in the ledger alone; what it has run itself is in
its table `knex_migrations`.
"""

from __future__ import annotations

import re
from pathlib import Path

from migrator.folder import JAVASCRIPT, Migration, queries_beside, text
from migrator.tools.tool import Books, Tool

_BUILDER = re.compile(r"\bknex\b", re.IGNORECASE)


def _recognizes(folder: Path) -> bool:
    return any(script.suffix in JAVASCRIPT and _BUILDER.search(text(script)) for script in _files(folder))


def _read(folder: Path) -> list[Migration]:
    return [_migration(script) for script in _files(folder)]


def _files(folder: Path) -> list[Path]:
    found = (entry for entry in folder.iterdir() if entry.suffix in {".sql", *JAVASCRIPT})
    return sorted(found, key=lambda entry: entry.name)


def _migration(script: Path) -> Migration:
    if script.suffix == ".sql":
        return Migration(name=script.stem, sql=text(script), file=script.name, queries=queries_beside(script))
    return Migration(
        name=script.stem,
        sql="",
        file=script.name,
        recorded=(("name", script.name),),
        unreadable="it is JavaScript, which only Knex can run: `npx knex migrate:latest` first",
    )


KNEX = Tool(
    name="Knex",
    scripts="*.sql",
    recognizes=_recognizes,
    read=_read,
    books=Books(
        table="{schema}.knex_migrations",
        make="""CREATE TABLE IF NOT EXISTS {schema}.knex_migrations (
            id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz)""",
        applied="SELECT name, NULL FROM {schema}.knex_migrations ORDER BY id",
        record="",
        key="name",
    ),
)
