"""Checks of the reference app, besides those of every stack.

A check that asks for `server` runs on each server; `person` is logged in; `stack.url` is the app's address.
"""

import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from pytest_evenkeel.app_user import AppUser
from pytest_evenkeel.checks.test_stores import stores
from pytest_evenkeel.log_in import Cookie
from pytest_evenkeel.server import LastWords, ServingInstance
from pytest_evenkeel.stack import Stack
from pytest_evenkeel.survey import Question
from testkit.checkout import ROOT
from testkit.waiting import eventually
from tests.infra import own_app

CONNECTIONS = Question("ss --no-header --tcp --numeric --processes state established")
REQUESTS, AT_ONCE = 40, 8
"""After so many every server has been met, when some are under way at the same time."""
SLOW_SECONDS = 2.0
"""An answer without the cache takes less: the app's own limit is 0.1 s, what is more is a busy machine's."""
UNLUCKY = 0.05
"""So many answers may take longer, where others have the processor."""
REBOOT_SECONDS = 300


def test_the_app_says_nothing_of_what_it_is_made(stack: Stack) -> None:
    """No header that helps to choose an attack."""
    assert "X-Powered-By" not in requests.get(f"{stack.url}/healthz", timeout=10).headers


def test_strangers_get_no_data(stack: Stack) -> None:
    """Everything about people wants a session."""
    for path in ("/me", "/members", "/conversations", "/analytics"):
        assert requests.get(f"{stack.url}{path}", timeout=10).status_code == 401


@pytest.mark.disruptive
def test_a_member_that_was_added_is_listed(person: AppUser) -> None:
    """Written through one server, read through any."""
    added = person.post("/members", {"firstName": "Ada", "lastName": "Test", "phone": new_phone()})
    for _ in range(4):
        assert added["id"] in [one["id"] for one in person.get("/members")["items"]]


def test_every_worker_runs_in_production_mode(server: ServingInstance) -> None:
    """Express then hides stack traces."""
    assert server.host.check_output("grep -c '^NODE_ENV=production$' /etc/evenkeel/app.env") == "1"


def test_the_runbooks_commands_work_on_a_server(server: ServingInstance) -> None:
    """docs/runbooks/workload.md has the shell functions; these three commands change nothing."""
    runbook = (ROOT / "docs/runbooks/workload.md").read_text()
    functions = "\n".join(re.findall(r"^    (\w+\(\) .+)$", runbook, re.MULTILINE)).replace("sudo ", "")
    commands = ("replay-sms.js --dry-run", "query-report.js --top 1", "flush-cache.js nothing")
    asked = "; ".join([*(f"app cli/{command}" for command in commands), "pm2 list"])
    said = server.host.check_output("bash -ec %s", f"{functions}\n{asked}")
    for expected in ("dead letters would be put back", "total ms", "0 entries of nothing", "worker"):
        assert expected in said


def test_a_page_that_one_server_has_read_is_a_hit_on_all(person: AppUser) -> None:
    """Nobody writes in the account's church meanwhile."""
    assert in_time(person, "/members") in ("miss", "hit")
    assert met_by_all(person, "/members") == {"hit"}


@pytest.mark.disruptive
def test_a_new_member_makes_the_next_read_a_miss(person: AppUser) -> None:
    """So the hits above are of what is there, and come from the cache."""
    person.post("/members", {"firstName": "Ada", "lastName": "Test", "phone": new_phone()})
    assert in_time(person, "/members") == "miss"
    assert met_by_all(person, "/members") == {"hit"}


def test_every_worker_is_connected_to_both_stores(server: ServingInstance) -> None:
    """On the ports that other checks have seen to be TLS only."""
    seen = stores(server)
    for worker in server.workers:
        lines = server.told(CONNECTIONS).splitlines()
        own = [line.split()[3] for line in lines if f"pid={worker.pid}," in line]
        ports = {peer.rsplit(":", 1)[1] for peer in own}
        assert {seen["sessions"]["port"], seen["database"]["port"]} <= ports


def test_the_store_forgets_a_session_when_its_cookie_ends(
    person: AppUser, cookie: Cookie, servers: list[ServingInstance]
) -> None:
    """The key's time to live is the cookie's age."""
    assert cookie.max_age
    key = own_app.session_key(person.cookies[cookie.name])
    ttl = servers[0].node("stores.cjs", {"key": key})["sessions"]["ttl"]
    assert cookie.max_age - 60 <= ttl <= cookie.max_age


@pytest.mark.disruptive
def test_a_worker_says_how_it_ended(servers: list[ServingInstance]) -> None:
    """So the checks of a shutdown look at its last words too, which an app need not have."""
    server = servers[0]
    pid = min(server.pids())
    server.host.check_output(f"kill -TERM {pid}")
    server.wait_until_restarted({pid})
    assert server.last_words([pid]) == {pid: LastWords(code=0, reason="SIGTERM")}


@pytest.mark.disruptive
def test_without_the_cache_all_is_served_and_when_it_is_back_it_is_used(
    person: AppUser, stack: Stack, aws: Callable[[str], Any]
) -> None:
    """Its primary is rebooted: no error and no long wait meanwhile, and what is written is seen at once."""
    if stack.cache == stack.sessions:
        pytest.skip("the cache shares the sessions' group: its end would be theirs")
    elasticache = aws("elasticache")

    def group() -> Any:
        described = elasticache.describe_replication_groups(ReplicationGroupId=stack.cache)
        return described["ReplicationGroups"][0]

    nodes = group()["NodeGroups"][0]["NodeGroupMembers"]
    (primary,) = [one["CacheClusterId"] for one in nodes if one["CurrentRole"] == "primary"]
    assert in_time(person, "/members") in ("miss", "hit")
    elasticache.reboot_cache_cluster(CacheClusterId=primary, CacheNodeIdsToReboot=["0001"])
    answers: list[requests.Response] = []

    def bypassed() -> bool:
        answers.append(person.answer("/members"))
        return outcome(answers[-1]) == "bypass"

    eventually(bypassed, within=REBOOT_SECONDS, poll=0.01)
    added = person.post("/members", {"firstName": "Ada", "lastName": "Test", "phone": new_phone()})
    answers += [person.answer("/members") for _ in range(REQUESTS)]
    assert all(added["id"] in [one["id"] for one in each.json()["items"]] for each in answers[-REQUESTS:])
    eventually(lambda: group()["Status"] == "available", within=REBOOT_SECONDS, poll=0.5)
    eventually(lambda: met_by_all(person, "/members") == {"hit"}, within=REBOOT_SECONDS, poll=0.5)
    slow = [each for each in answers if each.elapsed.total_seconds() > SLOW_SECONDS]
    assert len(slow) <= len(answers) * UNLUCKY


def outcome(answer: requests.Response) -> str:
    """How the cache took part in it."""
    return answer.headers["X-Cache"]


def met_by_all(person: AppUser, path: str) -> set[str]:
    """The outcomes, from every server."""
    with ThreadPoolExecutor(AT_ONCE) as tabs:
        return set(tabs.map(lambda _: in_time(person, path), range(REQUESTS)))


def in_time(person: AppUser, path: str) -> str:
    """The outcome. Asked again where a busy machine's Redis was late once, which changes nothing."""
    seen = [outcome(person.answer(path))]
    while seen[-1] == "bypass" and len(seen) < REQUESTS:
        seen.append(outcome(person.answer(path)))
    return seen[-1]


def new_phone() -> str:
    """A number that no member has."""
    return f"+49151{secrets.randbelow(10**8):08}"
