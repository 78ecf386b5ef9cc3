"""The PostgreSQL versions that the migrator supports, and the programs of each: the system's, else npm's."""

from __future__ import annotations

import platform
from pathlib import Path

from testkit.npm_packages import CPU, installed, run

VERSIONS = (15, 16, 17, 18)
OLDEST, NEWEST = VERSIONS[0], VERSIONS[-1]
# Debian's, which has pg_dump too: what reads a whole schema runs on it.
SYSTEM = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
SYSTEM_VERSION = int(SYSTEM.parent.name)
MANIFEST = Path(__file__).parent / "servers"


def binaries(version: int) -> Path:
    """The folder of a version's `postgres` and `initdb`. Raises RuntimeError when it cannot be had."""
    if version == SYSTEM_VERSION:
        return SYSTEM
    return _installed() / "node_modules" / f"pg{version}-{CPU[platform.machine()]}" / "native" / "bin"


def _installed() -> Path:
    return installed(
        MANIFEST,
        name="postgres-servers",
        what=f"PostgreSQL {OLDEST} to {NEWEST}",
        complete=_complete,
    )


def _complete(folder: Path) -> None:
    packages = sorted((folder / "node_modules").glob("pg*"))
    for package in packages:
        # Archives of npm hold no links; each package brings a script that makes them.
        run(["node", "scripts/hydrate-symlinks.js"], package)
        run(["native/bin/postgres", "--version"], package)
    if len(packages) != len(VERSIONS):
        raise RuntimeError(f"npm has them for {', '.join(CPU)} only, this is {platform.machine()}")
