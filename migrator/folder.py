"""Prisma's migrations folder: `<name>/migration.sql` in order of name, beside `migration_lock.toml`.

A `queries.sql` beside a `migration.sql` is ours (`migrator.planning.queries`); Prisma passes over it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from migrator.errors import FolderError


def checksum(sql: str) -> str:
    """SHA-256 of the script in hexadecimal, as Prisma records it."""
    return sha256(sql.encode()).hexdigest()


def same_script(sql: str, recorded: str) -> bool:
    """Whether a recorded checksum is this script's; line endings may differ, as with Prisma."""
    unix = sql.replace("\r\n", "\n")
    return recorded in {checksum(sql), checksum(unix), checksum(unix.replace("\n", "\r\n"))}


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One migration: its folder's name, its script and its named queries."""

    name: str
    sql: str
    queries: str = ""


def read(folder: Path) -> list[Migration]:
    """The folder's migrations in order. Raises FolderError for what Prisma would not accept either."""
    if not folder.is_dir():
        raise FolderError(
            f"migrations folder {folder} does not exist: give the folder that holds migration_lock.toml"
        )
    _check_provider(folder / "migration_lock.toml")
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
    return Migration(name=folder.name, sql=_text(script), queries=_text(queries) if queries.exists() else "")


def _text(script: Path) -> str:
    try:
        # Bytes first: reading as text would turn CRLF into LF and so change the checksum.
        return script.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise FolderError(f"{script} is not UTF-8 (byte {error.start}): save it as UTF-8") from None


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
