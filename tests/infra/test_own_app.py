"""Checks of your own app, on every server and through the balancer. These are the reference app's.

A check that asks for `server` runs on each server; `person` is logged in; `stack.url` is the app's address.
Mark with `disruptive` what changes anything.
"""

import secrets

import pytest
import requests

from tests.infra import own_app
from tests.infra.server import Server
from tests.infra.stack import Stack


def test_the_app_says_nothing_of_what_it_is_made(stack: Stack) -> None:
    """No header that helps to choose an attack."""
    assert "X-Powered-By" not in requests.get(f"{stack.url}/healthz", timeout=10).headers


def test_strangers_get_no_data(stack: Stack) -> None:
    """Everything about people wants a session."""
    for path in ("/me", "/members", "/conversations", "/analytics"):
        assert requests.get(f"{stack.url}{path}", timeout=10).status_code == 401


@pytest.mark.disruptive
def test_a_member_that_was_added_is_listed(person: own_app.Person) -> None:
    """Written through one server, read through any."""
    phone = f"+49151{secrets.randbelow(10**8):08}"
    added = person.post("/members", {"firstName": "Ada", "lastName": "Test", "phone": phone})
    for _ in range(4):
        assert added["id"] in [one["id"] for one in person.get("/members")["items"]]


def test_every_worker_runs_in_production_mode(server: Server) -> None:
    """Express then hides stack traces."""
    assert server.host.check_output("grep -c '^NODE_ENV=production$' /etc/evenkeel/app.env") == "1"
