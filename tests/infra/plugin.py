"""The pytest plugin: which stack is checked, its servers, and what is left out on production.

pytest tests/infra                                   in a rehearsal made for the run
pytest tests/infra --stack prod -m "not disruptive"  a deployed stack, by your shell's pulumi and AWS settings
pytest tests/infra --outputs outputs.json            the same, where there is no Pulumi
"""

import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import testinfra
import testinfra.backend

from testkit.checkout import Checkout
from tests.infra import own_app
from tests.infra.server import ServingInstance
from tests.infra.stack import Stack, StackError, from_file, from_pulumi, in_service, parse

testinfra.backend.BACKENDS["aws-ssm"] = "tests.infra.ssm.SsmBackend"

NAMED = pytest.StashKey[Stack]()
"""The stack that the command line names."""
CHECKS = Path(__file__).parent
"""All that may look at a stack that is named: other tests break and make what they find."""
ACCOUNT = ("EVENKEEL_CHECK_EMAIL", "EVENKEEL_CHECK_PASSWORD")
"""An account of the app for the checks to log in with; without it they register one."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("evenkeel", "Evenkeel's checks of a deployed stack (tests/infra)")
    group.addoption(
        "--stack", metavar="NAME", help="check this deployed stack, by your shell's pulumi and AWS settings"
    )
    group.addoption(
        "--outputs",
        metavar="FILE",
        type=Path,
        help="check the stack with these outputs, which `pulumi stack output --json` wrote",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Reads the stack that is named, and stops at once where it can't be checked."""
    stack, outputs = config.getoption("--stack"), config.getoption("--outputs")
    if stack and outputs:
        raise pytest.UsageError("--stack and --outputs name the same thing twice: give one.")
    if not stack and not outputs:
        return
    try:
        named = from_pulumi(stack) if stack else from_file(outputs)
        in_service(named, named.client("autoscaling"))
    except StackError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[NAMED] = named


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What only looks comes first. A check that would register an account is disruptive: it writes.

    Where a stack is named, its checks are all that is run: that shell may have production's credentials.
    """
    if NAMED in config.stash:
        config.hook.pytest_deselected(items=[item for item in items if CHECKS not in item.path.parents])
        items[:] = [item for item in items if CHECKS in item.path.parents]
    if not all(os.environ.get(name) for name in ACCOUNT):
        for item in items:
            if "person" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.disruptive)
    items.sort(key=lambda item: item.get_closest_marker("disruptive") is not None)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a check that asks for `server` on every server in service; a failure names the instance."""
    if not isinstance(pyfuncitem.funcargs.get("server"), ServingInstance):
        return None
    servers: list[ServingInstance] = pyfuncitem.funcargs["servers"]  # type: ignore[assignment]
    subtests: pytest.Subtests = pyfuncitem.funcargs["subtests"]  # type: ignore[assignment]
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    for server in servers:
        with subtests.test(server.id):
            pyfuncitem.obj(**{**arguments, "server": server})
    return True


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Stack:
    """The stack that `--stack` or `--outputs` names, else stack `local` of a rehearsal made for the run."""
    named = request.config.stash.get(NAMED, None)
    if named:
        return named
    checkout: Checkout = request.getfixturevalue("checkout")
    outputs = json.dumps(checkout.outputs())
    return parse(outputs, source="the rehearsal", environment=checkout.environment())


@pytest.fixture(scope="session")
def aws(stack: Stack) -> Callable[[str], Any]:
    """AWS clients that reach the stack: `aws("ec2").describe_instances()`."""
    return cache(stack.client)


@pytest.fixture(scope="session")
def known_servers() -> dict[str, ServingInstance]:
    """Servers met so far, with what was read of each."""
    return {}


@pytest.fixture
def servers(
    stack: Stack,
    aws: Callable[[str], Any],
    known_servers: dict[str, ServingInstance],
    request: pytest.FixtureRequest,
) -> Iterator[list[ServingInstance]]:
    """Every server in service now. What was read of them is read again after a disruptive check."""
    zones = in_service(stack, aws("autoscaling"))
    for instance, zone in zones.items():
        if instance not in known_servers:
            host = testinfra.get_host(f"aws-ssm://{instance}", client=aws("ssm"))
            known_servers[instance] = ServingInstance(instance, zone, host)
    yield [known_servers[instance] for instance in sorted(zones)]
    if request.node.get_closest_marker("disruptive"):
        known_servers.clear()


@pytest.fixture
def server(servers: list[ServingInstance], subtests: pytest.Subtests) -> ServingInstance:
    """Each server in service, one after another: a check that asks for it runs on all of them."""
    return servers[0]


@pytest.fixture(scope="session")
def account(stack: Stack) -> own_app.Account:
    """The account that your shell names, else one that is registered for the run."""
    if not all(os.environ.get(name) for name in ACCOUNT):
        return own_app.register(stack.url)
    email, password = (os.environ[name] for name in ACCOUNT)
    return own_app.Account(email=email, password=password)


@pytest.fixture
def person(stack: Stack, account: own_app.Account) -> Iterator[own_app.Person]:
    """Someone who has just logged in to the app, and logs out afterwards."""
    person = own_app.log_in(stack.url, account)
    cookies = person.cookies.copy()
    yield person
    person.cookies.update(cookies)  # a check may have lost them
    person.log_out()
