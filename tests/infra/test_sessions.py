"""A session belongs to the person: not to a worker, nor to a server, nor to the store's node."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from testkit.waiting import eventually
from tests.infra import own_app
from tests.infra.server import PM2, ServingInstance
from tests.infra.stack import Stack, in_service

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


def test_a_session_is_read_back_through_the_balancer(person: own_app.Person) -> None:
    """Who logs in is known at the next request."""
    assert person.who_am_i() == person.email


def test_without_its_cookie_a_session_is_not_read_back(person: own_app.Person) -> None:
    """The twin: the check above can fail."""
    person.forget_cookies()
    with pytest.raises(requests.HTTPError, match="401"):
        person.who_am_i()


def test_a_session_is_served_by_every_worker_of_every_server(
    person: own_app.Person, servers: list[ServingInstance]
) -> None:
    """No stickiness: the requests of one browser meet all servers and workers, and each knows the session."""
    wanted = {(server.id, pid) for server in servers for pid in server.pids()}
    met: set[tuple[str, int]] = set()

    with ThreadPoolExecutor(AT_ONCE) as tabs:

        def met_all() -> bool:
            met.update(map(own_app.served_by, tabs.map(person.get, ["/healthz"] * AT_ONCE)))
            return met >= wanted

        # PM2 spreads connections, not requests: in between the balancer may close some.
        eventually(met_all, within=MEETING_SECONDS, poll=0.1)
        assert set(tabs.map(lambda _: person.who_am_i(), range(REQUESTS))) == {person.email}


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    person: own_app.Person, servers: list[ServingInstance]
) -> None:
    """It is httpOnly, sameSite=lax, and secure where the stack has TLS; it lasts as long as the session."""
    (cookie,) = [one for one in person.cookies if one.name == own_app.COOKIE]
    flags = {name.lower(): value for name, value in vars(cookie)["_rest"].items()}
    assert "httponly" in flags
    assert flags["samesite"].lower() == "lax"
    assert cookie.secure is (servers[0].environment["COOKIE_SECURE"] == "true")
    assert cookie.secure is person.url.startswith("https:")
    assert cookie.expires == pytest.approx(time.time() + own_app.SESSION_SECONDS, abs=60)


def test_the_store_forgets_a_session_when_its_cookie_ends(
    person: own_app.Person, servers: list[ServingInstance]
) -> None:
    """The key's time to live is the cookie's age."""
    key = own_app.session_key(person.cookies[own_app.COOKIE])
    ttl = servers[0].node("stores.cjs", {"key": key})["sessions"]["ttl"]
    assert own_app.SESSION_SECONDS - 60 <= ttl <= own_app.SESSION_SECONDS


@pytest.mark.disruptive
def test_a_session_survives_a_reload_of_every_server(
    person: own_app.Person, servers: list[ServingInstance]
) -> None:
    """Every worker of every server is replaced, each leaving in order; the session stays."""
    for server in servers:
        before = server.pids()
        reloaded = server.host.run(f"{PM2} reload app")
        assert reloaded.succeeded, reloaded.stderr
        assert before.isdisjoint(server.pids())
        codes = {pid: exit.code for pid, exit in own_app.exits(server, before).items()}
        assert codes == dict.fromkeys(before, 0)
    assert person.who_am_i() == person.email


@pytest.mark.disruptive
def test_a_session_survives_the_death_of_its_worker(
    person: own_app.Person, servers: list[ServingInstance]
) -> None:
    """All workers of a server are killed; PM2 starts new ones, and these know the session."""
    server = servers[0]
    before = server.pids()
    server.host.check_output(f"kill -KILL {' '.join(map(str, before))}")
    server.wait_until_restarted(before)
    assert {person.who_am_i() for _ in range(REQUESTS)} == {person.email}


@pytest.mark.disruptive
def test_a_session_survives_the_death_of_all_that_runs_on_a_server(
    person: own_app.Person, servers: list[ServingInstance], stack: Stack, aws: Callable[[str], Any]
) -> None:
    """PM2 and its workers are killed. systemd starts them again, or else the group replaces the server."""
    before = servers[0].pids()
    killed = {(servers[0].id, pid) for pid in before}
    servers[0].host.run(KILL_PM2)

    def whole() -> bool:
        """As many servers take requests as before, none of them by a worker that was killed."""
        try:
            met = {own_app.served_by(person.get("/healthz")) for _ in range(REQUESTS)}
        except requests.HTTPError:
            return False
        return met.isdisjoint(killed) and len({server for server, _ in met}) == len(servers)

    eventually(whole, within=REPLACEMENT_SECONDS, poll=0.5)
    # A server that was found unhealthy goes even if it is well again, once another one serves.
    eventually(lambda: is_well(stack, aws("autoscaling"), len(servers)), within=REPLACEMENT_SECONDS, poll=0.5)
    if servers[0].id in in_service(stack, aws("autoscaling")):
        servers[0].wait_until_restarted(before)
    assert person.who_am_i() == person.email


@pytest.mark.usefixtures("servers")
@pytest.mark.disruptive
def test_a_session_survives_a_failover_of_its_store(
    person: own_app.Person, stack: Stack, aws: Callable[[str], Any]
) -> None:
    """A replica becomes the primary, and has the session. tests/faults has the stores' other faults."""
    elasticache = aws("elasticache")

    def group() -> Any:
        return elasticache.describe_replication_groups(ReplicationGroupId=stack.sessions)[
            "ReplicationGroups"
        ][0]

    def primary() -> str:
        nodes = group()["NodeGroups"][0]["NodeGroupMembers"]
        return next(str(node["CacheClusterId"]) for node in nodes if node["CurrentRole"] == "primary")

    if group()["AutomaticFailover"] != "enabled":
        pytest.skip(f"{stack.sessions} has no replica to fail over to")
    before = primary()
    elasticache.test_failover(
        ReplicationGroupId=stack.sessions, NodeGroupId=group()["NodeGroups"][0]["NodeGroupId"]
    )
    eventually(
        lambda: group()["Status"] == "available" and primary() != before, within=FAILOVER_SECONDS, poll=0.5
    )
    eventually(lambda: answers(person), within=FAILOVER_SECONDS, poll=0.5)
    assert person.who_am_i() == person.email


@pytest.mark.disruptive
def test_a_session_survives_the_replacement_of_a_server(
    person: own_app.Person, servers: list[ServingInstance], stack: Stack, aws: Callable[[str], Any]
) -> None:
    """It is terminated through its group, which makes another; no request fails meanwhile."""
    before = in_service(stack, aws("autoscaling")).keys()
    aws("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=servers[0].id, ShouldDecrementDesiredCapacity=False
    )

    def replaced() -> bool:
        assert person.who_am_i() == person.email
        now = in_service(stack, aws("autoscaling")).keys()
        return servers[0].id not in now and len(now) == len(before)

    eventually(replaced, within=REPLACEMENT_SECONDS, poll=0.5)
    assert person.who_am_i() == person.email


def is_well(stack: Stack, autoscaling: Any, size: int) -> bool:
    """Whether the group has so many members, all in service, and means to keep each."""
    described = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[stack.auto_scaling_group])
    members = described["AutoScalingGroups"][0]["Instances"]
    kept = [one["LifecycleState"] == "InService" and one["HealthStatus"] == "Healthy" for one in members]
    return len(members) == size and all(kept)


def answers(person: own_app.Person) -> bool:
    """Whether the app serves the person."""
    try:
        person.who_am_i()
    except requests.HTTPError as error:
        if error.response.status_code < 500:
            pytest.fail("the session is lost")
        return False
    return True
