"""What each part buys, who kept the cores busy, and how the workers scale."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.load.report import LONGEST, SHOWN, THROUGHPUT, LoadReport
from bench.load.variants import AS_IT_WAS


def draw(report: LoadReport, title: str, target: Path) -> None:
    """Writes a PNG."""
    figure = Figure(figsize=(13, 11), layout="constrained")
    figure.suptitle(title)
    (throughput, latency), (cores, scaling) = figure.subplots(2, 2)
    _throughput(throughput, report)
    _latency(latency, report)
    _cores(cores, report)
    _scaling(scaling, report)
    figure.savefig(target, dpi=120)


def _throughput(panel: Axes, report: LoadReport) -> None:
    rates = [result.maximum.rate for result in report.results]
    bars = panel.barh([result.variant for result in report.results], rates, color="tab:blue")
    panel.bar_label(bars, fmt="%.0f", padding=3)
    wanted = THROUGHPUT * report.of(AS_IT_WAS.name).maximum.rate
    panel.axvline(wanted, color="tab:red", linewidth=1, label=f"{THROUGHPUT:g} times as it was")
    panel.invert_yaxis()
    panel.set_title("Most requests/s, closed loop", loc="left")
    panel.legend(fontsize="small")


def _latency(panel: Axes, report: LoadReport) -> None:
    at = range(len(report.results))
    for offset, colour, phase in ((-0.2, "tab:cyan", "cold"), (0.2, "tab:purple", "steady")):
        values = [getattr(result, phase).p95 for result in report.results]
        bars = panel.barh([place + offset for place in at], values, height=0.4, color=colour, label=phase)
        panel.bar_label(bars, fmt="%.0f", padding=3)
    panel.axvline(LONGEST, color="tab:red", linewidth=1, label=f"{LONGEST} ms")
    panel.set_yticks(list(at), [result.variant for result in report.results])
    panel.set_xscale("log")
    panel.invert_yaxis()
    panel.set_title(f"p95 at {report.rate:.0f} requests/s, the old throughput; ms", loc="left")
    panel.legend(fontsize="small")


def _cores(panel: Axes, report: LoadReport) -> None:
    names = list(dict.fromkeys(name for result in report.results for name in result.maximum.cores))
    left = [0.0] * len(report.results)
    for name in sorted(names):
        used = [result.maximum.cores.get(name, 0.0) for result in report.results]
        if max(used) < SHOWN:
            continue
        panel.barh([result.variant for result in report.results], used, left=left, label=name)
        left = [before + more for before, more in zip(left, used, strict=True)]
    panel.axvline(report.cores, color="black", linestyle=":", label="cores")
    panel.invert_yaxis()
    panel.set_title("Busy cores at the maximum", loc="left")
    panel.legend(fontsize="small")


def _scaling(panel: Axes, report: LoadReport) -> None:
    for curve in report.curves:
        counts = [point.workers for point in curve.points]
        gains = [curve.gain(point) for point in curve.points]
        with_one = curve.points[0].rate
        panel.plot(
            counts,
            gains,
            marker="o",
            label=f"{curve.route}, {curve.bound}: {with_one:.0f} requests/s with one",
        )
    counts = [point.workers for point in report.curves[0].points]
    panel.plot(counts, counts, color="grey", linestyle="--", label="ideal")
    panel.axvline(report.cores, color="black", linestyle=":", label=f"{report.cores} cores")
    panel.set_xticks(counts)
    panel.set_xlabel("workers")
    panel.set_title("Requests/s, times one worker's; wrk shares the cores", loc="left")
    panel.legend(fontsize="small")
