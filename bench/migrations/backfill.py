"""A backfill in batches under writes: `bench/results/backfill.json`.

Ends with 1 and the reason when the writers' p99 is more than 1.5 times what it is without the backfill, a
write is lost, or a row is not changed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.folder import working_folder
from bench.migrations import way
from bench.migrations.database import SETTINGS, TABLE, DurableDatabase
from bench.migrations.latency import Latency
from bench.migrations.writers import TransactionWriters
from bench.results import RESULTS

LONGEST_RATIO = 1.5
BEFORE = 30.0  # seconds of writes alone, before and after
MIGRATION = f"""\
-- migrator: in batches of 10000 by id
UPDATE {TABLE} SET country = left(phone, 2) WHERE country IS NULL;
"""


def main() -> None:
    """Measures, writes the results, and fails where a promise does not hold."""
    parser = ArgumentParser(prog="python -m bench.migrations.backfill", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000, help="default %(default)s")
    parser.add_argument("--rate", type=int, default=300, help="writes a second, default %(default)s")
    chosen = parser.parse_args()
    with working_folder() as folder, DurableDatabase(folder) as database:
        print(f"filling {chosen.rows:,} rows …", flush=True)
        database.fill(chosen.rows)
        database.run(f"ALTER TABLE {TABLE} ADD COLUMN country text; CHECKPOINT")
        script = folder / "migrations" / "1_backfill" / "migration.sql"
        script.parent.mkdir(parents=True)
        script.write_text(MIGRATION)
        results = _measure(folder, database, rows=chosen.rows, rate=chosen.rate)
        # What the writers inserted, with a short phone number, may lie behind the batches.
        left = database.run(f"SELECT count(*) FROM {TABLE} WHERE country IS NULL AND length(phone) > 2")
    broken = []
    if results["ratio_of_p99"] > LONGEST_RATIO:
        broken.append(f"the writers' p99 is {results['ratio_of_p99']:.2f} times as long, not {LONGEST_RATIO}")
    if results["lost"] or results["failed"]:
        broken.append(f"{results['lost']} acknowledged writes are lost, {results['failed']} failed")
    if left[0][0]:
        broken.append(f"{left[0][0]} rows were not changed")
    RESULTS.mkdir(exist_ok=True)
    document = {"rows": chosen.rows, "writes_per_second": chosen.rate, "postgresql": SETTINGS, **results}
    (RESULTS / "backfill.json").write_text(json.dumps(document, indent=2) + "\n")
    print(json.dumps({name: value for name, value in document.items() if name != "postgresql"}, indent=2))
    if broken:
        sys.exit("\n".join(f"does not hold: {reason}" for reason in broken))


def _measure(folder: Path, database: DurableDatabase, *, rows: int, rate: int) -> dict[str, Any]:
    before = database.counts()
    with TransactionWriters(folder / "writes", database.environment, rows=rows, rate=rate) as writers:
        time.sleep(BEFORE)
        process = way.run(way.MIGRATOR, folder, database.environment)
        time.sleep(BEFORE)
        writes, failed = writers.stop()
    after, done = database.counts(), len(writes)
    during = process.span.touched(writes)
    touched = set(during)
    alone = [write for write in writes if write not in touched]
    latencies = {"alone": Latency.of(alone), "during": Latency.of(during)}
    return {
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "backfill_seconds": process.span.seconds,
        "latency": {name: asdict(latency) for name, latency in latencies.items()},
        "ratio_of_p99": latencies["during"].p99 / latencies["alone"].p99,
        "failed": failed,
        "lost": max(done - (after.rows - before.rows), done - (after.touched - before.touched)),
    }


if __name__ == "__main__":
    main()
