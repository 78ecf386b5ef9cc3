"""The cloud's clock: it is ahead of the machine's by what it was advanced, once each body has seen that."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from rehearsal.cloud import clock
from testkit.waiting import eventually


@pytest.fixture(autouse=True)
def _unadvanced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other tests' clock is not ahead."""
    monkeypatch.setattr(clock, "_ahead", 0.0)


def test_each_of_its_times_is_ahead() -> None:
    with ThreadPoolExecutor() as api:
        advancing = api.submit(clock.advance, 3600.0)
        while not advancing.done():
            clock.end_round()
            time.sleep(0.01)
    for ahead in (
        clock.monotonic() - time.monotonic(),
        clock.epoch() - time.time(),
        (clock.now() - datetime.now(UTC)).total_seconds(),
    ):
        assert 3599 < ahead < 3601


def test_who_advances_it_waits_for_a_whole_round() -> None:
    """The round that is under way may have begun before."""
    with ThreadPoolExecutor() as api:
        advancing = api.submit(clock.advance, 60.0)
        eventually(lambda: clock._ahead == 60)
        clock.end_round()
        time.sleep(0.1)
        assert not advancing.done()
        clock.end_round()
        advancing.result(timeout=10)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 86401.0, float("nan")])
def test_it_neither_goes_back_nor_leaps(seconds: float) -> None:
    with pytest.raises(ValueError, match="the clock advances by"):
        clock.advance(seconds)
    assert clock._ahead == 0
