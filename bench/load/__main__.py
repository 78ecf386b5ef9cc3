"""What each part of the workload buys: `bench/results/load.json`, and a plot and tables beside it.

k6, the app, Postgres and Redis share this machine, so that ratios count, not figures. The app as it was comes
first; what it can answer is the old throughput. Then come each part alone and all of them: on a cold cache,
at the old throughput, and with as many requests as the app answers.

Ends with 1 and the reason when a figure of the workload's table does not hold.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

from bench.folder import working_folder
from bench.load import k6, phase, plot, scaling, users
from bench.load.app import App, AppFailed, Gateway
from bench.load.mix import MIX, ZIPF, cumulative, zipf
from bench.load.phase import LoadStage, MeasuredPhase
from bench.load.report import LONGEST, LoadReport, VariantResult
from bench.load.scaling import Curve
from bench.load.stores import SETTINGS, BenchStores
from bench.load.variants import ALL, AS_IT_WAS, CACHE, INDICES, UNCACHED, VARIANTS, Variant
from bench.results import RESULTS
from rehearsal import table
from rehearsal.errors import EngineError

OLD_LOADS = (0.8, 0.6, 0.4)
"""Of the most that the app as it was answers, the first it holds: at its limit it has no p95 but a queue."""
WARM_UP = 4  # seconds, of the first
LONGEST_WARM_UP = 60  # seconds, of a cache


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """Rows of the database, seconds of the phases; `warm`: requests after which a cache counts as warm."""

    members: int
    messages: int
    warm: int
    cold: int
    steady: int
    maximum: int
    scaling: int


FULL = Sizes(members=60_000, messages=300_000, warm=9000, cold=6, steady=15, maximum=12, scaling=6)
QUICK = Sizes(members=12_000, messages=60_000, warm=1500, cold=3, steady=4, maximum=4, scaling=2)


def main() -> None:
    """Measures every variant, writes the results, and fails where a promise does not hold."""
    sizes, load = _sizes(), os.getloadavg()[0]
    _say(f"load {load:.1f} on {os.cpu_count()} cores: the work of others makes the ratios inexact")
    with working_folder() as folder:
        try:
            report, versions = Bench(folder, sizes).run()
        except (AppFailed, EngineError, k6.LoadFailed) as error:
            sys.exit(str(error))
    _write(report, versions, load, sizes)
    if sizes != QUICK and (broken := report.broken_promises()):
        sys.exit("\n".join(f"does not hold: {reason}" for reason in broken))


def _sizes() -> Sizes:
    parser = ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="whether it works, in 2 minutes; no figures")
    return QUICK if parser.parse_args().quick else FULL


class Bench:
    """All variants in one session: the same machine, database, users and load."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self._folder, self._sizes, self._password = folder, sizes, secrets.token_urlsafe(18)
        self._k6 = k6.find()
        self._started = 0

    def run(self) -> tuple[LoadReport, dict[str, str | None]]:
        """What was measured, and the versions of what took part."""
        with BenchStores(self._folder) as self._stores, Gateway(self._folder) as self._gateway:
            self._fill()
            rate, first = self._measure_old()
            others = [self._measure(variant, rate) for variant in VARIANTS if variant != AS_IT_WAS]
            curves = self._scale()
            report = LoadReport(results=[first, *others], curves=curves, rate=rate, cores=os.cpu_count() or 1)
            node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
            return report, {
                "postgresql": self._stores.version,
                "node": node.stdout.strip(),
                "k6": k6.version(self._k6),
            }

    def _fill(self) -> None:
        sizes = self._sizes
        _say(f"filling {sizes.members:,} members and {sizes.messages:,} messages …")
        self._stores.fill(members=sizes.members, messages=sizes.messages, password=self._password)
        with self._app(ALL) as app:
            members = users.log_in(self._stores, app.url, self._password)
        users.write(members, self._folder / "users.json")
        self._largest = members[0]
        self._users_environment = {
            "USERS": str(self._folder / "users.json"),
            "CHURCHES": json.dumps(cumulative(zipf(len(members)))),
            "PASSWORD": self._password,
        }
        _say(f"    {len(members)} churches, one user each")

    def _measure_old(self) -> tuple[float, VariantResult]:
        """The throughput that the others are compared at, and the app as it was at it."""
        with self._app(AS_IT_WAS) as app:
            stage = self._stage(app)
            phase.run(stage, phase.maximum(WARM_UP))
            maximum = self._phase(stage, phase.maximum(self._sizes.maximum))
            for share in OLD_LOADS:
                rate = share * maximum.rate
                result = self._held(AS_IT_WAS, stage, rate, maximum)
                if result.steady.is_whole:
                    break
            return rate, result

    def _measure(self, variant: Variant, rate: float) -> VariantResult:
        with self._app(variant) as app:
            return self._held(variant, self._stage(app), rate)

    def _held(
        self, variant: Variant, stage: LoadStage, rate: float, maximum: MeasuredPhase | None = None
    ) -> VariantResult:
        """The steady load last: by then the cache is warm."""
        self._stores.empty_cache()
        cold = self._phase(stage, phase.cold(rate, self._sizes.cold))
        maximum = maximum or self._phase(stage, phase.maximum(self._sizes.maximum))
        if CACHE in variant.parts:
            self._warm(stage, maximum)
        promised = LONGEST if variant == ALL else None
        steady = self._phase(stage, phase.steady(rate, self._sizes.steady, p95=promised))
        return VariantResult(variant=variant.name, cold=cold, maximum=maximum, steady=steady)

    def _warm(self, stage: LoadStage, maximum: MeasuredPhase) -> None:
        """By requests, not by time: else a slow machine's cache would be colder, and say so of the app."""
        if (missing := self._sizes.warm - maximum.requests) > 0:
            _say("    warming the cache …")
            phase.run(stage, phase.maximum(min(LONGEST_WARM_UP, ceil(missing / maximum.rate))))

    def _phase(self, stage: LoadStage, load: phase.HeldLoad) -> MeasuredPhase:
        measured = phase.run(stage, load)
        _say(f"    {measured.name}: {measured.rate:.0f} requests/s, p95 {measured.p95:.0f} ms")
        return measured

    def _scale(self) -> list[Curve]:
        points: dict[str, list[scaling.Point]] = {route: [] for route in scaling.ROUTES}
        for workers in scaling.WORKERS:
            with self._app(UNCACHED, workers=workers) as app:
                for route, points_of_route in points.items():
                    headers = {"Cookie": self._largest.cookie}
                    scaling.measure(
                        app, route=route, headers=headers, seconds=1
                    )  # compiled, and its connections open
                    points_of_route.append(
                        scaling.measure(app, route=route, headers=headers, seconds=self._sizes.scaling)
                    )
                    _say(f"    {route}: {points_of_route[-1].rate:.0f} requests/s")
        return [
            Curve(route=route, bound=scaling.ROUTES[route], points=points_of_route)
            for route, points_of_route in points.items()
        ]

    def _app(self, variant: Variant, *, workers: int | None = None) -> App:
        self._started += 1
        count = workers or os.cpu_count() or 1
        _say(f"{variant.name}, {count} workers …" if workers else f"{variant.name} …")
        self._stores.set_indices(present=INDICES in variant.parts)
        environment = {**self._stores.environment, "SMS_GATEWAY_URL": self._gateway.url}
        return App(self._folder / f"app-{self._started}", variant, environment, workers=count)

    def _stage(self, app: App) -> LoadStage:
        return LoadStage(
            k6=self._k6,
            folder=self._folder,
            stores=self._stores,
            app=app,
            gateway_pids=self._gateway.pids,
            environment=self._users_environment,
        )


