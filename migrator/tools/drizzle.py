"""Drizzle: `<tag>.sql` in the order of `meta/_journal.json`, `--> statement-breakpoint` between statements.

Its table is `drizzle.__drizzle_migrations`; to Drizzle a migration is applied if its time is not after the
latest time there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from migrator.errors import FolderError
from migrator.folder import Migration, checksum, queries_beside, text
from migrator.tools.tool import Books, Tool

_JOURNAL = "meta/_journal.json"
_BREAKPOINT = "--> statement-breakpoint"


def _recognizes(folder: Path) -> bool:
    return (folder / _JOURNAL).exists()


def _read(folder: Path) -> list[Migration]:
    journal = folder / _JOURNAL
    try:
        found = json.loads(journal.read_text())
        entries = [(str(entry["tag"]), int(entry["when"])) for entry in found["entries"]]
    except (ValueError, KeyError, TypeError) as error:
        raise FolderError(
            f"{journal} is not Drizzle's ({error!r}): restore it from version control"
        ) from None
    _check_dialect(journal, found)
    return [_migration(folder, tag, when) for tag, when in entries]


def _migration(folder: Path, tag: str, when: int) -> Migration:
    script = folder / f"{tag}.sql"
    if not script.exists():
        raise FolderError(f"{script} is in {_JOURNAL} and does not exist: restore it from version control")
    source = text(script)
    return Migration(
        name=tag,
        # A statement before a breakpoint needs no semicolon.
        sql=source.replace(_BREAKPOINT, ";".ljust(len(_BREAKPOINT))),
        file=script.name,
        source=source,
        queries=queries_beside(script),
        recorded=(("when", str(when)), ("checksum", checksum(source))),
    )


def _check_dialect(journal: Path, found: dict[str, Any]) -> None:
    dialect = found.get("dialect")
    if dialect not in ("postgresql", "pg"):
        raise FolderError(
            f'{journal} has "dialect": "{dialect}": only "postgresql" migrations can be applied'
        )


DRIZZLE = Tool(
    name="Drizzle",
    scripts="*.sql",
    recognizes=_recognizes,
    read=_read,
    books=Books(
        table="drizzle.__drizzle_migrations",
        make="""CREATE SCHEMA IF NOT EXISTS drizzle;
            CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations
                (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)""",
        # Drizzle does not look at the hash, and neither tells of one that differs.
        applied="SELECT CAST(created_at AS text), NULL FROM drizzle.__drizzle_migrations ORDER BY id",
        record="""INSERT INTO drizzle.__drizzle_migrations (hash, created_at)
            VALUES (:checksum, CAST(:when AS bigint))""",
        key="when",
    ),
)
