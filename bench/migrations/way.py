"""The four ways that are compared, as commands."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.migrations.database import INDEX, TABLE
from bench.migrations.latency import Span
from tests.migrator.versions import SYSTEM

REPOSITORY = Path(__file__).parents[2]
COLUMNS = '("churchId", "optInSms")'
NO_BUILD, PLAIN, CONCURRENTLY, MIGRATOR = "no build", "plain CREATE INDEX", "psql CONCURRENTLY", "migrator"
WAYS = (NO_BUILD, PLAIN, CONCURRENTLY, MIGRATOR)
ALONE = 20.0  # seconds of writes without a build


class BuildFailed(Exception):
    """A way's command failed; the message is its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """When a way's process ran, and its largest resident set in KiB."""

    span: Span
    peak_rss: int


def write_migration(folder: Path) -> None:
    """Puts a folder of one migration, as Prisma writes it, into the bench's folder."""
    migration = folder / "migrations" / "1_index"
    migration.mkdir(parents=True)
    (migration / "migration.sql").write_text(f"-- CreateIndex\nCREATE INDEX {INDEX} ON {TABLE}{COLUMNS};\n")


def run(way: str, folder: Path, environment: Mapping[str, str]) -> Process:
    """Runs a way's command to its end. Raises BuildFailed."""
    start = time.time()
    if way == NO_BUILD:
        time.sleep(ALONE)
        return Process(span=Span(start=start, end=time.time()), peak_rss=0)
    output = folder / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            _command(way, folder / "migrations"),
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        _, status, usage = os.wait4(process.pid, 0)  # unlike Popen.wait, it tells the memory
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if process.returncode is None:  # interrupted
            process.kill()
    if process.returncode:
        raise BuildFailed(f"{way} ended with {process.returncode}: {output.read_text()}")
    return Process(span=Span(start=start, end=time.time()), peak_rss=usage.ru_maxrss)


def _command(way: str, migrations: Path) -> list[str]:
    if way == MIGRATOR:
        return [sys.executable, "-m", "migrator", "apply", "--migrations", str(migrations)]
    concurrently = "CONCURRENTLY " if way == CONCURRENTLY else ""
    sql = f"CREATE INDEX {concurrently}{INDEX} ON {TABLE}{COLUMNS}"
    return [str(SYSTEM / "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--command={sql}"]
