"""One deployment for the whole run: a rehearsal made for it."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests import turns
from tests.checkout import Checkout, succeed

pytest_plugins = ["tests.infra.plugin"]
# A busy machine is slow, here as in CI, and no failure.
hypothesis.settings.register_profile(
    "patient", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")
TIMES = 2
"""Rollouts, and reloads, of a test; `make soak` has more."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--times",
        type=int,
        default=TIMES,
        help="tests/faults/rollouts: how often servers are rolled and reloaded",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A deployed stack: its outputs, and the environment in which AWS clients reach it."""

    outputs: dict[str, Any]
    environment: dict[str, str]


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A copy of the project whose stack `local` is up; ended and gone after the run."""
    checkout = Checkout.copy(tmp_path_factory.mktemp("checkout"))
    try:
        succeed(checkout.rehearsal("up"))
        yield checkout
    finally:
        succeed(checkout.rehearsal("down"))


@pytest.fixture(scope="session")
def deployment(checkout: Checkout) -> Deployment:
    """The rehearsal. Only `tests/infra` looks at what `--stack` names: others break what they test."""
    return Deployment(outputs=checkout.outputs(), environment=checkout.environment())


@pytest.fixture
def aws_environment(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets boto3's default clients reach the deployment's cloud."""
    for name, value in deployment.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, so that a slip shows early; the order is a courtesy, no test needs it.

    With several processes (`make test` has two) modules stay whole, and all that use a deployment stay in
    one process: they change it, one after another. The faults have a deployment of their own.
    """
    tiers = ["unit", "migrator", "preview", "rehearsal", "infra", "faults"]
    folder = Path(__file__).parent

    def tier(item: pytest.Item) -> int:
        first = item.path.relative_to(folder).parts[0]
        return tiers.index(first) if first in tiers else len(tiers)

    items.sort(key=tier)
    for item in items:
        # Those of tests/infra ask for it while they run, where no stack is named.
        shared = "checkout" in getattr(item, "fixturenames", ()) or tier(item) == tiers.index("infra")
        deployment = "faults" if tier(item) == tiers.index("faults") else "deployment"
        item.add_marker(pytest.mark.xdist_group(deployment if shared else str(item.path)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """With several processes a `quiet` test waits until it is alone, and the others wait for it."""
    if not hasattr(item.config, "workerinput"):
        return (yield)
    factory: pytest.TempPathFactory = item.config._tmp_path_factory  # type: ignore[attr-defined] # no other way in a hook
    with turns.turn(factory.getbasetemp().parent, alone=item.get_closest_marker("quiet") is not None):
        return (yield)
