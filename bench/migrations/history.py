"""A long history on an empty database, psql's time and the migrator's: `bench/results/history.json`.

Ends with 1 and the reason when the bundle, which is what a deployment runs, takes more than 1.5 times as
long as one psql session with all files.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.folder import working_folder
from bench.migrations.database import DurableDatabase
from bench.results import RESULTS
from migrator.planning import bundle
from testkit.postgres_versions import SYSTEM

MIGRATIONS = 800
PAIRS = 5
LONGEST_RATIO = 1.5
SEED = 20261130
PSQL, BUNDLE, FOLDER = "psql", "bundle", "folder"


def main() -> None:
    """Measures in turns, writes the results, and fails where the promise does not hold."""
    with working_folder() as folder:
        files = write(folder / "migrations")
        built = bundle.build(folder / "migrations", folder)
        commands = {
            PSQL: [str(SYSTEM / "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", *files],
            BUNDLE: [sys.executable, str(built.path), "apply"],
            FOLDER: [sys.executable, "-m", "migrator", "apply", "--migrations", str(folder / "migrations")],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        with DurableDatabase(folder) as database:
            for turn in range(PAIRS):
                for name in (commands, reversed(commands))[turn % 2]:
                    seconds[name].append(_run(commands[name], database))
                    print(f"{turn + 1} of {PAIRS}, {name}: {seconds[name][-1]:.2f} s", flush=True)
    _write(seconds, statements=sum(len(item.statements) for item in built.plan.migrations))


def write(folder: Path) -> list[str]:
    """A history as Prisma writes one, always the same; psql's flags for its files."""
    chance, flags = random.Random(SEED), []
    for number, sql in enumerate(_history(chance)):
        script = folder / f"{number:04}_step" / "migration.sql"
        script.parent.mkdir(parents=True)
        script.write_text(sql)
        flags.append(f"--file={script}")
    return flags


def _history(chance: random.Random) -> Iterator[str]:
    """Tables of eight columns, and what comes to them later."""
    tables = 0
    for number in range(MIGRATIONS):
        kinds = (_table, _columns, _index, _reference, _enum)
        (kind,) = chance.choices(kinds, weights=(33, 33, 14, 10, 10)) if tables else (_table,)
        tables += kind is _table
        one, other = (tables if kind is _table else chance.randint(1, tables)), chance.randint(1, tables)
        yield kind(f"T{one}", f"T{other}", number)


def _table(name: str, other: str, _: int) -> str:
    return f"""\
-- CreateTable
CREATE TABLE "{name}" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "count" INTEGER NOT NULL DEFAULT 0,
    "data" JSONB,
    "parentId" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "{name}_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "{name}_email_key" ON "{name}"("email");

-- AddForeignKey
ALTER TABLE "{name}" ADD CONSTRAINT "{name}_parentId_fkey" FOREIGN KEY ("parentId")
    REFERENCES "{other}"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
"""


def _columns(name: str, _: str, number: int) -> str:
    return (
        f'-- AlterTable\nALTER TABLE "{name}" ADD COLUMN "c{number}" TEXT,\n'
        f'ADD COLUMN "d{number}" INTEGER NOT NULL DEFAULT 0;\n'
    )


def _index(name: str, _: str, number: int) -> str:
    return f'-- CreateIndex\nCREATE INDEX "{name}_{number}_idx" ON "{name}"("name", "createdAt");\n'


def _reference(name: str, other: str, number: int) -> str:
    return (
        f'ALTER TABLE "{name}" ADD COLUMN "f{number}" TEXT;\n'
        f'ALTER TABLE "{name}" ADD CONSTRAINT "{name}_f{number}_fkey" FOREIGN KEY ("f{number}") '
        f'REFERENCES "{other}"("id") ON DELETE SET NULL ON UPDATE CASCADE;\n'
    )


def _enum(_: str, __: str, number: int) -> str:
    return f"-- CreateEnum\nCREATE TYPE \"E{number}\" AS ENUM ('A', 'B', 'C');\n"


def _run(command: list[str], database: DurableDatabase) -> float:
    environment = database.fresh("history")
    started = time.monotonic()
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr}")
    return time.monotonic() - started


def _write(seconds: dict[str, list[float]], *, statements: int) -> None:
    ratios = {
        name: [ours / psqls for psqls, ours in zip(seconds[PSQL], seconds[name], strict=True)]
        for name in (BUNDLE, FOLDER)
    }
    medians = {name: statistics.median(found) for name, found in ratios.items()}
    results = {
        "migrations": MIGRATIONS,
        "statements": statements,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "seconds": seconds,
        "ratios_to_psql": {**ratios, "medians": medians, "limit": LONGEST_RATIO},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "history.json").write_text(json.dumps(results, indent=2) + "\n")
    print(
        f"{MIGRATIONS} migrations, {statements} statements, times psql: the bundle {medians[BUNDLE]:.2f}, "
        f"with planning {medians[FOLDER]:.2f}; written to bench/results/history.json"
    )
    if medians[BUNDLE] > LONGEST_RATIO:
        sys.exit(f"does not hold: the bundle takes {medians[BUNDLE]:.2f} times psql, not {LONGEST_RATIO}")


if __name__ == "__main__":
    main()
