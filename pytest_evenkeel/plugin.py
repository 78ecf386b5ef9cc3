"""The pytest plugin: which stack is checked, its servers, and what is left out on production.

pytest --stack prod -m "not disruptive"  a deployed stack, by your shell's pulumi and AWS settings
pytest --outputs outputs.json            the same, where there is no Pulumi

Both run the kit's checks and those of the folder; a file or a folder that is named is run alone.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from pytest_evenkeel import fixtures
from pytest_evenkeel.app_user import ACCOUNT
from pytest_evenkeel.fixtures import NAMED
from pytest_evenkeel.server import ServingInstance
from pytest_evenkeel.stack import StackError, from_file, from_pulumi, in_service

CHECKS = Path(__file__).with_name("checks")
"""The kit's own."""
ADDED = pytest.StashKey[bool]()
"""Whether these are run besides what is asked for."""


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """The stack is named on the command line, never in a file that a later run would take for its own."""
    pluginmanager.register(fixtures)
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
    """Whether the test asks for the fixture `stack` of fixtures.py, itself or by other fixtures."""
    if not isinstance(item, pytest.Function):
        return False
    asked = item._fixtureinfo.name2fixturedefs.get("stack", ())
    return any(fixture.func.__module__ == fixtures.__name__ for fixture in asked)


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
