"""Index builds under writes, four ways: `bench/results/migrations.json` and a plot beside it.

Ends with 1 and the reason when the migrator blocks a writer beyond `lock_timeout`, takes longer than
1.05 times psql's CONCURRENTLY, or a write is lost.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from bench.folder import working_folder
from bench.migrations import plot, way
from bench.migrations.database import SETTINGS, DurableDatabase
from bench.migrations.report import Build, BuildReport
from bench.migrations.way import CONCURRENTLY, MIGRATOR, NO_BUILD, PLAIN, BuildFailed
from bench.migrations.writers import CLIENTS, TransactionWriters, WritersFailed
from bench.results import RESULTS
from migrator.settings import Patience
from rehearsal import table

PAIRS = 7  # of psql's build and the migrator's
LEAD = 4.0  # seconds of writes before a build, and after it, in which blocked writers catch up
CAUGHT_UP = 1.0  # seconds that the last write may take; writes that were due and never began are not seen
GIB = 2**30


def main() -> None:
    """Measures the builds, writes the results, and fails where a promise does not hold."""
    chosen, load = _arguments(), os.getloadavg()[0]
    _say(f"load {load:.1f} on {os.cpu_count()} cores: the work of others makes the ratios inexact")
    with working_folder() as folder:
        _require_disk(folder, chosen.rows)
        try:
            report, version = _measure(folder, chosen)
        except (BuildFailed, WritersFailed) as error:
            sys.exit(str(error))
    _write(report, version, load, chosen)
    if broken := report.broken_promises():
        sys.exit("\n".join(f"does not hold: {reason}" for reason in broken))


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m bench.migrations", description=__doc__)
    # Python's start, the sessions and the checks take the migrator a quarter of a second, whatever the rows:
    # with fewer than 10 million that alone is 5 % of a build.
    parser.add_argument("--rows", type=int, default=20_000_000, help="default %(default)s")
    parser.add_argument("--rate", type=int, default=300, help="writes a second, default %(default)s")
    return parser.parse_args()


def _require_disk(folder: Path, rows: int) -> None:
    """A row takes some 150 bytes, its indexes 90, and twice that while it is written; 5 GiB are WAL's."""
    needed, free = rows * 480 + 5 * GIB, shutil.disk_usage(folder).free
    if free < needed:
        sys.exit(
            f"{folder} has {free / GIB:.1f} GiB free and {needed / GIB:.1f} GiB are needed: "
            "free some, set TMPDIR to a larger disk, or give fewer --rows"
        )


def _measure(folder: Path, chosen: Namespace) -> tuple[BuildReport, str]:
    # Every other pair in reverse, so that what changes from build to build favours neither.
    pairs = [[CONCURRENTLY, MIGRATOR], [MIGRATOR, CONCURRENTLY]] * PAIRS
    turns = [NO_BUILD, PLAIN, *(name for pair in pairs[:PAIRS] for name in pair)]
    with DurableDatabase(folder) as database:
        way.write_migration(folder)
        _say(f"filling {chosen.rows:,} rows …")
        database.fill(chosen.rows)
        builds = []
        for turn, name in enumerate(turns, 1):
            _say(f"{turn} of {len(turns)}, {name} …")
            builds.append(_build(name, database, folder / f"writes-{turn}", chosen))
            _say(f"    {builds[-1].span.seconds:.2f} s, slowest write {builds[-1].latency.maximum:.3f} s")
        return BuildReport(builds=builds, lock_timeout=Patience().lock_timeout), database.version


def _build(name: str, database: DurableDatabase, folder: Path, chosen: Namespace) -> Build:
    database.forget_builds()
    before, logged = database.counts(), database.log_size()
    with TransactionWriters(folder, database.environment, rows=chosen.rows, rate=chosen.rate) as writers:
        time.sleep(LEAD)
        process = way.run(name, folder.parent, database.environment)
        time.sleep(LEAD)
        writes, failed = writers.stop()
    if writes[-1].latency > CAUGHT_UP:
        raise WritersFailed(
            f"{name}: {LEAD:g} s after it a write still took {writes[-1].latency:.1f} s: "
            "the machine cannot keep up, give a lower --rate"
        )
    statement_seconds = database.statement_seconds(logged)
    if name != NO_BUILD:
        if not database.has_valid_index():
            raise BuildFailed(f"{name} left no valid index")
        if not statement_seconds:
            raise BuildFailed(f"{name} was too quick for the server's log: give more --rows")
    after, done = database.counts(), len(writes)
    return Build(
        way=name,
        span=process.span,
        statement_seconds=statement_seconds,
        peak_rss=process.peak_rss,
        writes=writes,
        failed=failed,
        lost=max(done - (after.rows - before.rows), done - (after.touched - before.touched)),
    )


def _write(report: BuildReport, version: str, load: float, chosen: Namespace) -> None:
    RESULTS.mkdir(exist_ok=True)
    conditions = {
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "load_before": load,
        },
        "postgresql": {"version": version, **SETTINGS},
        "rows": chosen.rows,
        "writers": {"clients": CLIENTS, "writes_per_second": chosen.rate},
        "unit": "seconds; KiB",
    }
    (RESULTS / "migrations.json").write_text(json.dumps({**conditions, **report.as_json()}, indent=2) + "\n")
    plot.draw(report, chosen.rows, RESULTS / "migrations.png")
    head, *rows = report.table()
    _say(f"\n{table.plain(head, rows)}\n\n{report.ratios()}")
    _say("written to bench/results/migrations.json and migrations.png")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
