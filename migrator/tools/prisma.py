"""Prisma up to 7: `<name>/migration.sql` in order of name, beside `migration_lock.toml`.

A `queries.sql` beside a `migration.sql` is ours (`migrator.planning.queries`); Prisma passes over it.
Prisma's table `_prisma_migrations` is the ledger itself.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from migrator.errors import FolderError
from migrator.folder import Migration, text
from migrator.tools.tool import Tool

_LOCK = "migration_lock.toml"


def _recognizes(folder: Path) -> bool:
    return (folder / _LOCK).exists() or any(folder.glob("*/migration.sql"))


def _read(folder: Path) -> list[Migration]:
    """Raises FolderError for what Prisma would not accept either."""
    _check_provider(folder / _LOCK)
    return [
        _migration(entry)
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.is_dir()
    ]


def _migration(folder: Path) -> Migration:
    script, queries = folder / "migration.sql", folder / "queries.sql"
    if not script.exists():
        raise FolderError(
            f"migration {folder.name} has no migration.sql: restore {script} or remove the folder"
        )
    return Migration(
        name=folder.name,
        sql=text(script),
        file=f"{folder.name}/migration.sql",
        queries=text(queries) if queries.exists() else "",
    )


def _check_provider(lock: Path) -> None:
    """A missing lock file is as fine here as it is to Prisma; another database's is not."""
    if not lock.exists():
        return
    try:
        provider = tomllib.loads(lock.read_text()).get("provider")
    except tomllib.TOMLDecodeError as error:
        raise FolderError(f"{lock} is not TOML ({error}): restore it from version control") from None
    if provider != "postgresql":
        raise FolderError(f'{lock} has provider = "{provider}": only "postgresql" migrations can be applied')


PRISMA = Tool(
    name="Prisma",
    scripts="*/migration.sql",
    recognizes=_recognizes,
    read=_read,
    ledger="_prisma_migrations",
)
