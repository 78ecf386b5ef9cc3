"""Nothing planned fails a request: rollouts, reloads, scaling; and what an unplanned loss costs.

All of it under steady requests of people who are logged in, half of them on connections of their own, by a
client that tries nothing twice. `--times 20` repeats rollouts and reloads as often as the promise says, and
demands its load.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.conftest import TIMES, Deployment
from tests.faults.deployer import until
from tests.faults.rollouts.fleet import Fleet
from tests.faults.rollouts.servers import Servers
from tests.load import ASKED, CONNECTIONS, LEAST, STEADY, Load, Outcome
from tests.person import Person
from tests.watch import Watch

pytestmark = pytest.mark.quiet
PEOPLE = 10
RELOADS = 20
"""As many as must not fail a request where the handler is on."""
WITHOUT_HANDLER = "module.exports = { gracefulShutdown: () => ({ isShuttingDown: false }) };"
SHUTDOWN = "/opt/app/current/src/shutdown.js"
RESTORE = f"test ! -f /root/shutdown.js || {{ cat /root/shutdown.js >{SHUTDOWN} && rm /root/shutdown.js; }}"
KILL_WORKER = "pkill -KILL --oldest --euid app --full src/server.js"
NOTICED = 2.0
"""Seconds within which a lost server gets no more requests in rehearsal. An ALB takes its health checks',
15 s here: like the rehearsal's balancer it sends no request twice, so those that it still hands on fail."""


@dataclass(kw_only=True)
class Use:
    """People use the app; `outcome` and `fewest` are known when they have stopped."""

    people: list[Person]
    least: int
    """Requests/s without which a result says nothing."""
    outcome: Outcome | None = None
    fewest: int = 0
    """Healthy servers at any moment."""

    @property
    def failed(self) -> int:
        assert self.outcome is not None
        assert self.outcome.rate >= self.least, f"the load was only {self.outcome.rate:.0f} requests/s"
        return self.outcome.failed

    def all_are_logged_in(self) -> bool:
        return [person.who_am_i() for person in self.people] == [person.email for person in self.people]


@pytest.fixture
def servers(deployment: Deployment, aws_environment: None) -> Servers:
    """The stack's servers, all well."""
    servers = Servers(deployment)
    servers.settled(servers.desired)
    return servers


@pytest.fixture
def times(request: pytest.FixtureRequest) -> int:
    """How often rollouts and reloads are repeated."""
    return int(request.config.getoption("--times"))


@contextmanager
def in_use(deployment: Deployment, *, times: int = TIMES) -> Iterator[Use]:
    """The block happens under load; one that repeats more than usual has its machine to itself."""
    url = deployment.outputs["url"]
    people = [Person.logged_in(url) for _ in range(PEOPLE)]
    use = Use(people=people, least=STEADY if times > TIMES else LEAST)
    watched = Servers(deployment)
    with Load(url, rate=ASKED, cookies=[person.cookie for person in use.people]) as load:
        watch = Watch(lambda: len(watched.healthy))
        try:
            yield use
        finally:
            use.fewest = min(watch.stop())
            use.outcome = load.stop()
            print(
                f"{use.outcome.requests} requests in {use.outcome.seconds:.0f} s ({use.outcome.rate:.0f}/s), "
                f"{use.outcome.failed} failed; "
                f"{use.fewest} servers healthy at least\n{use.outcome.failures}"
            )


def test_rollouts_fail_no_request(fleet: Fleet, deployment: Deployment, servers: Servers, times: int) -> None:
    """`pulumi up` replaces every server; nobody notices, and never are fewer healthy than desired."""
    desired = servers.desired
    met = servers.healthy
    with in_use(deployment, times=times) as use:
        for number in range(1, times):
            # Another variable is another launch template version: a rollout without a build.
            with fleet.settings(environment=f"ROLLOUT: number-{number}"):
                fleet.up().succeeded()
            assert servers.settled(desired).isdisjoint(met)
            met |= servers.healthy
        fleet.up().succeeded()
        assert servers.settled(desired).isdisjoint(met)
    assert (use.failed, use.fewest) == (0, desired)
    assert use.all_are_logged_in()


