"""The write latency over time, a panel a way, with the build's span behind it."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from bench.migrations.report import BuildReport
from bench.migrations.way import NO_BUILD, WAYS


def draw(report: BuildReport, rows: int, target: Path) -> None:
    """Writes a PNG: of each way its worst build, on one scale."""
    figure = Figure(figsize=(10, 11), layout="constrained")
    panels = figure.subplots(len(WAYS), 1, sharex=True, sharey=True)
    figure.suptitle(f"Write latency while an index is built on {rows:,} rows")
    for panel, way in zip(panels, WAYS, strict=True):
        build = report.worst(way)
        start, end = build.span.start, build.span.end
        if way != NO_BUILD:
            panel.axvspan(0, end - start, color="tab:orange", alpha=0.25, label=f"build, {end - start:.1f} s")
        panel.scatter(
            [write.scheduled - start for write in build.writes],
            [write.latency * 1000 for write in build.writes],
            s=3,
            color="tab:blue",
            linewidths=0,
            label="one write, at the time it was due",
        )
        panel.axhline(report.lock_timeout * 1000, color="tab:red", linewidth=1, label="lock_timeout")
        panel.set_yscale("log")
        panel.set_ylabel("latency, ms")
        panel.set_title(f"{way}: slowest write {build.latency.maximum * 1000:,.0f} ms", loc="left")
        panel.legend(loc="upper right", fontsize="small")
    panels[-1].set_xlabel("seconds since the build's start")
    figure.savefig(target, dpi=120)
