"""Flyway: `V<version>__<description>.sql` in order of version, then `R__<description>.sql`.

The latter are repeatable: they run again whenever they were edited.
Its table is `flyway_schema_history`, with a CRC-32 of each script's lines.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import Path

from migrator.errors import FolderError
from migrator.folder import Migration, queries_beside, text
from migrator.plan import PlannedMigration
from migrator.tools.tool import Books, Summary, Tool

_FILE = re.compile(r"(?P<kind>[VRUB])(?P<version>[\d._]*?)__(?P<description>.+)\.sql")
_CALLBACK = re.compile(r"(before|after)[A-Z]")
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")


def _recognizes(folder: Path) -> bool:
    return any(_FILE.fullmatch(script.name) for script in folder.rglob("*.sql"))


def _read(folder: Path) -> list[Migration]:
    """Undo scripts are left out, and so are baseline scripts, which Flyway runs where nothing is applied."""
    found = [_migration(folder, script) for script in sorted(folder.rglob("*.sql"))]
    migrations = [migration for migration in found if migration]
    _check_versions(migrations)
    return sorted(migrations, key=lambda one: (one.repeatable, _numbers(_version(one)), one.name))


def _migration(folder: Path, script: Path) -> Migration | None:
    match = _FILE.fullmatch(script.name)
    if _CALLBACK.match(script.name):
        raise FolderError(f"{script} is a callback, which is not run here: move it out of the folder")
    if not match or (match["kind"] != "R") != bool(match["version"]):
        raise FolderError(
            f"{script} has no name that Flyway knows: write V<version>__<description>.sql, "
            "or R__<description>.sql for one that is repeatable"
        )
    if match["kind"] in "UB":
        return None
    sql = text(script)
    if placeholder := _PLACEHOLDER.search(sql):
        raise FolderError(
            f"{script}, line {sql.count(chr(10), 0, placeholder.start()) + 1}: {placeholder[0]} is a "
            "placeholder, which Flyway fills in: write its value"
        )
    file = script.relative_to(folder).as_posix()
    return Migration(
        name=script.stem,
        sql=sql.removeprefix("\ufeff"),
        source=sql,
        file=file,
        queries=queries_beside(script),
        recorded=(
            ("script", file),
            ("version", match["version"].replace("_", ".")),
            ("description", match["description"].replace("_", " ")),
            ("checksum", str(_crc(sql))),
        ),
        repeatable=match["kind"] == "R",
    )


def _crc(script: str) -> int:
    """CRC-32 of the lines without what ends them, as Java's signed integer."""
    lines = re.split(r"\r\n|\r|\n", script.removeprefix("\ufeff"))
    unsigned = zlib.crc32("".join(lines).encode())
    return unsigned - (1 << 32) if unsigned >= 1 << 31 else unsigned


def _up_to(baseline: str, migrations: Sequence[PlannedMigration]) -> list[str]:
    return [
        migration.name
        for migration in migrations
        if not migration.repeatable and _numbers(_version(migration)) <= _numbers(baseline)
    ]


def _version(migration: Migration | PlannedMigration) -> str:
    return dict(migration.recorded)["version"]


def _numbers(version: str) -> list[int]:
    """A version is numbers with dots, of which zeros at the end do not count."""
    numbers = [int(number) for number in version.split(".") if number]
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers


def _check_versions(migrations: list[Migration]) -> None:
    places: dict[tuple[int, ...], str] = {}
    for migration in migrations:
        version = tuple(_numbers(_version(migration)))
        if not migration.repeatable and places.setdefault(version, migration.file) != migration.file:
            raise FolderError(
                f"{migration.file} has the version of {places[version]}: give each migration its own"
            )


FLYWAY = Tool(
    name="Flyway",
    scripts="*.sql",
    recognizes=_recognizes,
    read=_read,
    books=Books(
        table="{schema}.flyway_schema_history",
        make="""CREATE TABLE IF NOT EXISTS {schema}.flyway_schema_history (
                installed_rank integer NOT NULL CONSTRAINT flyway_schema_history_pk PRIMARY KEY,
                version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL,
                script varchar(1000) NOT NULL, checksum integer, installed_by varchar(100) NOT NULL,
                installed_on timestamp NOT NULL DEFAULT now(), execution_time integer NOT NULL,
                success boolean NOT NULL);
            CREATE INDEX IF NOT EXISTS flyway_schema_history_s_idx
                ON {schema}.flyway_schema_history (success)""",
        applied="""SELECT script, CAST(checksum AS text) FROM {schema}.flyway_schema_history
            WHERE success AND type NOT IN ('UNDO_SQL', 'DELETE')
            AND NOT EXISTS (
                SELECT FROM {schema}.flyway_schema_history later
                WHERE later.type IN ('UNDO_SQL', 'DELETE') AND later.success
                AND later.installed_rank > flyway_schema_history.installed_rank
                AND later.version = flyway_schema_history.version)
            ORDER BY installed_rank""",
        record="""INSERT INTO {schema}.flyway_schema_history (installed_rank, version, description, type,
                script, checksum, installed_by, execution_time, success)
            SELECT coalesce(max(installed_rank), 0) + 1, nullif(:version, ''), :description, 'SQL',
                :script, CAST(:checksum AS integer), current_user, 0, true
            FROM {schema}.flyway_schema_history""",
        key="script",
        summary=Summary(
            sql="SELECT version FROM {schema}.flyway_schema_history WHERE type = 'BASELINE'", of=_up_to
        ),
    ),
)
