"""A worker that is told to go finishes what it has begun and leaves in order; its server's others go on."""

from typing import Any

import pytest

from tests.infra import own_app
from tests.infra.server import ServingInstance

SHORT = 2
"""Seconds of a request in flight that fits into the shutdown of the default budget."""
LAST = 1
"""Seconds by which a request in flight outlives PM2's kill_timeout."""
THROW = "setTimeout(() => { throw new Error('thrown by a check') }, 0); 0"
REJECT = "Promise.reject(new Error('rejected by a check')); 0"


def leave(server: ServingInstance, *, seconds: float = SHORT, **how: Any) -> tuple[Any, own_app.Exit | None]:
    """What clients saw while a worker got `signals` or ran `throws`, and the worker's last words."""
    host, port = server.address
    before = server.pids()
    pid = min(before)
    clients = {
        "host": host,
        "port": port,
        "pid": pid,
        "request": own_app.SLOW_REQUEST,
        "seconds": seconds,
        "patience": (seconds + server.kill_seconds) * 1000 + 5000,
    }
    seen = server.node("leaving.cjs", clients | how)
    server.wait_until_restarted({pid})
    return seen, own_app.exits(server, [pid]).get(pid)


def finished(seen: Any) -> bool:
    """Whether every request in flight was answered as at any time, and every connection ended in order."""
    assert len(seen["slow"]) == 2
    answered = [one and one["status"] == own_app.SLOW_STATUS for one in seen["slow"]]
    return all(answered) and all(end and end["how"] == "end" for end in seen["ends"])


@pytest.mark.disruptive
@pytest.mark.parametrize("signal", ["SIGTERM", "SIGINT"])
def test_requests_in_flight_are_finished_after_the_signal(
    servers: list[ServingInstance], signal: str
) -> None:
    """Readiness fails first, requests are answered, no connection is reset, and the worker exits with 0.

    More signals change nothing. The worker's connections to Redis and Postgres are gone with it.
    """
    to_stores = connections(servers[0], f"pid={min(servers[0].pids())},")
    stores = servers[0].node("stores.cjs", {"key": None})
    assert {stores["sessions"]["port"], stores["database"]["port"]} <= {port(peer) for _, peer in to_stores}
    seen, last_words = leave(
        servers[0], signals=[[signal, 0], [signal, 200], ["SIGTERM", 400], ["SIGINT", 600]]
    )
    assert finished(seen)
    # Whoever uses a kept-alive connection to it again is still answered, and told to open another.
    assert {(one["status"], one["closes"]) for one in seen["ready"]} == {(503, True)}
    assert {one["closes"] for one in seen["slow"]} == {True}
    assert {(one["status"], one["closes"]) for one in seen["elsewhere"]} == {(own_app.SLOW_STATUS, False)}
    early = min(end["ms"] for end in seen["idle"])
    assert early > SHORT * 1000, "an idle connection was closed before its client could know"
    assert seen["gone"] < servers[0].kill_seconds * 1000
    assert last_words == own_app.Exit(code=0, reason=signal, cut_off=0, hard_stop=False)
    assert to_stores.isdisjoint(connections(servers[0]))


@pytest.mark.disruptive
def test_a_request_longer_than_the_budget_is_cut_off_in_order(servers: list[ServingInstance]) -> None:
    """The drain does not wait for it for ever; the exit is in order all the same, before PM2's SIGKILL."""
    server = servers[0]
    seen, last_words = leave(server, seconds=server.kill_seconds + LAST, signals=[["SIGTERM", 0]])
    assert seen["slow"] == [None, None]
    assert server.drain_seconds * 1000 <= seen["gone"] < server.kill_seconds * 1000
    assert last_words == own_app.Exit(code=0, reason="SIGTERM", cut_off=2, hard_stop=False)


@pytest.mark.disruptive
@pytest.mark.parametrize(
    ("throws", "reason"),
    [(THROW, "uncaughtException"), (REJECT, "unhandledRejection")],
    ids=["uncaught exception", "unhandled rejection"],
)
def test_an_error_that_nobody_caught_ends_a_worker_in_order(
    servers: list[ServingInstance], throws: str, reason: str
) -> None:
    """It exits with 1, and the requests that it has begun are answered first."""
    seen, last_words = leave(servers[0], throws=throws)
    assert finished(seen)
    assert seen["gone"] < servers[0].kill_seconds * 1000
    assert last_words == own_app.Exit(code=1, reason=reason, cut_off=0, hard_stop=False)


@pytest.mark.disruptive
def test_a_killed_worker_does_not_finish_its_requests(servers: list[ServingInstance]) -> None:
    """The twin: without the signal handler's help the same requests are cut off, and nothing is said."""
    seen, last_words = leave(servers[0], signals=[["SIGKILL", 0]])
    assert not finished(seen)
    assert seen["slow"] == [None, None]
    assert last_words is None


def connections(server: ServingInstance, of: str = "") -> set[tuple[str, str]]:
    """Established connections, local end and peer, without those that the app has accepted."""
    lines = server.host.check_output("ss --no-header --tcp --numeric --processes state established")
    ends = [line.split()[2:4] for line in lines.splitlines() if of in line]
    return {(local, peer) for local, peer in ends if port(local) != str(server.address[1])}


def port(end: str) -> str:
    """Of `address:port`."""
    return end.rsplit(":", 1)[1]
