"""Steps that fail are logged once, tried again, and keep no other back."""

import logging
from functools import partial
from itertools import pairwise

import pytest

from rehearsal.cloud.attempts import FIRST_PAUSE, LONGEST_PAUSE, Attempts


class AttemptsClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def fail() -> None:
    raise KeyError("a template that is gone")


def test_a_failed_step_is_tried_again_after_pauses_that_grow_to_a_limit() -> None:
    clock, tries = AttemptsClock(), list[float]()
    attempts = Attempts(clock)

    def act() -> None:
        tries.append(clock.now)
        fail()

    for _ in range(400):
        attempts.step("one", act)
        clock.now += 0.5
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses[:5] == [FIRST_PAUSE, 2, 4, 8, 16]
    assert set(pauses[5:]) == {LONGEST_PAUSE}


def test_another_step_goes_on_meanwhile() -> None:
    attempts, done = Attempts(AttemptsClock()), list[int]()
    for turn in range(3):
        assert not attempts.step("one", fail)
        assert attempts.step("other", partial(done.append, turn))
    assert done == [0, 1, 2]


def test_a_failure_is_logged_once_until_its_reason_changes(caplog: pytest.LogCaptureFixture) -> None:
    """With its traceback; that it works again is logged too."""
    clock = AttemptsClock()
    attempts = Attempts(clock)
    with caplog.at_level(logging.INFO):
        for act in (fail, fail, lambda: 1 / 0, lambda: None):
            attempts.step("group web", act)
            clock.now += LONGEST_PAUSE
    assert [(record.levelname, bool(record.exc_info)) for record in caplog.records] == [
        ("ERROR", True),
        ("ERROR", True),
        ("INFO", False),
    ]
    assert all("group web" in record.message for record in caplog.records)
    assert caplog.text.count("is tried again") == 2  # by which the clouds of the tests are judged


def test_what_is_gone_leaves_no_pause_behind() -> None:
    """A resource that is made again is not kept waiting for the one before it."""
    attempts = Attempts(AttemptsClock())
    attempts.step("one", fail)
    assert not attempts.step("one", lambda: None)
    attempts.forget("one")
    assert attempts.step("one", lambda: None)
