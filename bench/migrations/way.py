"""The four ways that are compared, as commands."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.migrations.database import INDEX, TABLE
from bench.migrations.latency import Span
from testkit.postgres_versions import SYSTEM

REPOSITORY = Path(__file__).parents[2]
COLUMNS = '("churchId", "optInSms")'
NO_BUILD, PLAIN, CONCURRENTLY, MIGRATOR = "no build", "plain CREATE INDEX", "psql CONCURRENTLY", "migrator"
WAYS = (NO_BUILD, PLAIN, CONCURRENTLY, MIGRATOR)
ALONE = 20.0  # seconds of writes without a build
LOOK_EVERY = 0.05  # seconds, at a process' memory
PEAK_RSS = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


class BuildFailed(Exception):
    """A way's command failed; the message is its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WayProcess:
    """When a way's process ran, and its largest resident set in KiB."""

    span: Span
    peak_rss: int


def write_migration(folder: Path) -> None:
    """Puts a folder of one migration, as Prisma writes it, into the bench's folder."""
    migration = folder / "migrations" / "1_index"
    migration.mkdir(parents=True)
    (migration / "migration.sql").write_text(f"-- CreateIndex\nCREATE INDEX {INDEX} ON {TABLE}{COLUMNS};\n")


def run(way: str, folder: Path, environment: Mapping[str, str]) -> WayProcess:
    """Runs a way's command to its end. Raises BuildFailed."""
    start = time.time()
    if way == NO_BUILD:
        time.sleep(ALONE)
        return WayProcess(span=Span(start=start, end=time.time()), peak_rss=0)
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
        peak_rss = _watch(process)
        span = Span(start=start, end=time.time())
    finally:
        process.kill()  # of use when interrupted
        process.wait()
    if process.returncode:
        raise BuildFailed(f"{way} ended with {process.returncode}: {output.read_text()}")
    return WayProcess(span=span, peak_rss=peak_rss)


def _watch(process: subprocess.Popen[bytes]) -> int:
    """Waits for its end and returns its peak resident set, in KiB.

    Not from wait4(): its figure includes what this process had when it forked.
    """
    peak, ended = 0, os.pidfd_open(process.pid)
    while not select.select([ended], [], [], LOOK_EVERY)[0]:
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = max([peak, *map(int, PEAK_RSS.findall(status))])
    os.close(ended)
    return peak


def _command(way: str, migrations: Path) -> list[str]:
    if way == MIGRATOR:
        return [sys.executable, "-m", "migrator", "apply", "--migrations", str(migrations)]
    concurrently = "CONCURRENTLY " if way == CONCURRENTLY else ""
    sql = f"CREATE INDEX {concurrently}{INDEX} ON {TABLE}{COLUMNS}"
    return [str(SYSTEM / "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--command={sql}"]
