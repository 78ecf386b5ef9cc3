"""A test that runs alone meets nobody, and is not kept waiting for ever."""

import threading
import time
from pathlib import Path

import pytest

from testkit.turns import turn

WAIT = 0.2
"""Seconds in which a thread that may go on would have done so."""


class TurnTaker(threading.Thread):
    """Takes a turn as a process of its own would: each opening of a file has locks of its own."""

    def __init__(self, folder: Path, *, alone: bool) -> None:
        super().__init__(daemon=True)
        self._folder, self._alone = folder, alone
        self.began, self.end = threading.Event(), threading.Event()
        self.start()

    def run(self) -> None:
        with turn(self._folder, alone=self._alone):
            self.began.set()
            self.end.wait(10)

    def finish(self) -> None:
        self.end.set()
        self.join(10)


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True)])
def test_who_runs_alone_meets_nobody(tmp_path: Path, first: bool, second: bool) -> None:
    """Whoever came first."""
    one = TurnTaker(tmp_path, alone=first)
    assert one.began.wait(10)
    other = TurnTaker(tmp_path, alone=second)
    assert not other.began.wait(WAIT)
    one.finish()
    assert other.began.wait(10)
    other.finish()


def test_others_run_side_by_side(tmp_path: Path) -> None:
    """The twin: waiting is for those only."""
    one, other = TurnTaker(tmp_path, alone=False), TurnTaker(tmp_path, alone=False)
    assert one.began.wait(10)
    assert other.began.wait(10)
    one.finish()
    other.finish()


def test_who_waits_to_run_alone_is_next(tmp_path: Path) -> None:
    """Later ones that could run beside the present one wait behind it."""
    present = TurnTaker(tmp_path, alone=False)
    assert present.began.wait(10)
    alone = TurnTaker(tmp_path, alone=True)
    time.sleep(WAIT)
    later = TurnTaker(tmp_path, alone=False)
    assert not later.began.wait(WAIT)
    present.finish()
    assert alone.began.wait(10)
    assert not later.began.wait(WAIT)
    alone.finish()
    assert later.began.wait(10)
    later.finish()
