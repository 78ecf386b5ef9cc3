"""k6, which makes the load: one on PATH, else built as a Go tool."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rehearsal.engine import go
from rehearsal.engine.cache import cache
from rehearsal.errors import EngineError
from rehearsal.lock import exclusive
from rehearsal.processes import Child
from rehearsal.progress import Progress

PINNED = "1.8.1"
"""`k6-tool/go.mod` pins it too, and a test keeps them the same."""
MAJOR = 1  # of one on PATH: a later one may mean something else by the same script
SOURCE = Path(__file__).parent / "k6-tool"
PACKAGE = "go.k6.io/k6"
INSTEAD = "k6 (https://grafana.com/docs/k6/latest/set-up/install-k6/)"
CROSSED = 99
"""k6's exit status when a threshold was crossed; the summary says which."""


class LoadFailed(Exception):
    """Nothing was loaded, or nothing answered well: there is nothing to measure."""


def find() -> Path:
    """The k6 to use. Raises EngineError when none can be had."""
    on_path = shutil.which("k6")
    if on_path and (installed := version(Path(on_path))) and int(installed.partition(".")[0]) == MAJOR:
        return Path(on_path)
    built = cache() / f"k6-{PINNED}" / "k6"
    if version(built) != PINNED:
        with exclusive(cache()):
            if version(built) != PINNED:  # who held the lock may have built it
                build(built)
    return built


def version(program: Path) -> str | None:
    """What `k6 version` says; None when there is no such program or it does not run, as when cut off."""
    try:
        said = subprocess.run([program, "version"], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(r"k6(?:\.exe)? v(\d+\.\d+\.\d+)", said.stdout)
    return match[1] if match else None


def build(target: Path) -> None:
    """Builds the pinned k6 with Go, in about a minute: aside first, so that nothing half done is found."""
    partial = target.parent.with_name(f"{target.parent.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    command: list[str | Path] = [
        "build",
        "-v",
        "-trimpath",
        "-ldflags",
        "-s -w",
        "-o",
        partial / "k6",
        PACKAGE,
    ]
    toolchain = go.find(instead=INSTEAD)
    with Progress(f"building k6 {PINNED} with Go") as progress:
        toolchain.run(command, directory=SOURCE, progress=progress, instead=INSTEAD)
    if (actual := version(partial / "k6")) != PINNED:
        raise EngineError(
            f"The k6 built at {partial} says it is {actual}, and {PINNED} was asked for. Install {INSTEAD} "
            "yourself, so that it is on PATH, and run this again."
        )
    shutil.rmtree(target.parent, ignore_errors=True)
    partial.rename(target.parent)


class K6Run:
    """A script that runs now, and writes its summary to `$SUMMARY`."""

    def __init__(self, program: Path, script: Path, *, environment: Mapping[str, str], folder: Path) -> None:
        self._summary = folder / "summary.json"
        self._summary.unlink(missing_ok=True)
        # No address: its API would be open to all of this machine, at a port that another k6 may hold.
        options = ["--quiet", "--no-color", "--no-usage-report", "--address", ""]
        own = {"PATH": os.environ["PATH"], "HOME": str(folder), "SUMMARY": str(self._summary)}
        self._child = Child(
            [program, "run", *options, script], log=folder / "k6.log", env={**own, **environment}
        )
        self.pid = self._child.pid

    @property
    def alive(self) -> bool:
        """Whether it still sends requests; `summary` is for after that."""
        return self._child.alive

    def summary(self) -> dict[str, Any]:
        """Of a run that has ended. LoadFailed has k6's words; a threshold that was crossed is no failure."""
        if self._child.exit_status not in (0, CROSSED) or not self._summary.exists():
            said = self._child.log.read_text()[-2000:]
            raise LoadFailed(f"k6 ended with {self._child.exit_status}:\n{said}")
        summary: dict[str, Any] = json.loads(self._summary.read_text())
        return summary
