"""An `up` that ends in the middle of a rollout: AWS goes on, and the next `up` finishes the rest."""

import pytest

from testkit.deployer import Deployer
from testkit.load import ASKED
from testkit.person import Person
from testkit.traffic import Traffic
from tests.faults.rollouts.rolled_stack import RolledStack

pytestmark = pytest.mark.long
PEOPLE = 4


def test_the_next_up_finishes_what_a_killed_engine_began(fleet: RolledStack) -> None:
    """Another release in the meantime takes its place, the same one is followed; nothing is done twice."""
    refreshes, release = len(fleet.refreshes()), fleet.gate("release")
    people = [Person.logged_in(fleet.url) for _ in range(PEOPLE)]
    with Traffic(fleet.url, people, rate=ASKED) as traffic:
        with fleet.settings(environment="LEVEL: first"):
            killed_while_servers_start(fleet, fleet.up())
        with fleet.settings(environment="LEVEL: second"):
            other = fleet.up()
            other.says("rollout: cancelling the instance refresh to version")
            other.says("rollout: replacing the servers")
            killed_while_servers_start(fleet, other)
            assert fleet.gate("release") == release
            again = fleet.up()
            again.succeeded()
        outcome = traffic.stop()
    assert "rollout: replacing the servers" not in again.printed
    assert fleet.refreshes()[: len(fleet.refreshes()) - refreshes] == ["Successful", "Cancelled"]
    assert set(fleet.servers().values()) == {fleet.pinned()}
    assert fleet.gate("release").endswith(f"version {fleet.pinned()}")
    assert outcome.failed == 0, outcome.failures


def test_credentials_that_expire_in_a_rollout_cost_a_second_up_and_no_request(fleet: RolledStack) -> None:
    """The first says what to do; AWS goes on replacing servers, and the second follows that."""
    refreshes = len(fleet.refreshes())
    people = [Person.logged_in(fleet.url) for _ in range(PEOPLE)]
    with Traffic(fleet.url, people, rate=ASKED) as traffic, fleet.settings(environment="LEVEL: third"):
        up = fleet.up()
        up.until(lambda: fleet.servers("Pending"))
        with fleet.expired_credentials():
            up.failed("the deployer's AWS credentials expired during")
        assert "aws sso login" in up.printed
        again = fleet.up()
        again.succeeded()
        outcome = traffic.stop()
    assert "rollout: replacing the servers" not in again.printed
    assert fleet.refreshes()[: len(fleet.refreshes()) - refreshes] == ["Successful"]
    assert fleet.gate("release").endswith(f"version {fleet.pinned()}")
    assert outcome.failed == 0, outcome.failures


def killed_while_servers_start(fleet: RolledStack, up: Deployer) -> None:
    """With SIGKILL, once the first new server is launched."""
    up.until(lambda: fleet.servers("Pending"))
    up.kill()
    fleet.unlock()
