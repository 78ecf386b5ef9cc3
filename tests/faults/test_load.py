"""The load generator sees what fails, and keeps its pace."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from testkit.load import Load, Outcome, outcome
from tests.faults import faulty
from tests.faults.faulty import Faulty

pytestmark = pytest.mark.long
BODY = "what the server says"
SUMMARY = """\
Running 1m test @ http://127.0.0.1:3000/
  1 threads and 10 connections
  390 requests in 4.05s, 51.80KB read
  Socket errors: connect 1, read 7, write 0, timeout 2
  Non-2xx or 3xx responses: 5
Requests/sec:     96.33
"""
SECONDS = 1.0


def serving(fault: Callable[[int], int | None] = lambda _: 200) -> AbstractContextManager[Faulty]:
    return faulty.serving(fault, BODY)


def loaded(server: Faulty, cookies: tuple[str, ...] = ()) -> Outcome:
    with Load(server.url, cookies=cookies) as load:
        time.sleep(SECONDS)
        return load.stop()


def test_all_that_wrk_counts_as_failed_is_added_up() -> None:
    """Its own lines are kept for the report."""
    seen = outcome(SUMMARY, 4.0)
    assert (seen.requests, seen.failed, seen.rate) == (390, 15, 97.5)
    assert len(seen.lines) == 2


def test_half_of_the_load_makes_new_connections_and_every_session_takes_part() -> None:
    """Nothing fails at a server that answers, at 100 requests/s or more once it runs."""
    with serving() as server:
        seen = loaded(server, ("sid=a", "sid=b"))
        assert (seen.failed, seen.lines) == (0, ())
        assert seen.requests > 50
        assert seen.requests * 0.3 < server.connections < seen.requests * 0.8
        assert {one.cookie for one in server.asked} == {"sid=a", "sid=b"}
        assert len(seen.each) == seen.requests
        assert not any(one.failed for one in seen.each)


def test_a_broken_connection_and_a_bad_answer_are_seen() -> None:
    """The twin."""
    with serving(lambda number: None if number % 10 == 0 else 200) as server:
        seen = loaded(server)
        assert seen.failed > 0
        assert {one.status for one in seen.each if one.failed} == {0}
    with serving(lambda number: 500 if number % 10 == 0 else 200) as server:
        seen = loaded(server)
        assert seen.failed == sum(one.failed for one in seen.each) > 0
        assert {(one.status, one.answer) for one in seen.each if one.failed} == {(500, BODY)}


def test_a_test_that_fails_leaves_no_load_behind() -> None:
    """Neither a process nor a file, though nobody has stopped it."""
    with serving() as server:
        with pytest.raises(ZeroDivisionError), Load(server.url) as load:
            raise ZeroDivisionError
        assert ended(load)


def test_a_load_that_does_not_stop_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, once its time is over."""
    with serving() as server, Load(server.url) as load:
        for wrk in load._running:
            wrk.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, wrk.pid, os.WSTOPPED)
        monkeypatch.setattr("testkit.load.ANSWER", 0.1)
        with pytest.raises(subprocess.TimeoutExpired):
            load.stop()
        assert ended(load)


def ended(load: Load) -> bool:
    return all(wrk.returncode is not None for wrk in load._running) and not Path(load._folder.name).exists()
