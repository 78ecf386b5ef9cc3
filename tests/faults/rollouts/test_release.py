"""A new release of the app reaches every server, and nobody who uses the app notices."""

import json
from typing import Any

from testkit.checkout import Checkout, succeed
from testkit.deployment import Deployment
from tests.faults.rollouts.servers import StackServers
from tests.faults.rollouts.use import in_use
from tests.rehearsal.test_deployment import UP, Parameters, healed

RATE = 60
"""Requests/s: other tests run on the same machine. `make test-long` has more, alone."""


def test_a_new_release_fails_no_request_and_ends_no_session(
    checkout: Checkout, deployment: Deployment, servers: StackServers
) -> None:
    """All servers are replaced, never are fewer healthy than desired, and the gate records the release.

    So it is on the way there, and on the way back to the release before.
    """
    gates, before = Parameters(deployment), servers.healthy
    release = gates["release"]
    with in_use(deployment, rate=RATE) as use, healed(checkout):
        with checkout.changed("app/package.json", bumped(checkout)):
            succeed(checkout.pulumi(*UP))
        assert servers.settled(len(before)).isdisjoint(before)
        assert gates["release"] != release
    assert (use.failed, use.fewest) == (0, len(before))
    assert use.all_are_logged_in()


def bumped(checkout: Checkout) -> str:
    """The app's package.json with the next version."""
    package: dict[str, Any] = json.loads((checkout.folder / "app/package.json").read_text())
    return json.dumps(package | {"version": package["version"] + "-next.1"}, indent=2) + "\n"


def test_servers_that_are_not_drained_fail_requests(deployment: Deployment, servers: StackServers) -> None:
    """The twin: without a deregistration delay the balancer waits for no request."""
    with servers.deregistration_delay(0), in_use(deployment, rate=RATE) as use:
        servers.replace(min(servers.healthy))
    assert use.failed > 0, "nothing failed: no request was in flight for long"
