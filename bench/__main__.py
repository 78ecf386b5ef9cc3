"""How long a deployment in rehearsal takes: `make bench` writes `bench/results/deployment.json`.

Measured in one run, on one machine, as seconds and as ratios to the no-change `pulumi up`:
cold `make up` (empty caches: engine built or fetched, packages downloaded), warm `make up` (caches full,
nothing running), a second `make up`, a no-change `pulumi up`, and the program alone (`bench.echo`).
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.folder import working_folder
from bench.results import RESULTS

ROOT = Path(__file__).parent.parent
REPEATS = 5
"""Runs of each repeatable measurement; the median is reported with the extremes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """Seconds of each run of one command."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Seconds; one run that was disturbed does not move it."""
        return statistics.median(self.seconds)


def main() -> None:
    """Measures in a clone, so that the caller's own rehearsal and caches stay as they are."""
    with working_folder() as folder:
        clone, home = folder / "clone", folder / "home"
        _run(["git", "clone", "--quiet", str(ROOT), str(clone)], cwd=ROOT, environment=dict(os.environ))
        home.mkdir()
        environment = _empty_caches(home)
        try:
            measurements = _measure(clone, environment)
        finally:
            _run(["make", "down"], cwd=clone, environment=environment)
            # Go marks its module cache read-only, which a plain removal trips over.
            _run(["chmod", "-R", "u+w", str(home)], cwd=ROOT, environment=environment)
            shutil.rmtree(home)
    _report(measurements)


def _measure(clone: Path, environment: dict[str, str]) -> list[Measurement]:
    make_up, make_down = ["make", "up"], ["make", "down"]
    cold = _time("cold make up", make_up, clone, environment)
    again = _time("second make up, nothing changed", make_up, clone, environment, repeats=REPEATS)
    by_hand = ["bash", "-c", 'eval "$(make -s env)" && pulumi up --yes --skip-preview --stack local']
    no_change = _time("pulumi up, nothing changed", by_hand, clone, environment, repeats=REPEATS)
    program = [".venv/bin/python", "-m", "bench.echo", "local"]
    alone = _time("the program alone", program, clone, environment, repeats=REPEATS)
    _run(make_down, cwd=clone, environment=environment)
    warm = _time("warm make up", make_up, clone, environment)
    return [cold, warm, again, no_change, alone]


def _empty_caches(home: Path) -> dict[str, str]:
    """The caller's environment with every tool's cache in an empty folder."""
    return os.environ | {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "GOPATH": str(home / "go"),
        "GOCACHE": str(home / ".cache" / "go-build"),
        "npm_config_cache": str(home / ".npm"),
        "PIP_CACHE_DIR": str(home / ".cache" / "pip"),
    }


def _time(
    name: str, command: Sequence[str], cwd: Path, environment: dict[str, str], repeats: int = 1
) -> Measurement:
    seconds = []
    for turn in range(repeats):
        print(f"{name} ({turn + 1} of {repeats}) …", end=" ", flush=True)
        start = time.monotonic()
        _run(command, cwd=cwd, environment=environment)
        seconds.append(time.monotonic() - start)
        print(f"{seconds[-1]:.1f} s", flush=True)
    return Measurement(name=name, seconds=tuple(seconds))


def _run(command: Sequence[str], cwd: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=cwd, env=environment, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        output = f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        sys.exit(f"{' '.join(command)} failed with {done.returncode}:\n{output}")


def _report(measurements: Sequence[Measurement]) -> None:
    base = next(
        measurement.median for measurement in measurements if measurement.name == "pulumi up, nothing changed"
    )
    report = {
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "unit": "seconds; ratio is to the median of a no-change `pulumi up`",
        "measurements": [
            {
                "name": measurement.name,
                "runs": [round(second, 2) for second in measurement.seconds],
                "median": round(measurement.median, 2),
                "ratio": round(measurement.median / base, 2),
            }
            for measurement in measurements
        ],
    }
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / "deployment.json"
    target.write_text(json.dumps(report, indent=2) + "\n")
    print(f"\n{'':34}{'median':>10}{'ratio':>9}")
    for measurement in measurements:
        print(f"{measurement.name:34}{measurement.median:>8.1f} s{measurement.median / base:>9.2f}")
    print(f"\nwritten to {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