def _write(report: LoadReport, versions: Mapping[str, str | None], load: float, sizes: Sizes) -> None:
    RESULTS.mkdir(exist_ok=True)
    written = RESULTS / ("load-quick" if sizes == QUICK else "load")
    conditions = {
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "load_before": load,
        },
        "versions": versions,
        "postgresql": SETTINGS,
        **asdict(sizes),
        "users_of_the_closed_loop": phase.USERS,
        "zipf_exponent": ZIPF,
        "mix": MIX,
        "tls": "to Postgres and Redis; none between k6 and the app, which is the load balancer's",
        "unit": "ms; requests/s; cores",
    }
    written.with_suffix(".json").write_text(json.dumps({**conditions, **report.as_json()}, indent=2) + "\n")
    title = f"The workload's parts on {report.cores} cores, shared with k6 and the databases"
    plot.draw(report, title, written.with_suffix(".png"))
    tables = (report.table(), report.target_table(), report.scaling_table())
    written.with_suffix(".md").write_text(
        "\n\n".join(table.markdown(head, rows) for head, *rows in tables) + "\n"
    )
    _say("\n" + "\n\n".join(table.plain(head, rows) for head, *rows in tables))
    if disturbances := report.disturbances():
        _say("\nothers had work on this machine:\n" + "\n".join(disturbances))
    _say(f"\nwritten to bench/results/{written.name}.json, .png and .md")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
