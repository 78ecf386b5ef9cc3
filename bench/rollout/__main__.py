"""Rollouts under steady load: `bench/results/rollout.json` and a plot beside it.

The load is testkit/traffic.py's: quick reads by `wrk`, whose script notes each request, and slow writes.
A connection waits for its answer: while one is slow, fewer are sent. How long a rollout may take is
computed before the first one, from the stack's settings alone.

Ends with 1 and the reason when a request failed, a rollout took longer than that, or fewer servers than
desired were healthy.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

import budgets
from bench.folder import working_folder
from bench.rollout import plot
from bench.rollout.measured_group import MeasuredGroup
from bench.rollout.report import MeasuredRollout, RolloutReport
from rehearsal import table
from stacks.stack_file import read
from testkit.checkout import Checkout, succeed
from testkit.deployer import UP
from testkit.person import Person
from testkit.traffic import Traffic
from testkit.waiting import eventually
from testkit.watch import Lookout

RESULTS = Path(__file__).parents[1] / "results"
STACK = "stacks/Pulumi.local.yaml"
RATE = 100  # requests/s at least
ASKED = 150  # of the load: while servers boot on the same cores answers take longer
PEOPLE = 10
LEAD = 10.0  # seconds of load before a rollout, and after it


def main() -> None:
    """Measures the rollouts, writes the results, and fails where a promise does not hold."""
    chosen, load = _arguments(), os.getloadavg()[0]
    _say(f"load {load:.1f} on {os.cpu_count()} cores: the work of others makes the times inexact")
    with working_folder() as folder:
        checkout = Checkout.copy(folder)
        try:
            report = _measure(checkout, chosen)
        finally:
            succeed(checkout.rehearsal("down"))
    _write(report, load, chosen)
    if broken := report.broken_promises():
        sys.exit("\n".join(f"does not hold: {reason}" for reason in broken))


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m bench.rollout", description=__doc__)
    parser.add_argument("--servers", type=int, default=3, help="default %(default)s")
    parser.add_argument("--rollouts", type=int, default=3, help="default %(default)s")
    parser.add_argument(
        "--max-healthy", type=int, default=150, help="app_servers.max_healthy_percentage: default %(default)s"
    )
    return parser.parse_args()


def _measure(checkout: Checkout, chosen: Namespace) -> RolloutReport:
    settings = read("local")
    sizes = settings.app_servers
    checkout.replace(STACK, f"min_size: {sizes.min_size}", f"min_size: {chosen.servers}")
    checkout.replace(STACK, f"max_size: {sizes.max_size}", f"max_size: {max(chosen.servers, sizes.max_size)}")
    usual = f"max_healthy_percentage: {sizes.max_healthy_percentage}"
    checkout.replace(STACK, usual, f"max_healthy_percentage: {chosen.max_healthy}")
    checkout.replace(STACK, "environment: {", "environment: {ROLLOUT: number-0, ")
    _say(f"deploying {chosen.servers} servers …")
    succeed(checkout.rehearsal("up"))
    predicted = budgets.rollout_time(
        settings.timeline,
        servers=chosen.servers,
        max_healthy_percentage=chosen.max_healthy,
        boot=sizes.start_time,  # as long as a server may take
    )
    _say(f"a rollout may take {predicted:.0f} s by the settings")
    rollouts = []
    for number in range(1, chosen.rollouts + 1):
        checkout.replace(STACK, f"ROLLOUT: number-{number - 1}", f"ROLLOUT: number-{number}")
        _say(f"rollout {number} of {chosen.rollouts} …")
        rollouts.append(_roll_out(checkout, predicted))
        _say(f"    {rollouts[-1].seconds:.1f} s, {rollouts[-1].outcome.failed} requests failed")
    return RolloutReport(rollouts=rollouts, rate=RATE)


def _roll_out(checkout: Checkout, predicted: float) -> MeasuredRollout:
    outputs, environment = checkout.outputs(), checkout.environment()
    fleet = MeasuredGroup(outputs, environment)
    eventually(fleet.settled)
    people = [Person.logged_in(outputs["url"]) for _ in range(PEOPLE)]
    watch = Lookout(MeasuredGroup(outputs, environment).look)
    with Traffic(outputs["url"], people, rate=ASKED) as traffic:
        time.sleep(LEAD)
        began = time.monotonic()
        succeed(checkout.pulumi(*UP))
        deployment = time.monotonic() - began
        eventually(fleet.settled)
        time.sleep(LEAD)
        outcome, looks = traffic.stop(), watch.stop()
    return MeasuredRollout(
        refresh=fleet.last_refresh(),
        predicted=predicted,
        deployment=deployment,
        outcome=outcome,
        looks=looks,
    )


def _write(report: RolloutReport, load: float, chosen: Namespace) -> None:
    RESULTS.mkdir(exist_ok=True)
    conditions = {
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "load_before": load,
        },
        "servers": chosen.servers,
        "max_healthy_percentage": chosen.max_healthy,
        "unit": "seconds; requests/s",
    }
    (RESULTS / "rollout.json").write_text(json.dumps({**conditions, **report.as_json()}, indent=2) + "\n")
    shown = report.median()
    took = f"{shown.seconds:.0f} s of {shown.predicted:.0f} s that the settings allow"
    title = f"Rolling {chosen.servers} servers: {took}"
    plot.draw(shown, title, RESULTS / "rollout.png")
    head, *rows = report.table()
    _say(f"\n{table.plain(head, rows)}\n\n{report.summary()}")
    _say("written to bench/results/rollout.json and rollout.png")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
