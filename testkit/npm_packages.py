"""npm packages of a committed manifest, in the user's cache: for tests that run other people's programs."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from rehearsal.engine.cache import cache
from rehearsal.lock import exclusive
from rehearsal.progress import Progress

CPU = {"x86_64": "x64", "aarch64": "arm64"}
"""npm's names."""


def installed(
    manifest: Path, *, name: str, what: str, complete: Callable[[Path], None] | None = None
) -> Path:
    """A copy of the manifest's folder with its packages: installed aside, then put in place in one step.

    `what` is said while it lasts, and `complete` does what npm leaves undone. Raises RuntimeError.
    """
    files = sorted(entry for entry in manifest.iterdir() if entry.is_file())
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    folder = cache() / f"{name}-{digest[:16]}"
    if not folder.exists():
        with exclusive(cache()):
            if not folder.exists():
                _install(manifest, folder, what=what, complete=complete)
    return folder


def _install(manifest: Path, folder: Path, *, what: str, complete: Callable[[Path], None] | None) -> None:
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(manifest, partial, ignore=shutil.ignore_patterns("node_modules"))
    try:
        with Progress(f"installing {what}, with npm"):
            run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], partial)
            if complete:
                complete(partial)
    except (OSError, RuntimeError) as error:
        shutil.rmtree(partial)
        raise RuntimeError(
            f"{what} could not be installed: {error}\n"
            f"Run `npm ci` in {manifest} to see why: it needs Node.js and a registry of npm packages"
        ) from None
    partial.rename(folder)


def run(command: list[str], folder: Path) -> None:
    """Runs a command there. Raises RuntimeError with what it said."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
