"""A migration as its file has it, whichever tool wrote it (`migrator.tools`), and its checksum."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from migrator.errors import FolderError

JAVASCRIPT = frozenset({".js", ".cjs", ".mjs", ".ts", ".cts", ".mts"})
"""Endings of migrations that only their own tool can run."""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One migration: its name, the SQL that is run, and its named queries.

    `file` is the script's path below the folder. `source` is the script as it is, where more is in it than is
    run. `recorded` is what the tool's own record of it has. `repeatable`: it runs again whenever it was
    edited. `unreadable`: why it cannot be run here; it is left to the tool itself.
    """

    name: str
    sql: str
    queries: str = ""
    file: str = ""
    source: str = ""
    recorded: tuple[tuple[str, str], ...] = ()
    repeatable: bool = False
    unreadable: str = ""

    @property
    def checksum(self) -> str:
        """SHA-256 of the script in hexadecimal, as Prisma records it."""
        return checksum(self.source or self.sql)


def checksum(script: str) -> str:
    """SHA-256 of a script in hexadecimal."""
    return sha256(script.encode()).hexdigest()


def same_script(script: str, recorded: str) -> bool:
    """Whether a recorded checksum is this script's; line endings may differ, as with Prisma."""
    if recorded == checksum(script):
        return True
    unix = script.replace("\r\n", "\n")
    return recorded in {checksum(unix), checksum(unix.replace("\n", "\r\n"))}


def text(script: Path) -> str:
    """A script with its line endings as they are. Raises FolderError."""
    try:
        # Bytes first: reading as text would turn CRLF into LF and so change the checksum.
        return script.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise FolderError(f"{script} is not UTF-8 (byte {error.start}): save it as UTF-8") from None


def queries_beside(script: Path) -> str:
    """The named queries of a script that has no folder of its own: `queries/<name>.queries` beside it.

    The folder and the ending keep every tool from taking the file for a migration.
    """
    queries = script.parent / "queries" / f"{script.stem}.queries"
    return text(queries) if queries.exists() else ""


def numbered(name: str) -> tuple[int, str]:
    """What sorts file names by the number they begin with: `9_b` before `10_a`."""
    number = _NUMBER.match(name)
    return (int(number[0]) if number else 0, name)


def without(script: str, start: int, end: int) -> str:
    """A script without a part, whose line breaks stay, so that all else keeps its line."""
    return script[:start] + "\n" * script.count("\n", start, end) + script[end:]
