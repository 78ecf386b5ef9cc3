"""A session belongs to the person, not to the worker that made it."""

import pytest
import requests
from testinfra.host import Host

from tests.conftest import Deployment
from tests.infra.conftest import PM2, pm2
from tests.person import Person


def test_a_session_is_read_back_through_the_balancer(deployment: Deployment) -> None:
    """Who logs in is known at the next request."""
    person = Person.logged_in(deployment.outputs["url"])
    assert person.who_am_i() == person.email


def test_without_its_cookie_a_session_is_not_read_back(deployment: Deployment) -> None:
    """The twin: the check above can fail."""
    person = Person.logged_in(deployment.outputs["url"])
    person.forget_cookies()
    with pytest.raises(requests.HTTPError, match="401"):
        person.who_am_i()


def test_a_session_is_served_by_every_server(deployment: Deployment, servers: list[Host]) -> None:
    """No stickiness: one session's requests meet all servers, and each knows it."""
    person = Person.logged_in(deployment.outputs["url"])
    met = {
        requests.get(f"{deployment.outputs['url']}/healthz", timeout=5).json()["server"] for _ in range(20)
    }
    assert met == {server.backend.instance_id for server in servers}
    assert {person.who_am_i() for _ in range(20)} == {person.email}


@pytest.mark.disruptive
def test_a_session_survives_pm2_reload(deployment: Deployment, servers: list[Host]) -> None:
    """Every worker of every server is replaced; the session stays."""
    person = Person.logged_in(deployment.outputs["url"])
    for server in servers:
        before = {worker["pid"] for worker in pm2(server)}
        reloaded = server.run(f"{PM2} reload app")
        assert reloaded.succeeded, reloaded.stderr
        after = {worker["pid"] for worker in pm2(server)}
        assert before.isdisjoint(after)
    assert person.who_am_i() == person.email
