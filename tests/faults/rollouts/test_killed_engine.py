"""An engine that is killed in a rollout: AWS goes on, and the next `up` finishes what there is to finish."""

import pytest

from tests.faults.deployer import Deployer, until
from tests.faults.rollouts.fleet import Fleet
from tests.load import ASKED
from tests.person import Person
from tests.traffic import Traffic

pytestmark = pytest.mark.quiet
PEOPLE = 4


def test_the_next_up_finishes_what_a_killed_engine_began(fleet: Fleet) -> None:
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


def killed_while_servers_start(fleet: Fleet, up: Deployer) -> None:
    """With SIGKILL, once the first new server is launched."""
    until(lambda: fleet.servers("Pending"), up)
    up.kill()
    fleet.unlock()
