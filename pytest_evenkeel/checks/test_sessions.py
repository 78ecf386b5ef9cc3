"""A session belongs to the person: not to a worker, nor to a server, nor to the store's node."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from pytest_evenkeel.app_user import AppUser
from pytest_evenkeel.log_in import Cookie
from pytest_evenkeel.server import PM2, ServingInstance
from pytest_evenkeel.stack import Stack, in_service
from pytest_evenkeel.waiting import eventually

REQUESTS = 40
"""After so many every server has been met: the balancer goes round."""
AT_ONCE = 8
"""Requests of one browser; one after another they could all take the balancer's one idle connection."""
MEETING_SECONDS = 60
"""Within which one browser meets every worker."""
REPLACEMENT_SECONDS = 600
"""For a new server to boot and come into service."""
FAILOVER_SECONDS = 300
KILL_PM2 = "kill -KILL $(systemctl show app.service | sed -nE 's/^MainPID=([1-9])/\\1/p') $(pgrep --euid app)"


def test_a_session_is_read_back_through_the_balancer(person: AppUser) -> None:
    """Who logs in is known at the next request."""
    assert person.is_known()


def test_whoever_has_nothing_of_the_session_is_not_known(person: AppUser) -> None:
    """The twin: the check above can fail."""
    assert not person.stranger().is_known()


def test_a_session_is_served_by_every_worker_of_every_server(
    person: AppUser, servers: list[ServingInstance]
) -> None:
    """No stickiness: the requests of one browser meet all servers and workers, and each knows the session."""
    wanted = {(server.id, worker.pid) for server in servers for worker in server.workers}
    met = {served_by(person)}

    with ThreadPoolExecutor(AT_ONCE) as tabs:

        def met_all() -> bool:
            met.update(tabs.map(served_by, [person] * AT_ONCE))
            return met >= wanted

        # PM2 spreads connections, not requests: in between the balancer may close some.
        eventually(met_all, within=MEETING_SECONDS, poll=0.1)
        assert set(tabs.map(lambda _: person.is_known(), range(REQUESTS))) == {True}


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(person: AppUser, cookie: Cookie) -> None:
    """It is httpOnly, sameSite, and secure where the stack has TLS; it lasts as long as the settings say."""
    (found,) = [one for one in person.cookies if one.name == cookie.name]
    flags = {name.lower(): value for name, value in vars(found)["_rest"].items()}
    assert "httponly" in flags
    assert flags["samesite"].lower() in ("lax", "strict")
    assert found.secure is person.url.startswith("https:")
    assert found.expires == (cookie.max_age and pytest.approx(time.time() + cookie.max_age, abs=60))


@pytest.mark.disruptive
def test_a_session_survives_a_reload_of_every_server(person: AppUser, servers: list[ServingInstance]) -> None:
    """Every worker of every server is replaced, each leaving in order; the session stays."""
    for server in servers:
        before = server.pids()
        reloaded = server.host.run(f"{PM2} reload {server.workers[0].name}")
        assert reloaded.succeeded, reloaded.stderr
        assert before.isdisjoint(server.pids())
        assert {said.code for said in server.last_words(before).values()} <= {0}
    assert person.is_known()


@pytest.mark.disruptive
def test_a_session_survives_the_death_of_its_worker(person: AppUser, servers: list[ServingInstance]) -> None:
    """All workers of a server are killed; PM2 starts new ones, and these know the session."""
    server = servers[0]
    before = server.pids()
    server.host.check_output(f"kill -KILL {' '.join(map(str, before))}")
    server.wait_until_restarted(before)
    assert all(person.is_known() for _ in range(REQUESTS))


@pytest.mark.disruptive
def test_a_session_survives_the_death_of_all_that_runs_on_a_server(
    person: AppUser, servers: list[ServingInstance], stack: Stack, aws: Callable[[str], Any]
) -> None:
    """PM2 and its workers are killed. systemd starts them again, or else the group replaces the server."""
    before = servers[0].pids()
    killed = {(servers[0].id, pid) for pid in before}
    servers[0].host.run(KILL_PM2)

    def whole() -> bool:
        """As many servers take requests as before, none of them by a worker that was killed."""
        try:
            met = {served_by(person) for _ in range(REQUESTS)}
        except requests.HTTPError:
            return False
        return met.isdisjoint(killed) and len({server for server, _ in met}) == len(servers)

    eventually(whole, within=REPLACEMENT_SECONDS, poll=0.5)
    # A server that was found unhealthy goes even if it is well again, once another one serves.
    eventually(lambda: is_well(stack, aws("autoscaling"), len(servers)), within=REPLACEMENT_SECONDS, poll=0.5)
    if servers[0].id in in_service(stack, aws("autoscaling")):
        servers[0].wait_until_restarted(before)
    assert person.is_known()


@pytest.mark.usefixtures("servers")
@pytest.mark.disruptive
def test_a_session_survives_a_failover_of_its_store(
    person: AppUser, sessions: str, aws: Callable[[str], Any]
) -> None:
    """A replica becomes the primary, and has the session. tests/faults has the stores' other faults."""
    elasticache = aws("elasticache")

    def group() -> Any:
        return elasticache.describe_replication_groups(ReplicationGroupId=sessions)["ReplicationGroups"][0]

    def primary() -> str:
        nodes = group()["NodeGroups"][0]["NodeGroupMembers"]
        return next(str(node["CacheClusterId"]) for node in nodes if node["CurrentRole"] == "primary")

    if group()["AutomaticFailover"] != "enabled":
        pytest.skip(f"{sessions} has no replica to fail over to")
    before = primary()
    elasticache.test_failover(
        ReplicationGroupId=sessions, NodeGroupId=group()["NodeGroups"][0]["NodeGroupId"]
    )
    eventually(
        lambda: group()["Status"] == "available" and primary() != before, within=FAILOVER_SECONDS, poll=0.5
    )
    eventually(lambda: answers(person), within=FAILOVER_SECONDS, poll=0.5)
    assert person.is_known()


@pytest.mark.disruptive
def test_a_session_survives_the_replacement_of_a_server(
    person: AppUser, servers: list[ServingInstance], stack: Stack, aws: Callable[[str], Any]
) -> None:
    """It is terminated through its group, which makes another; no request fails meanwhile."""
    before = in_service(stack, aws("autoscaling")).keys()
    aws("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=servers[0].id, ShouldDecrementDesiredCapacity=False
    )

    def replaced() -> bool:
        assert person.is_known()
        now = in_service(stack, aws("autoscaling")).keys()
        return servers[0].id not in now and len(now) == len(before)

    eventually(replaced, within=REPLACEMENT_SECONDS, poll=0.5)
    assert person.is_known()


def is_well(stack: Stack, autoscaling: Any, size: int) -> bool:
    """Whether the group has so many members, all in service, and means to keep each."""
    described = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[stack.auto_scaling_group])
    members = described["AutoScalingGroups"][0]["Instances"]
    kept = [one["LifecycleState"] == "InService" and one["HealthStatus"] == "Healthy" for one in members]
    return len(members) == size and all(kept)


def answers(person: AppUser) -> bool:
    """Whether the app serves the person."""
    try:
        assert person.is_known(), "the session is lost"
    except requests.HTTPError:
        return False
    return True


def served_by(person: AppUser) -> tuple[str, int]:
    """Which server and which worker process answered `/healthz`."""
    answer = person.answer("/healthz")
    try:
        health = answer.json()
        return health["server"], health["pid"]
    except (ValueError, KeyError, TypeError):
        pytest.skip("GET /healthz does not show SERVER_ID as `server` and the worker's `pid` in JSON")
