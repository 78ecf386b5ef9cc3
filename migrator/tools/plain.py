"""Plain SQL without a tool: `<number>_<name>.sql` in order of number, and of name where it is the same."""

from __future__ import annotations

from pathlib import Path

from migrator.folder import Migration, numbered, queries_beside, text
from migrator.tools.tool import Tool


def _recognizes(folder: Path) -> bool:
    return any(folder.glob("*.sql"))


def _read(folder: Path) -> list[Migration]:
    return [
        Migration(name=script.stem, sql=text(script), file=script.name, queries=queries_beside(script))
        for script in sorted(folder.glob("*.sql"), key=lambda script: numbered(script.name))
    ]


PLAIN = Tool(name="plain SQL", scripts="*.sql", recognizes=_recognizes, read=_read)
