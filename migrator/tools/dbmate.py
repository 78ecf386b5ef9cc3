"""dbmate: `<version>_<name>.sql` in order of name, with `-- migrate:up` and `-- migrate:down` parts.

Its table is `schema_migrations`.
"""

from __future__ import annotations

import re
from pathlib import Path

from migrator.errors import FolderError
from migrator.folder import Migration, queries_beside, text, without
from migrator.tools.tool import Books, Tool

_FILE = re.compile(r"(?P<version>\d+).*\.sql")
_UP = re.compile(r"^--\s*migrate:up(\s.*)?$", re.MULTILINE)
_DOWN = re.compile(r"^--\s*migrate:down(\s.*)?$", re.MULTILINE)


def _recognizes(folder: Path) -> bool:
    return any(_UP.search(text(script)) for script in _scripts(folder))


def _read(folder: Path) -> list[Migration]:
    return [_migration(script) for script in _scripts(folder)]


def _scripts(folder: Path) -> list[Path]:
    found = (entry for entry in folder.glob("*.sql") if _FILE.fullmatch(entry.name))
    return sorted(found, key=lambda entry: entry.name)


def _migration(script: Path) -> Migration:
    source = text(script)
    if not _UP.search(source):
        raise FolderError(
            f"{script} has no `-- migrate:up`, as dbmate wants it: add it before the statements"
        )
    down = _DOWN.search(source)
    match = _FILE.fullmatch(script.name)
    assert match
    return Migration(
        name=script.stem,
        sql=without(source, down.start(), len(source)) if down else source,
        file=script.name,
        source=source,
        queries=queries_beside(script),
        recorded=(("version", match["version"]),),
    )


DBMATE = Tool(
    name="dbmate",
    scripts="*.sql",
    recognizes=_recognizes,
    read=_read,
    books=Books(
        table="{schema}.schema_migrations",
        make="CREATE TABLE IF NOT EXISTS {schema}.schema_migrations (version varchar(128) PRIMARY KEY)",
        applied="SELECT version, NULL FROM {schema}.schema_migrations ORDER BY version",
        record="INSERT INTO {schema}.schema_migrations (version) VALUES (:version)",
        key="version",
    ),
)
