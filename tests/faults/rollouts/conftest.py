"""A stack to roll; when all have done so, it is as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit.checkout import Checkout, succeed
from testkit.deployer import UP
from testkit.deployment import Deployment
from tests.faults.rollouts.rolled_stack import RolledStack
from tests.faults.rollouts.servers import StackServers


@pytest.fixture(scope="package")
def healed(checkout: Checkout) -> Iterator[None]:
    """In the end what the files say is deployed: a good release heals whatever was before."""
    yield
    succeed(checkout.pulumi(*UP))


@pytest.fixture
def fleet(
    checkout: Checkout, deployment: Deployment, aws_environment: None, healed: None, tmp_path: Path
) -> Iterator[RolledStack]:
    fleet = RolledStack(checkout, deployment, tmp_path)
    yield fleet
    fleet.clear()


@pytest.fixture
def servers(deployment: Deployment, aws_environment: None) -> StackServers:
    """The stack's servers, all well."""
    servers = StackServers(deployment)
    servers.settled(servers.desired)
    return servers
