"""What a check asks for: the stack, its servers, someone who is logged in. What an app lacks is skipped."""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
import testinfra

from pytest_evenkeel.app_user import ACCOUNT, Account, AppUser
from pytest_evenkeel.log_in import Cookie, LogIn
from pytest_evenkeel.server import ServingInstance
from pytest_evenkeel.ssm import RunShellScript
from pytest_evenkeel.stack import Stack, in_service
from pytest_evenkeel.survey import Survey

NAMED = pytest.StashKey[Stack]()
"""The stack that the command line names."""


@pytest.fixture(scope="session")
def unnamed_stack() -> Stack:
    """What is checked where the command line names no stack; another plugin may have one."""
    pytest.skip("no stack is named: give --stack NAME or --outputs FILE")


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Stack:
    """The stack that `--stack` or `--outputs` names."""
    named: Stack = request.config.stash.get(NAMED, None) or request.getfixturevalue("unnamed_stack")
    return named


@pytest.fixture(scope="session")
def aws(stack: Stack) -> Callable[[str], Any]:
    """AWS clients that reach the stack: `aws("ec2").describe_instances()`."""
    return cache(stack.client)


@pytest.fixture(scope="session")
def known_servers() -> dict[str, ServingInstance]:
    """Servers met so far, with what they were asked."""
    return {}


@pytest.fixture
def servers(
    stack: Stack,
    aws: Callable[[str], Any],
    known_servers: dict[str, ServingInstance],
    request: pytest.FixtureRequest,
) -> Iterator[list[ServingInstance]]:
    """Every server in service now. They are asked again after a disruptive check."""
    zones = in_service(stack, aws("autoscaling"))
    new = sorted(zones.keys() - known_servers.keys())
    survey = Survey(RunShellScript(aws("ssm")), new)
    for instance in new:
        host = testinfra.get_host(f"aws-ssm://{instance}", client=aws("ssm"))
        known_servers[instance] = ServingInstance(instance, zones[instance], host, survey)
    yield [known_servers[instance] for instance in sorted(zones)]
    if request.node.get_closest_marker("disruptive"):
        known_servers.clear()


@pytest.fixture
def server(servers: list[ServingInstance], subtests: pytest.Subtests) -> ServingInstance:
    """Each server in service, one after another: a check that asks for it runs on all of them."""
    del subtests
    return servers[0]


@pytest.fixture
def released(stack: Stack, aws: Callable[[str], Any]) -> str:
    """The digest of the release that the `release` gate let through."""
    parameter = aws("ssm").get_parameter(Name=stack.gates["release"])["Parameter"]
    digest: str = parameter["Value"].split()[0]
    return digest


@pytest.fixture
def database(stack: Stack) -> str:
    """The database's identifier."""
    return stack.database or pytest.skip("the stack has no database: evenkeel:database")


@pytest.fixture
def sessions(stack: Stack) -> str:
    """The replication group that holds the sessions."""
    return stack.sessions or pytest.skip("the stack has no Redis: evenkeel:redis")


@pytest.fixture
def slow_request(stack: Stack) -> Mapping[str, Any]:
    """One that is answered when its body has arrived. A log-in is one that an app refuses without work."""
    setting = "evenkeel:smoke.slow_request"
    if stack.checks.slow_request is None:
        pytest.skip(f"the settings name no request that takes as long as its body: {setting}")
    filled = stack.checks.slow_request.filled({"email": "no address", "password": "not checked"})
    if not filled["data"]:
        pytest.skip(f"{filled['path']} has no body that could take its time: {setting}")
    return {**filled, "data": filled["data"].decode()}


@pytest.fixture(scope="session")
def log_in(stack: Stack) -> LogIn:
    """How one logs in to the app."""
    return stack.checks.session or pytest.skip("the settings name no log-in: evenkeel:smoke.session")


@pytest.fixture
def cookie(log_in: LogIn) -> Cookie:
    """What a browser knows its session by."""
    return log_in.cookie or pytest.skip(
        "the settings name no cookie of the session: evenkeel:smoke.session.cookie"
    )


@pytest.fixture(scope="session")
def account(stack: Stack, log_in: LogIn) -> Account:
    """The account that your shell names, else one that is registered for the run."""
    if all(os.environ.get(name) for name in ACCOUNT):
        email, password = (os.environ[name] for name in ACCOUNT)
        return Account(email=email, password=password)
    new = Account.new()
    AppUser(stack.url, log_in, new).sign_up()
    return new


@pytest.fixture
def person(stack: Stack, log_in: LogIn, account: Account) -> Iterator[AppUser]:
    """Someone who has just logged in to the app, and logs out afterwards."""
    person = AppUser(stack.url, log_in, account)
    person.log_in()
    yield person
    person.log_out()
