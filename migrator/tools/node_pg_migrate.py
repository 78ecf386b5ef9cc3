"""node-pg-migrate: files in order of the number they begin with; of a `.sql` its `-- Up Migration` part.

Its table is `pgmigrations`. Migrations in JavaScript or TypeScript are node-pg-migrate's own to run.
"""

from __future__ import annotations

import re
from pathlib import Path

from migrator.folder import JAVASCRIPT, Migration, numbered, queries_beside, text, without
from migrator.tools.tool import Books, Tool

_UP, _DOWN = (
    re.compile(rf"^\s*--[\s-]*{part}\s+migration", re.IGNORECASE | re.MULTILINE) for part in ("up", "down")
)
_BUILDER = re.compile(r"\bpgm\b|node-pg-migrate")


def _recognizes(folder: Path) -> bool:
    return any(
        (_BUILDER if script.suffix in JAVASCRIPT else _UP).search(text(script)) for script in _files(folder)
    )


def _read(folder: Path) -> list[Migration]:
    return [_migration(script) for script in _files(folder)]


def _files(folder: Path) -> list[Path]:
    found = (entry for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith("."))
    return sorted(
        (entry for entry in found if entry.suffix in {".sql", *JAVASCRIPT}),
        key=lambda entry: numbered(entry.name),
    )


def _migration(script: Path) -> Migration:
    recorded = (("name", script.stem),)
    if script.suffix in JAVASCRIPT:
        return Migration(
            name=script.stem,
            sql="",
            file=script.name,
            recorded=recorded,
            unreadable="it is JavaScript, which only node-pg-migrate can run: `npx node-pg-migrate up` first",
        )
    source = text(script)
    return Migration(
        name=script.stem,
        sql=_up(source),
        file=script.name,
        source=source,
        queries=queries_beside(script),
        recorded=recorded,
    )


def _up(source: str) -> str:
    """The up part, wherever the down part stands; all of a script that has neither."""
    up, down = _UP.search(source), _DOWN.search(source)
    if not down:
        return source
    end = up.start() if up and up.start() > down.start() else len(source)
    return without(source, down.start(), end)


NODE_PG_MIGRATE = Tool(
    name="node-pg-migrate",
    scripts="*.sql",
    recognizes=_recognizes,
    read=_read,
    books=Books(
        table="{schema}.pgmigrations",
        make="""CREATE TABLE IF NOT EXISTS {schema}.pgmigrations
            (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)""",
        applied="SELECT name, NULL FROM {schema}.pgmigrations ORDER BY run_on, id",
        record="INSERT INTO {schema}.pgmigrations (name, run_on) VALUES (:name, now())",
        key="name",
    ),
)