def test_reloads_fail_no_request(deployment: Deployment, servers: Servers, times: int) -> None:
    """`pm2 reload` replaces every worker of every server, one server after another."""
    desired = servers.desired
    with in_use(deployment, times=times) as use:
        for _ in range(times):
            for server in servers.healthy:
                servers.reload(server)
    assert (use.failed, use.fewest) == (0, desired)
    assert use.all_are_logged_in()


def test_reloads_without_the_signal_handler_fail_requests(deployment: Deployment, servers: Servers) -> None:
    """The twin: the same load notices workers that end without a goodbye.

    Reloads need the handler. A server's replacement does not: the balancer has let it go before it is told to
    end, so that not even such a worker has a request in flight.
    """
    healthy = servers.healthy
    try:
        for server in healthy:
            servers.run(server, f"cp {SHUTDOWN} /root/shutdown.js; echo '{WITHOUT_HANDLER}' >{SHUTDOWN}")
            servers.reload(server)
        # On a quiet machine few requests are in flight at any moment: some reloads meet none.
        for _ in range(RELOADS):
            with in_use(deployment) as reloads:
                for server in healthy:
                    servers.reload(server)
            if reloads.failed:
                break
        with in_use(deployment) as replacement:
            servers.terminate(min(healthy))
            until(lambda: min(healthy) not in servers.members)
            servers.settled(len(healthy))
    finally:
        for server in healthy & servers.members:
            servers.run(server, RESTORE)
            servers.reload(server)
    assert reloads.failed > 0, "nothing failed: the load proves nothing"
    assert replacement.failed == 0


def test_scaling_out_and_in_fails_no_request(deployment: Deployment, servers: Servers) -> None:
    """By hand, to the largest size and back; who leaves finishes first."""
    desired = servers.desired
    try:
        with in_use(deployment) as use:
            servers.resize(desired + 2)
            servers.resize(desired)
    finally:
        servers.resize(desired)
    assert (use.failed, use.fewest) == (0, desired)
    assert use.all_are_logged_in()


def test_a_worker_killed_while_a_server_drains_costs_what_it_had_in_flight(
    deployment: Deployment, servers: Servers
) -> None:
    """A connection has one request in flight; PM2 starts another worker."""
    desired = servers.desired
    leaving, hit = sorted(servers.healthy)
    with in_use(deployment) as use:
        servers.terminate(leaving)
        until(lambda: servers.health().get(leaving) != "healthy")
        killed = time.time()
        servers.run(hit, KILL_WORKER)
        servers.settled(desired)
    assert use.outcome is not None
    failed = [one for one in use.outcome.each if one.failed]
    assert use.failed <= 2 * CONNECTIONS
    assert all(one.sent < killed + NOTICED and one.sent + one.seconds > killed for one in failed)
    assert use.all_are_logged_in()


def test_a_server_killed_while_another_drains_costs_its_own_requests_only(
    deployment: Deployment, servers: Servers
) -> None:
    """What was sent to the killed server before the balancer noticed is lost, and nothing else."""
    desired = servers.desired
    leaving, lost, *_ = sorted(servers.resize(desired + 1))
    try:
        with in_use(deployment) as use:
            servers.terminate(leaving)
            until(lambda: servers.health().get(leaving) != "healthy")
            killed = time.time()
            servers.lose(lost)
            until(lambda: servers.health().get(lost) != "healthy")
            noticed = time.time()
            servers.settled(desired + 1)
    finally:
        servers.resize(desired)
    assert use.outcome is not None
    share = use.outcome.rate / desired  # one of desired + 1 drained
    assert noticed - killed < NOTICED
    assert use.failed <= 2 * CONNECTIONS + share * (noticed - killed)
    others = [one for one in use.outcome.each if one.sent + one.seconds < killed or one.sent > noticed]
    assert [one for one in others if one.failed] == []
    assert use.all_are_logged_in()
