"""How large a batch is, and how long the pause after it, from what the ones before took."""

from __future__ import annotations

from typing import Any

import pytest

from migrator.applying import batches
from migrator.applying.batches import LONGEST, SMALLEST, Batch, BatchRunner
from migrator.plan import Batches

WAY = Batches(
    size=10_000, column='"id"', table='"t"', alias='"t"', before="UPDATE t SET a = 1 WHERE ", after=""
)
QUICK, SLOW = LONGEST / 2, LONGEST * 20


class Table:
    """Answers what a runner asks, and keeps how many rows it asked for."""

    def __init__(self) -> None:
        self.limits: list[int] = []

    def rows(self, sql: str, **_: Any) -> list[list[Any]]:
        if "LIMIT" not in sql:
            return [["integer", True, True, 1_000_000]]
        self.limits.append(int(sql.partition("LIMIT ")[2].partition(")")[0]))
        return [["7", self.limits[-1]]]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr("migrator.applying.batches.time.sleep", seconds.append)
    return seconds


def run(count: int, seconds: float, *, writes: tuple[float, ...] = (0.001,)) -> Table:
    """That many batches of so many seconds; the small writes take `writes`, the last one for ever."""
    table, left = Table(), list(writes)
    session: Any = table
    runner = BatchRunner(
        Batches(
            size=10_000, column='"id"', table='"t"', alias='"t"', before="UPDATE t SET a = 1 WHERE ", after=""
        ),
        session,
        place="migration m",
        probe=lambda: left.pop(0) if len(left) > 1 else left[0],
    )
    for _ in range(count):
        batch = runner.next(None)
        assert batch
        runner.pause(Batch(sql=batch.sql, last=batch.last, rows=batch.rows, seconds=seconds))
    return table


def test_quick_batches_grow_to_what_was_asked_for(slept: list[float]) -> None:
    limits = run(30, QUICK).limits
    assert limits[0] == 100
    assert limits == sorted(limits)
    assert limits[-1] == 10_000
    assert slept == [QUICK] * 30


def test_slow_batches_are_cut_to_a_few_rows(slept: list[float]) -> None:
    """The pause is as long as the work."""
    assert run(5, SLOW).limits[1:] == [SMALLEST] * 4
    assert slept == [SLOW] * 5


def test_others_in_want_of_the_disk_get_longer_pauses(slept: list[float]) -> None:
    """Not for one slow write, which may be slow by chance."""
    run(12, QUICK, writes=(*[0.001] * 7, 0.1, 0.001))
    assert slept == [QUICK] * 12
    slept.clear()
    run(12, QUICK, writes=(*[0.001] * 5, 0.002))
    assert slept[0] == QUICK
    assert slept[-1] == pytest.approx(QUICK * batches.LONGEST_REST)
