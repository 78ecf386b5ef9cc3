"""The tools whose migrations the migrator reads, run as their users run them."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from testkit.npm_packages import CPU, installed

_MANIFEST = Path(__file__).parent / "tools"


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationTool:
    """A tool: how it writes a history, the command that applies it, and the one that takes the last back.

    `write` puts the scripts of `steps` into a folder. `books` is the query of what the tool has recorded,
    without what differs from run to run. In `up` and `down`, `{folder}` is the folder of migrations.
    """

    name: str
    write: Callable[[Path, tuple[str, ...]], None]
    up: tuple[str, ...]
    books: str
    down: tuple[str, ...] = ()

    def run(self, command: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> str:
        """Runs it there on the database of the PG* variables. Raises CalledProcessError."""
        programs = installed(_MANIFEST, name="migration-tools", what="the tools that judge the migrator")
        done = subprocess.run(
            [part.format(folder=folder) for part in command],
            cwd=programs,
            env={**os.environ, "DATABASE_URL": _url(environment)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout


def _url(pg: Mapping[str, str]) -> str:
    # By name: node-postgres compares no IP address with a certificate.
    return (
        f"postgresql://{quote(pg['PGUSER'])}:{quote(pg['PGPASSWORD'])}@localhost:{pg['PGPORT']}"
        f"/{pg['PGDATABASE']}?sslmode=verify-full&sslrootcert={quote(pg['PGSSLROOTCERT'], safe='')}"
    )


def _write_drizzle(folder: Path, steps: tuple[str, ...]) -> None:
    (folder / "meta").mkdir(exist_ok=True)
    entries = []
    for number, sql in enumerate(steps):
        tag = f"{number:04}_step"
        (folder / f"{tag}.sql").write_text(sql.replace(";\n", ";--> statement-breakpoint\n"))
        entries.append(
            {"idx": number, "version": "7", "when": 1767225600000 + number, "tag": tag, "breakpoints": True}
        )
    journal = {"version": "7", "dialect": "postgresql", "entries": entries}
    (folder / "meta" / "_journal.json").write_text(json.dumps(journal))


def _write_dbmate(folder: Path, steps: tuple[str, ...]) -> None:
    for number, sql in enumerate(steps):
        text = f"-- migrate:up\n{sql}\n\n-- migrate:down\nDROP TABLE IF EXISTS b;\n"
        (folder / f"2026010{number}000000_step.sql").write_text(text)


def _write_node_pg_migrate(folder: Path, steps: tuple[str, ...]) -> None:
    for number, sql in enumerate(steps):
        text = f"-- Up Migration\n{sql}\n\n-- Down Migration\nDROP TABLE IF EXISTS b;\n"
        (folder / f"176722560000{number}_step.sql").write_text(text)


def _write_knex(folder: Path, steps: tuple[str, ...]) -> None:
    for number, sql in enumerate(steps):
        text = f"exports.up = (knex) => knex.raw({json.dumps(sql)});\nexports.down = () => {{}};\n"
        (folder / f"2026010{number}000000_step.js").write_text(text)


_DBMATE = (
    f"node_modules/@dbmate/linux-{CPU[platform.machine()]}/bin/dbmate",
    *("--migrations-dir", "{folder}", "--no-dump-schema"),
)
DRIZZLE = MigrationTool(
    name="Drizzle",
    write=_write_drizzle,
    up=("node", "drizzle.mjs", "{folder}"),
    books="SELECT hash, created_at FROM drizzle.__drizzle_migrations ORDER BY id",
)
DBMATE = MigrationTool(
    name="dbmate",
    write=_write_dbmate,
    up=(*_DBMATE, "migrate"),
    down=(*_DBMATE, "down"),
    books="SELECT version FROM schema_migrations ORDER BY version",
)
NODE_PG_MIGRATE = MigrationTool(
    name="node-pg-migrate",
    write=_write_node_pg_migrate,
    up=("node_modules/.bin/node-pg-migrate", "up", "--migrations-dir", "{folder}"),
    down=("node_modules/.bin/node-pg-migrate", "down", "--migrations-dir", "{folder}"),
    books="SELECT name FROM pgmigrations ORDER BY id",
)
KNEX = MigrationTool(
    name="Knex",
    write=_write_knex,
    up=("node", "knex.mjs", "{folder}", "latest"),
    books="SELECT name FROM knex_migrations ORDER BY id",
)
