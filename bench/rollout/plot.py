"""Requests, failures, latency and servers over the time of a rollout, with its phases behind them."""

from __future__ import annotations

import math
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bench.rollout.report import BOOT, DRAIN, WARM_UP, MeasuredRollout

BEFORE = 20  # seconds shown before the refresh; the engine takes longer to get so far
COLOURS = {BOOT: "tab:blue", WARM_UP: "tab:green", DRAIN: "tab:orange"}


def draw(rollout: MeasuredRollout, title: str, target: Path) -> None:
    """Writes a PNG."""
    figure = Figure(figsize=(11, 11), layout="constrained")
    panels = figure.subplots(4, 1, sharex=True, height_ratios=[2, 1, 2, 3])
    figure.suptitle(title)
    for panel in panels:
        _shade(panel, rollout)
    requests, failures, latency, servers = panels
    seconds = rollout.by_second()
    at = [second.at + 0.5 for second in seconds]
    requests.plot(at, [second.requests for second in seconds], color="black")
    requests.set_ylim(bottom=0)
    requests.set_ylabel("requests/s")
    requests.set_title("sent in that second; a connection waits for its answer", loc="left")
    failed = [second.failed for second in seconds]
    failures.bar(at, failed, width=1, color="tab:red")
    failures.set_ylim(0, max(5, *failed))
    failures.set_ylabel("failed/s")
    failures.set_title(f"{rollout.outcome.failed} of {rollout.outcome.requests:,} failed", loc="left")
    latency.plot(
        at, [second.p95 * 1000 if second.requests else math.nan for second in seconds], color="tab:purple"
    )
    latency.set_yscale("log")
    latency.set_ylabel("p95, ms")
    _servers(servers, rollout)
    servers.set_xlim(left=max(at[0], -BEFORE))
    servers.set_xlabel("seconds since the instance refresh began")
    figure.legend(
        handles=[Patch(color=colour, alpha=0.2, label=name) for name, colour in COLOURS.items()],
        loc="outside lower center",
        ncols=len(COLOURS),
    )
    figure.savefig(target, dpi=120)


def _shade(panel: Axes, rollout: MeasuredRollout) -> None:
    for phase in rollout.phases():
        panel.axvspan(phase.start, phase.end, color=COLOURS[phase.name], alpha=0.2, linewidth=0)
    panel.axvline(rollout.predicted, color="grey", linestyle=":")
    panel.grid(axis="y", alpha=0.3)


def _servers(panel: Axes, rollout: MeasuredRollout) -> None:
    looks = rollout.looks
    at = [look.at - rollout.refresh.start for look in looks]
    panel.step(at, [look.healthy for look in looks], where="post", color="tab:green", label="healthy")
    panel.step(at, [look.booting for look in looks], where="post", color="tab:blue", label="booting")
    panel.step(at, [look.leaving for look in looks], where="post", color="tab:orange", label="leaving")
    panel.step(
        at, [look.desired for look in looks], where="post", color="black", linestyle="--", label="desired"
    )
    panel.axvline(rollout.predicted, color="grey", linestyle=":", label="end as the settings allow")
    panel.set_ylim(bottom=0)
    panel.set_ylabel("servers")
    percent = panel.twinx()
    under_way = [(when, look.percentage) for when, look in zip(at, looks, strict=True)]
    shown = [(when, share) for when, share in under_way if share is not None]
    shown.append((rollout.seconds, 100))
    percent.step(*zip(*shown, strict=True), where="post", color="tab:red", label="refresh, %")
    percent.set_ylim(0, 105)
    percent.set_ylabel("refresh, %")
    lines = [*panel.get_legend_handles_labels()[0], *percent.get_legend_handles_labels()[0]]
    panel.legend(handles=lines, loc="upper left", fontsize="small")
