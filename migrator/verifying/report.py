"""What `verify` tells of named queries: a table of figures, under each query its plans and indexes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from migrator.plan import shortened
from migrator.query import Query
from migrator.verifying.explain import Timing
from migrator.verifying.judge import Verdict
from migrator.verifying.plantree import PlanTree

NAME_WIDTH = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """How a query runs now, and before its indexes if that was measured; what became of each index."""

    query: Query
    before: Timing | None
    now: Timing
    trees: tuple[PlanTree, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def indexes(self) -> set[str]:
        """Those that it uses or should use."""
        return {index for tree in self.trees for index in tree.indexes}.union(
            *(verdict.family for verdict in self.verdicts)
        )

    @property
    def failures(self) -> list[str]:
        return [verdict.failure for verdict in self.verdicts if verdict.failure]


def table(answers: Sequence[Answer], *, timeout: float) -> list[str]:
    """Lines of at most about 110 characters; `timeout` is in seconds."""
    if not answers:
        return []
    width = min(NAME_WIDTH, max(len(answer.query.name) for answer in answers))
    lines = [_line("query", width, "before", "now", "faster", "rows")]
    for answer in answers:
        before, now = answer.before, answer.now
        lines.append(
            _line(
                answer.query.name,
                width,
                _milliseconds(before, timeout),
                _milliseconds(now, timeout),
                _faster(before, now, timeout),
                "–" if now.rows is None else f"{now.rows:,}",
            )
        )
        if before:
            lines.append(shortened(f"  before: {before.plan}"))
        lines.append(shortened(f"  now:    {now.plan}"))
        lines += [f"  {verdict.text}" for verdict in answer.verdicts]
    return lines


def _line(name: str, width: int, before: str, now: str, faster: str, rows: str) -> str:
    return f"{name[:width]:<{width}}  {before:>12}  {now:>12}  {faster:>9}  {rows:>10}"


def _milliseconds(timing: Timing | None, timeout: float) -> str:
    if timing is None or timing.milliseconds is None:
        return "–"
    if math.isinf(timing.milliseconds):
        return f"> {timeout:g} s"
    return f"{timing.milliseconds:,.3f} ms"


def _faster(before: Timing | None, now: Timing, timeout: float) -> str:
    """By how much of the former time; what was cut off took the time-out at least. Below 0 it is slower."""
    if before is None or not before.milliseconds or now.milliseconds is None or math.isinf(now.milliseconds):
        return "–"
    if before.plan == now.plan and not math.isinf(before.milliseconds):
        return "same scan"  # any difference is the machine's
    least = min(before.milliseconds, timeout * 1000)
    more = "> " if math.isinf(before.milliseconds) else ""
    return f"{more}{100 * (1 - now.milliseconds / least):.1f} %"
