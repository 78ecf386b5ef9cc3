"""One phase of load: k6 runs, and meanwhile it is noted who is busy and what Postgres waits for."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.load import k6, mix, processes
from bench.load.app import App
from bench.load.stores import BenchStores

LOOK = 0.25  # seconds between two looks at who is busy
USERS = 50
"""Of the closed loop: what 250 requests/s of 200 ms each are at any moment (Little's law)."""
RAMP = 2  # seconds until all of them are there
MOST_USERS = 300  # of the open loop; who finds none is counted as dropped
ERRORS = 0.001
HELD = "scenario:held"


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldLoad:
    """k6's scenarios of one phase. `seconds`: for how long the load is held, and measured."""

    name: str
    seconds: int
    scenarios: Mapping[str, Any]
    p95: int | None = None
    """ms that the answers may take; None where whatever they take is of interest."""

    @property
    def thresholds(self) -> dict[str, list[str]]:
        """k6 reports a part of a metric only where a threshold asks for it; most of these always hold."""
        asked = {
            "http_reqs": "count>=0",
            "http_req_duration": f"p(95)<{self.p95}" if self.p95 else "max>=0",
            "http_req_failed": f"rate<{ERRORS}",
            "refused": "count>=0",
        }
        kinds = {f"http_req_duration{{{HELD},name:{name}}}": ["max>=0"] for name in mix.MIX}
        return {**{f"{metric}{{{HELD}}}": [holds] for metric, holds in asked.items()}, **kinds}


def cold(rate: float, seconds: int) -> HeldLoad:
    """From a fifth of the rate to the rate, on an empty cache and a young process."""
    stages = [{"target": round(rate), "duration": f"{seconds}s"}]
    ramp = {"executor": "ramping-arrival-rate", "startRate": round(rate / 5), "stages": stages, **_open()}
    return HeldLoad(name="cold", seconds=seconds, scenarios={"held": ramp})


def steady(rate: float, seconds: int, *, p95: int | None = None) -> HeldLoad:
    """So many requests/s come, however long the answers take."""
    constant = {
        "executor": "constant-arrival-rate",
        "rate": round(rate),
        "duration": f"{seconds}s",
        **_open(),
    }
    return HeldLoad(name="steady", seconds=seconds, scenarios={"held": constant}, p95=p95)


def maximum(seconds: int) -> HeldLoad:
    """Each user asks again as soon as the answer is there."""
    stages = [{"target": USERS, "duration": f"{RAMP}s"}]
    ramp = {"executor": "ramping-vus", "startVUs": 1, "stages": stages, "gracefulStop": "0s"}
    held = {"executor": "constant-vus", "vus": USERS, "duration": f"{seconds}s", "startTime": f"{RAMP}s"}
    return HeldLoad(name="maximum", seconds=seconds, scenarios={"ramp": ramp, "held": held})


def _open() -> dict[str, int]:
    return {"preAllocatedVUs": USERS, "maxVUs": MOST_USERS}


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredPhase:
    """What one phase showed. Times in ms; `cores`: busy ones on average, by who kept them so."""

    name: str
    requests: int
    """All, also those of the ramp."""
    rate: float
    """Requests/s that were answered well."""
    p50: float
    p95: float
    p99: float
    errors: float
    """Share of the requests, refusals aside."""
    refused: float
    """Share that was answered 503."""
    dropped: int
    """Requests that were due and never sent: no user was free."""
    slowest: dict[str, float]
    """The p95 of each kind of request."""
    queries: float
    """Statements a request."""
    hit_rate: float | None
    """None without a cache."""
    cores: dict[str, float]
    waits: dict[str, float]
    """How many connections were in the midst of a statement on average, by what Postgres waited for."""
    loop_lag: float
    """p99 of a worker's event loop, the slowest worker's."""
    crossed: list[str]
    """k6's thresholds that did not hold."""

    @property
    def is_whole(self) -> bool:
        """Whether every request was sent and k6's thresholds held."""
        return not (self.crossed or self.dropped)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadStage:
    """What every phase needs. `environment`: users.js' own, with the users."""

    k6: Path
    folder: Path
    stores: BenchStores
    app: App
    gateway_pids: Mapping[str, Sequence[int]]
    environment: Mapping[str, str]

    def pids(self) -> dict[str, Sequence[int]]:
        """What serves, by the names that the report gives to their cores; k6 is not among them."""
        return {**self.app.pids, **self.stores.pids, **self.gateway_pids}


def run(stage: LoadStage, load: HeldLoad) -> MeasuredPhase:
    """Loads the app and looks on."""
    # The event loop's figures are of the time since they were last asked for.
    before = cache_reads(stage.app.metrics()), stage.stores.statements()
    running = k6.K6Run(
        stage.k6,
        Path(__file__).parent / "users.js",
        environment={
            **stage.environment,
            "URL": stage.app.url,
            "MIX": json.dumps({"names": list(mix.MIX), "ends": mix.cumulative(list(mix.MIX.values()))}),
            "LOAD": json.dumps({"scenarios": load.scenarios, "thresholds": load.thresholds}),
        },
        folder=stage.folder,
    )
    looks = [_look(stage, running.pid)]
    while running.alive:
        time.sleep(LOOK)
        looks.append(_look(stage, running.pid))
    metrics = stage.app.metrics()
    after = cache_reads(metrics), stage.stores.statements()
    return measured(
        load,
        running.summary(),
        looks,
        reads=after[0] - before[0],
        statements=after[1] - before[1],
        lag=max(map(loop_lag, metrics)),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineLook:
    """At one moment, in monotonic seconds: processor seconds so far by name, and what Postgres waits for."""

    at: float
    busy: dict[str, float]
    waits: Counter[str] = field(default_factory=Counter)


def _look(stage: LoadStage, load_pid: int) -> MachineLook:
    pids = {**stage.pids(), "k6": [load_pid]}
    busy = {**processes.by_name(pids), "this bench": time.process_time()}
    busy["others"] = processes.machine() - sum(busy.values())
    return MachineLook(at=time.monotonic(), busy=busy, waits=stage.stores.busy())


def measured(
    load: HeldLoad,
    summary: Mapping[str, Any],
    looks: Sequence[MachineLook],
    *,
    reads: Counter[str],
    statements: int,
    lag: float,
) -> MeasuredPhase:
    """From k6's summary, and from the looks at the time for which the load was held.

    LoadFailed where no request was answered well.
    """

    def value(metric: str, name: str, part: str = HELD) -> float:
        measured_values = summary["metrics"].get(f"{metric}{{{part}}}" if part else metric, {"values": {}})
        return float(measured_values["values"].get(name, 0))

    sent, refused = value("http_reqs", "count"), value("refused", "count")
    failed = value("http_req_failed", "rate")
    if not sent or failed == 1:
        raise k6.LoadFailed(
            f"Phase '{load.name}': none of {sent:.0f} requests was answered well, {refused:.0f} got a 503. "
            "Run the app's tests (npm test --prefix app), or less on this machine beside the bench."
        )
    held = [look for look in looks if look.at >= looks[-1].at - load.seconds]
    waits = sum((look.waits for look in held), Counter[str]())
    everything = int(value("http_reqs", "count", part=""))
    return MeasuredPhase(
        name=load.name,
        requests=everything,
        rate=sent * (1 - failed) / load.seconds,
        p50=value("http_req_duration", "med"),
        p95=value("http_req_duration", "p(95)"),
        p99=value("http_req_duration", "p(99)"),
        errors=failed - refused / sent,
        refused=refused / sent,
        dropped=int(value("dropped_iterations", "count", part="")),
        slowest={name: value("http_req_duration", "p(95)", f"{HELD},name:{name}") for name in mix.MIX},
        queries=statements / everything,
        hit_rate=(reads["hit"] + reads["stale"]) / reads.total() if reads else None,
        cores=cores(held),
        waits={name: count / len(held) for name, count in waits.most_common()},
        loop_lag=lag,
        crossed=[
            f"{metric}: {holds}"
            for metric, found in summary["metrics"].items()
            for holds, result in found.get("thresholds", {}).items()
            if not result["ok"]
        ],
    )


def cores(looks: Sequence[MachineLook]) -> dict[str, float]:
    """Busy ones on average from the first look to the last."""
    first, last = looks[0], looks[-1]
    return {
        name: max(0.0, (seconds - first.busy.get(name, 0.0)) / (last.at - first.at))
        for name, seconds in last.busy.items()
    }


def cache_reads(metrics: Sequence[str]) -> Counter[str]:
    """Of all caches and processes, by their outcome."""
    reads: Counter[str] = Counter()
    for text in metrics:
        for outcome, count in re.findall(
            r'^app_cache_reads_total\{.*outcome="(\w+)".*\} (\d+)', text, re.MULTILINE
        ):
            reads[outcome] += int(count)
    return reads


def loop_lag(metrics: str) -> float:
    """ms; 0 where the process tells nothing of it."""
    lag = re.search(r"^nodejs_eventloop_lag_p99_seconds (\S+)$", metrics, re.MULTILINE)
    return float(lag[1]) * 1000 if lag else 0.0
