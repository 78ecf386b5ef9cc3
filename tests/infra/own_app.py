"""What the checks must know of the app. For an app of your own change this file: docs/infra-tests.md."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from testkit.person import REFERENCE_APP, Routes
from testkit.person import Person as Person  # noqa: PLC0414 # the checks know the app by this file alone
from tests.infra.server import ServingInstance

ROUTES: Routes = REFERENCE_APP
"""Where one signs up, in and out, and is told who one is."""
COOKIE = "sid"
"""The session's cookie."""
SESSION_SECONDS = 24 * 60 * 60
"""So long after its log-in a session ends."""
SLOW_REQUEST = {
    "method": "POST",
    "path": "/login",
    "body": '{"email": "no address", "password": "not checked"}',
}
"""A JSON request that takes as long as its body takes to arrive, needs no session and changes nothing."""
SLOW_STATUS = 400
"""What it is answered."""
METRICS_PORT = 9464
"""Where on loopback the first worker tells its metrics; the others have the ports above, the queue's worker
the one below."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What one logs in with."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exit:
    """A worker's last words."""

    code: int
    reason: str
    cut_off: int
    """Requests that the drain did not wait for any longer."""
    hard_stop: bool
    """Whether it left because of the last deadline before PM2's SIGKILL."""


def register(url: str) -> Account:
    """A new account."""
    person = Person(url, routes=ROUTES)
    person.sign_up()
    return Account(email=person.email, password=person.password)


def log_in(url: str, account: Account) -> Person:
    """Someone with a session of their own."""
    return Person(url, email=account.email, password=account.password, routes=ROUTES).log_in()


def served_by(healthz: Mapping[str, Any]) -> tuple[str, int]:
    """Which server and which worker process answered `/healthz`."""
    return healthz["server"], healthz["pid"]


def session_key(cookie: str) -> str:
    """The key under which the sessions' store holds the session of a cookie: `s:ID.SIGNATURE`."""
    return "sess:" + unquote(cookie).removeprefix("s:").split(".")[0]


def exits(server: ServingInstance, pids: Iterable[int]) -> dict[int, Exit]:
    """What these workers wrote of their end into the app's log; nothing of those that were killed."""
    # grep fails where no worker has said anything yet.
    lines = server.host.run('grep -h \'"message":"exit"\' /var/log/app/out.log').stdout.splitlines()
    said = {line["pid"]: line for line in map(json.loads, lines)}
    return {
        pid: Exit(
            code=said[pid]["code"],
            reason=said[pid]["reason"],
            cut_off=said[pid].get("cutOff", 0),
            hard_stop=said[pid].get("hardStop", False),
        )
        for pid in pids
        if pid in said
    }
