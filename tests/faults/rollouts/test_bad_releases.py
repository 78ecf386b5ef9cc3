"""A release that is no good is refused: its deployment fails and says why, and nobody else notices.

One is deployed after the other, as someone does who tries again; the good one that heals comes last.
"""

import pytest

from testkit.checkout import succeed
from testkit.deployer import UP
from testkit.load import ASKED
from testkit.person import Person
from testkit.traffic import Traffic
from tests.faults.rollouts.releases import BAD, BadRelease
from tests.faults.rollouts.rolled_stack import RolledStack

pytestmark = pytest.mark.long
LAST_LINES = 5
"""Of a server's log, at least so many are shown where it has written them."""

PEOPLE = 4
REQUESTS = 1000
"""At least so many met a rollout; how many a second is test_rolling.py's to hold."""


@pytest.mark.parametrize("release", BAD, ids=[release.promise for release in BAD])
def test_a_release(release: BadRelease, fleet: RolledStack) -> None:
    """It fails in time, with the server's own words; the old servers serve every request, the gates stay."""
    servers, pinned, gates = fleet.servers(), fleet.pinned(), recorded(fleet)
    settings = fleet.settings(environment=f'NODE_OPTIONS: "{release.node_options}"', warmup=release.warmup)
    people = [Person.logged_in(fleet.url) for _ in range(PEOPLE)]
    with settings, Traffic(fleet.url, people, rate=ASKED) as traffic:
        failed = fleet.checkout.pulumi(*UP)
        outcome = traffic.stop()
    assert failed.returncode != 0, failed.stdout
    for words in ("The rollout of evenkeel-local-app", release.reason, release.says, "still serving traffic"):
        assert words in failed.stdout, failed.stdout
    assert failed.stdout.partition("The end of i-")[2].count("\n      ") >= LAST_LINES
    assert outcome.failed == 0, outcome.failures
    assert outcome.requests > REQUESTS
    assert fleet.servers() == servers
    assert fleet.pinned() == pinned
    assert recorded(fleet) == gates


def test_a_good_release_heals(fleet: RolledStack) -> None:
    """The same `up` again, once what was wrong is fixed: all servers are replaced and the gates follow."""
    servers, gates = fleet.servers(), recorded(fleet)
    person = Person.logged_in(fleet.url)
    with fleet.settings(environment="LEVEL: fixed"):
        healed = succeed(fleet.checkout.pulumi(*UP))
    assert "logged in before the rollout, is still logged in" in healed.stdout
    assert person.who_am_i() == person.email
    assert servers.keys().isdisjoint(fleet.servers())
    assert len(fleet.servers()) == len(servers)
    assert all(after != before for after, before in zip(recorded(fleet), gates, strict=True))


def recorded(fleet: RolledStack) -> tuple[str, str]:
    """What the gates of a rollout say."""
    return fleet.gate("release"), fleet.gate("verified")
