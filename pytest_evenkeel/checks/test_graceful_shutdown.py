"""A worker that is told to go finishes what it has begun and leaves in order; its server's others go on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_evenkeel.server import LastWords, ServingInstance

SHORT = 2
"""Seconds of a request in flight that fits into the shutdown of the default budget."""
LAST = 1
"""Seconds by which a request in flight outlives PM2's kill_timeout."""
THROW = "setTimeout(() => { throw new Error('thrown by a check') }, 0); 0"
REJECT = "Promise.reject(new Error('rejected by a check')); 0"


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaving:
    """A worker that was told to go."""

    seen: Any
    """By its clients, as leaving.cjs prints it."""
    code: int | None
    """What it exited with, as PM2 saw it."""
    last_words: LastWords | None
    """None where it wrote none: an app may shut down by itself, without the kit's `shutdown.js`."""

    @property
    def finished(self) -> bool:
        """Whether every request in flight was answered as usual, and every connection ended in order."""
        slow, usual = self.seen["slow"], self.seen["usual"]
        assert len(slow) == 2
        answered = [one and one["status"] == usual["status"] for one in slow]
        return all(answered) and all(end and end["how"] == "end" for end in self.seen["ends"])

    def ended(self, **words: Any) -> bool:
        """Whether it ended as it says with these words, if it says anything."""
        said = self.last_words
        return self.code == words["code"] and said in (None, LastWords(**words))


def leave(
    server: ServingInstance, request: Mapping[str, Any], *, seconds: float = SHORT, **how: Any
) -> Leaving:
    """What became of a worker that got `signals` or ran `throws`, and of its clients."""
    host, port = server.address
    worker = min(server.list_workers(), key=lambda one: one.pid)
    clients = {
        "host": host,
        "port": port,
        "pid": worker.pid,
        "request": request,
        "seconds": seconds,
        "patience": (seconds + server.kill_seconds) * 1000 + 5000,
    }
    seen = server.node("leaving.cjs", clients | how)
    server.wait_until_restarted({worker.pid})
    (code,) = [one.exit_code for one in server.list_workers() if one.pm_id == worker.pm_id]
    assert not seen["usual"]["early"], (
        f"{request['path']} answered before its body had arrived: evenkeel:smoke.slow_request has to name a "
        "request that waits for it"
    )
    return Leaving(seen=seen, code=code, last_words=server.last_words([worker.pid]).get(worker.pid))


@pytest.mark.disruptive
@pytest.mark.parametrize("signal", ["SIGTERM", "SIGINT"])
def test_requests_in_flight_are_finished_after_the_signal(
    servers: list[ServingInstance], slow_request: Mapping[str, Any], signal: str
) -> None:
    """Readiness fails first, requests are answered, no connection is reset, and the worker exits with 0.

    More signals change nothing. The worker's connections to Redis and Postgres are gone with it.
    """
    to_stores = connections(servers[0], f"pid={min(servers[0].pids())},")
    signals = [[signal, 0], [signal, 200], ["SIGTERM", 400], ["SIGINT", 600]]
    left = leave(servers[0], slow_request, signals=signals)
    assert left.finished
    usual = left.seen["usual"]["status"]
    # Whoever uses a kept-alive connection to it again is still answered, and told to open another.
    assert {(one["status"], one["closes"]) for one in left.seen["ready"]} == {(503, True)}
    assert {one["closes"] for one in left.seen["slow"]} == {True}
    assert {(one["status"], one["closes"]) for one in left.seen["elsewhere"]} <= {(usual, False)}
    early = min(end["ms"] for end in left.seen["idle"])
    assert early > SHORT * 1000, "an idle connection was closed before its client could know"
    assert left.seen["gone"] < servers[0].kill_seconds * 1000
    assert left.ended(code=0, reason=signal)
    assert to_stores.isdisjoint(connections(servers[0]))


@pytest.mark.disruptive
def test_a_request_longer_than_the_budget_is_cut_off_in_order(
    servers: list[ServingInstance], slow_request: Mapping[str, Any]
) -> None:
    """The drain does not wait for it for ever; the exit is in order all the same, before PM2's SIGKILL."""
    server = servers[0]
    left = leave(server, slow_request, seconds=server.kill_seconds + LAST, signals=[["SIGTERM", 0]])
    assert left.seen["slow"] == [None, None]
    assert server.drain_seconds * 1000 <= left.seen["gone"] < server.kill_seconds * 1000
    assert left.ended(code=0, reason="SIGTERM", cut_off=2)


@pytest.mark.disruptive
@pytest.mark.parametrize(
    ("throws", "reason"),
    [(THROW, "uncaughtException"), (REJECT, "unhandledRejection")],
    ids=["uncaught exception", "unhandled rejection"],
)
def test_an_error_that_nobody_caught_ends_a_worker_in_order(
    servers: list[ServingInstance], slow_request: Mapping[str, Any], throws: str, reason: str
) -> None:
    """It exits with 1, and the requests that it has begun are answered first."""
    left = leave(servers[0], slow_request, throws=throws)
    assert left.finished
    assert left.seen["gone"] < servers[0].kill_seconds * 1000
    assert left.ended(code=1, reason=reason)


@pytest.mark.disruptive
def test_a_killed_worker_does_not_finish_its_requests(
    servers: list[ServingInstance], slow_request: Mapping[str, Any]
) -> None:
    """The twin: without the signal handler's help the same requests are cut off, and nothing is said."""
    left = leave(servers[0], slow_request, signals=[["SIGKILL", 0]])
    assert not left.finished
    assert left.seen["slow"] == [None, None]
    assert left.last_words is None


def connections(server: ServingInstance, of: str = "") -> set[tuple[str, str]]:
    """Established connections, local end and peer, without those that the app has accepted."""
    lines = server.host.check_output("ss --no-header --tcp --numeric --processes state established")
    ends = [line.split()[2:4] for line in lines.splitlines() if of in line]
    return {(local, peer) for local, peer in ends if port(local) != str(server.address[1])}


def port(end: str) -> str:
    """Of `address:port`."""
    return end.rsplit(":", 1)[1]
