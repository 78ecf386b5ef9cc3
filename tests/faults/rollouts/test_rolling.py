"""Nothing planned fails a request: rollouts, reloads, scaling; and what an unplanned loss costs.

All of it under steady requests of people who are logged in: quick reads, half of them on connections of their
own, and members and SMS that they write on kept-alive ones, in up to `app.longest_request` seconds each. No
client tries anything twice. `--times 20` repeats rollouts and reloads as often as the promise says, and
demands its load.
"""

import time

import pytest

from rehearsal.cloud.elbv2.targets import UNAWARE
from testkit.deployment import Deployment
from testkit.load import CONNECTIONS
from testkit.traffic import WITHIN_DRAIN
from testkit.waiting import eventually
from tests.faults.rollouts.rolled_stack import RolledStack
from tests.faults.rollouts.servers import StackServers
from tests.faults.rollouts.use import PEOPLE, in_use

pytestmark = pytest.mark.long
RELOADS = 20
"""As many as must not fail a request where the handler is on."""
WITHOUT_HANDLER = "module.exports = { gracefulShutdown: () => ({ isShuttingDown: false }) };"
SHUTDOWN = "/opt/app/current/src/process/shutdown.js"
RESTORE = f"test ! -f /root/shutdown.js || {{ cat /root/shutdown.js >{SHUTDOWN} && rm /root/shutdown.js; }}"
STOP_EARLY = (
    "sed --in-place '/^  wait_until_/d' /opt/evenkeel/lifecycle.sh && systemctl restart lifecycle.service"
)
KILL_WORKER = "pkill -KILL --oldest --euid app --full src/server.js"
STRUCK = 2.0
"""Seconds within which what a test kills is dead, and its group knows."""
NOTICED = STRUCK + UNAWARE[1]
"""Seconds within which a lost server gets no more requests in rehearsal. An ALB takes its health checks' at
most, 15 s here. Neither sends a request twice here, so those that are still handed on fail."""


@pytest.fixture
def times(request: pytest.FixtureRequest) -> int:
    """How often rollouts and reloads are repeated."""
    return int(request.config.getoption("--times"))


def test_rollouts_fail_no_request(
    fleet: RolledStack, deployment: Deployment, servers: StackServers, times: int
) -> None:
    """`pulumi up` replaces every server; nobody notices, and never are fewer healthy than desired."""
    desired = servers.desired
    met = servers.healthy
    with in_use(deployment, times=times) as use:
        for number in range(times):
            # Another variable is another launch template version: a rollout without a build.
            with fleet.settings(environment=f"ROLLOUT: number-{number}"):
                fleet.up().succeeded()
            assert servers.settled(desired).isdisjoint(met)
            met |= servers.healthy
    assert (use.failed, use.fewest) == (0, desired)
    assert use.all_are_logged_in()


def test_reloads_fail_no_request(deployment: Deployment, servers: StackServers, times: int) -> None:
    """`pm2 reload` replaces every worker of every server, one server after another.

    A worker that PM2 stops is told so without a drain before it: it finishes what `app.drain` has time for.
    """
    desired = servers.desired
    with in_use(deployment, times=times, longest=WITHIN_DRAIN) as use:
        for _ in range(times):
            for server in servers.healthy:
                servers.reload(server)
    assert (use.failed, use.fewest) == (0, desired)
    assert use.all_are_logged_in()


def test_reloads_without_the_signal_handler_fail_requests(
    deployment: Deployment, servers: StackServers
) -> None:
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
            with in_use(deployment, longest=WITHIN_DRAIN) as reloads:
                for server in healthy:
                    servers.reload(server)
            if reloads.failed:
                break
        with in_use(deployment) as replacement:
            servers.replace(min(healthy))
    finally:
        for server in healthy & servers.members:
            servers.run(server, RESTORE)
            servers.reload(server)
    assert reloads.failed > 0, "nothing failed: the load proves nothing"
    assert replacement.failed == 0


def test_scaling_out_and_in_fails_no_request(deployment: Deployment, servers: StackServers) -> None:
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


def test_servers_that_stop_before_they_are_drained_fail_requests(
    deployment: Deployment, servers: StackServers
) -> None:
    """The twin of what ends a server in order: scaling in, and whatever replaces it.

    These take the first word of their metadata for the end of the drain: the balancer still sends requests,
    and waits for others.
    """
    desired = servers.desired
    early = servers.resize(desired + 1)
    try:
        for server in early:
            servers.run(server, STOP_EARLY)
        with in_use(deployment) as scaled_in:
            servers.resize(desired)
        with in_use(deployment) as replaced:
            servers.replace(min(early & servers.members))
    finally:
        for server in early & servers.members:
            servers.replace(server)
    assert scaled_in.failed > 0, "nothing failed: the load proves nothing of scaling"
    assert replaced.failed > 0, "nothing failed: the load proves nothing of rollouts"


def test_servers_that_are_not_drained_fail_requests(deployment: Deployment, servers: StackServers) -> None:
    """The twin: without a deregistration delay the balancer waits for no request."""
    with servers.deregistration_delay(0), in_use(deployment) as use:
        servers.replace(min(servers.healthy))
    assert use.failed > 0, "nothing failed: no request was in flight for long"


def test_a_worker_killed_while_a_server_drains_costs_what_it_had_in_flight(
    deployment: Deployment, servers: StackServers
) -> None:
    """A connection has one request in flight, or none, so nothing has to fail; PM2 starts another worker."""
    desired = servers.desired
    leaving, hit = sorted(servers.healthy)
    with in_use(deployment) as use:
        servers.terminate(leaving)
        eventually(lambda: servers.health().get(leaving) != "healthy")
        killed = time.time()
        servers.run(hit, KILL_WORKER)
        servers.settled(desired)
    assert use.outcome is not None
    failed = [one for one in use.outcome.each if one.failed]
    assert use.failed <= 2 * CONNECTIONS + PEOPLE
    assert all(one.sent < killed + STRUCK and one.sent + one.seconds > killed for one in failed)
    assert use.all_are_logged_in()


def test_a_server_killed_while_another_drains_costs_its_own_requests_only(
    deployment: Deployment, servers: StackServers
) -> None:
    """Lost is what was sent to it before each of the balancer's nodes knew, and nothing else."""
    desired = servers.desired
    leaving, lost, *_ = sorted(servers.resize(desired + 1))
    try:
        with in_use(deployment) as use:
            servers.terminate(leaving)
            eventually(lambda: servers.health().get(leaving) != "healthy")
            killed = time.time()
            servers.lose(lost)
            servers.settled(desired + 1)
    finally:
        servers.resize(desired)
    assert use.outcome is not None
    failed = [one for one in use.outcome.each if one.failed]
    noticed = max(one.sent for one in failed)
    assert noticed - killed < NOTICED
    # The balancer goes round, one of desired + 1 drains, and who fails comes again sooner than who waits.
    meanwhile = [one for one in use.outcome.each if killed <= one.sent <= noticed]
    assert use.failed <= 2 * CONNECTIONS + PEOPLE + len(meanwhile) / desired
    assert [one for one in failed if one.sent + one.seconds < killed] == []
    assert use.all_are_logged_in()
