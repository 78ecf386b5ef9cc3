"""The pytest plugin: which stack is checked, its servers, and what is left out on production.

pytest --stack prod -m "not disruptive"  a deployed stack, by your shell's pulumi and AWS settings
pytest --outputs outputs.json            the same, where there is no Pulumi

Both run the kit's checks and those of the folder; a file or a folder that is named is run alone.
"""

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import testinfra

from pytest_evenkeel.app_user import Account, AppUser
from pytest_evenkeel.log_in import Cookie, LogIn
from pytest_evenkeel.server import ServingInstance
from pytest_evenkeel.ssm import RunShellScript
from pytest_evenkeel.stack import Stack, StackError, from_file, from_pulumi, in_service
from pytest_evenkeel.survey import Survey

NAMED = pytest.StashKey[Stack]()
"""The stack that the command line names."""
CHECKS = Path(__file__).with_name("checks")
"""The kit's own."""
ADDED = pytest.StashKey[bool]()
"""Whether these are run besides what is asked for."""
ACCOUNT = ("EVENKEEL_CHECK_EMAIL", "EVENKEEL_CHECK_PASSWORD")
"""An account of the app for the checks to log in with; without it they register one."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The stack is named on the command line, never in a file that a later run would take for its own."""
    group = parser.getgroup("evenkeel", "Evenkeel's checks of a deployed stack")
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
    config.addinivalue_line(
        "markers", "disruptive: ends, reloads or replaces something that serves; not for production"
    )
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
    # What was not checked has to be seen, with the reason.
    config.option.reportchars += "s"
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        add_checks(config)


def add_checks(config: pytest.Config) -> None:
    """Have the kit's checks run besides what is asked for."""
    config.stash[ADDED] = True


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Adds the kit's checks to what pytest finds, wherever they are installed.

    As one more argument they would be left out in a `.venv` of the folder, or the whole `.venv` collected.
    """
    report = yield
    if isinstance(collector, pytest.Session) and ADDED in collector.config.stash:
        report.result.append(pytest.Package.from_parent(collector, path=CHECKS))
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What only looks comes first. A check that would register an account is disruptive: it writes.

    Where a stack is named, checks of a stack are all that is run: that shell may have production's
    credentials, and other tests break and make what they find.
    """
    if NAMED in config.stash:
        others = [item for item in items if not is_check(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]
    if not all(os.environ.get(name) for name in ACCOUNT):
        for item in items:
            if "person" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.disruptive)
    items.sort(key=lambda item: item.get_closest_marker("disruptive") is not None)


def is_check(item: pytest.Item) -> bool:
    """Whether the test asks for the fixture `stack` of this module, itself or by other fixtures."""
    if not isinstance(item, pytest.Function):
        return False
    asked = item._fixtureinfo.name2fixturedefs.get("stack", ())
    return any(fixture.func.__module__ == __name__ for fixture in asked)


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
