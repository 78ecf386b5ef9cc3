"""A rehearsal made for the run: a plugin, so that the package's checks have it too."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pytest_evenkeel.plugin import add_checks
from pytest_evenkeel.stack import Stack, parse
from testkit.checkout import Checkout, succeed

TESTS = Path(__file__).parent
INFRA = TESTS / "infra"


def pytest_configure(config: pytest.Config) -> None:
    """`tests/infra` runs the checks of every stack, which lie in the package, and the reference app's own."""

    def named(paths: Iterable[str]) -> set[Path]:
        return {Path(config.invocation_params.dir, path).resolve() for path in paths}

    if named(config.args) & {TESTS, INFRA} and INFRA not in named(config.getoption("ignore") or ()):
        add_checks(config)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A copy of the project whose stack `local` is up; ended and gone after the run.

    Nothing may have failed in its cloud itself, whatever the tests did to it.
    """
    checkout = Checkout.copy(tmp_path_factory.mktemp("checkout"))
    # A server that boots beside other tests is slow, and no failed launch.
    checkout.replace("stacks/Pulumi.local.yaml", "start_time: 60", "start_time: 180")
    try:
        succeed(checkout.rehearsal("up"))
        yield checkout
    finally:
        checkout.end()


@pytest.fixture(scope="session")
def unnamed_stack(checkout: Checkout) -> Stack:
    """Stack `local`, where the command line names no other."""
    outputs = json.dumps(checkout.outputs())
    return parse(outputs, source="the rehearsal", environment=checkout.environment())
