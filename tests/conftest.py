"""What all tests have in common: their order, and one deployment for the whole run."""

import gc
from collections.abc import Generator, Iterator
from pathlib import Path

import boto3
import hypothesis
import pytest

from testkit.checkout import Checkout
from testkit.deployment import Deployment

YOUNG = 50_000
"""New objects between two looks for garbage; Python's own 700 is for programs with less of them."""
pytest_plugins = ["tests.rehearsed"]
# A busy machine is slow, here as in CI, and no failure.
hypothesis.settings.register_profile(
    "patient", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
# For `make unit`, which is run while one works; `make test` has four times as many examples.
hypothesis.settings.register_profile("quick", hypothesis.settings.get_profile("patient"), max_examples=25)
hypothesis.settings.load_profile("patient")
TIMES = 1
"""Rollouts, reloads and kills of a test; `make soak` has more."""
TESTS = Path(__file__).parent
TIERS = ("unit", "migrator", "preview", "rehearsal", "infra", "faults")
DEPLOYMENTS = ("deployment", "infra")
"""The groups that use a deployment, which runs until its process ends."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--times",
        type=int,
        default=TIMES,
        help="how often servers roll and reload, and the migrator is killed; more than 1 is `make soak`",
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What the tests import stays: looking for garbage in it takes seconds, now and after each test."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(YOUNG)
        gc.enable()


@pytest.fixture(scope="session")
def deployment(checkout: Checkout) -> Deployment:
    """The rehearsal. Only checks look at what `--stack` names: other tests break what they test."""
    return Deployment(outputs=checkout.outputs(), environment=checkout.environment())


@pytest.fixture(autouse=True)
def _no_session_of_another_test() -> Iterator[None]:
    """boto3's default session keeps the credentials that its first client found."""
    boto3.DEFAULT_SESSION = None
    yield
    boto3.DEFAULT_SESSION = None


@pytest.fixture
def aws_environment(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets boto3's default clients reach the deployment's cloud."""
    for name, value in deployment.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)


@pytest.hookimpl(tryfirst=True)  # pytest-xdist's own reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Quick tests first, so that a slip shows early; the order is a courtesy, no test needs it.

    With several processes (`make test`) those that use a deployment come last: while it has nothing to do it
    takes half a core from the others.
    """
    items.sort(key=_tier)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _group(item) in DEPLOYMENTS)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What measures what users notice measures other tests too where they run at the same time."""
    if hasattr(item.config, "workerinput") and item.get_closest_marker("long"):
        pytest.fail("it runs in a process that is alone, as in `make test-long`", pytrace=False)


def _folders(item: pytest.Item) -> tuple[str, ...]:
    """Where the test is; the package's checks belong to those of `tests/infra`."""
    return item.path.relative_to(TESTS).parts if TESTS in item.path.parents else ("infra", item.path.name)


def _tier(item: pytest.Item) -> int:
    folder = _folders(item)[0]
    return TIERS.index(folder) if folder in TIERS else len(TIERS)


def _group(item: pytest.Item) -> str:
    """Tests that stay in one process, in their order.

    Those that use a deployment change it, one after another; there are two deployments, so that two processes
    have one each. Of the rest each module is a group.
    """
    folders = _folders(item)
    # Those of tests/infra ask for it while they run, where no stack is named.
    if folders[0] == "infra" or folders[:2] == ("faults", "migrations"):
        return "infra"
    return "deployment" if "checkout" in getattr(item, "fixturenames", ()) else "/".join(folders)
