"""What a rollout decides, whatever the servers do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.fleet import ACTIVE, Done, Failed, Fleet, Refresh, Server, Start, Wait, decide

ENDED = ["Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"]
SERVERS = st.lists(
    st.builds(
        Server,
        id=st.sampled_from(["i-1", "i-2"]),
        version=st.sampled_from(["6", "7"]),
        health=st.sampled_from(["healthy", "initial", "unhealthy", "draining", "unused"]),
    ),
    max_size=4,
)
REFRESHES = st.none() | st.builds(
    Refresh,
    status=st.sampled_from([*sorted(ACTIVE), *ENDED]),
    percentage=st.integers(0, 100),
    reason=st.just(""),
    recent=st.booleans(),
)
FLEETS = st.builds(Fleet, desired=st.integers(1, 4), servers=SERVERS, refresh=REFRESHES)


def fleet(*servers: Server, refresh: Refresh | None = None) -> Fleet:
    return Fleet(desired=2, servers=servers, refresh=refresh)


def refresh(status: str, *, recent: bool = True, reason: str = "") -> Refresh:
    return Refresh(status=status, percentage=50, reason=reason, recent=recent)


def server(name: str, version: str = "7", health: str = "healthy", reason: str = "") -> Server:
    return Server(id=name, version=version, health=health, reason=reason)


@given(FLEETS)
def test_done_means_that_every_server_is_healthy_and_new(fleet: Fleet) -> None:
    """And that there are enough of them, and that nothing is moving."""
    if isinstance(decide(fleet, "7"), Done):
        assert len(fleet.servers) >= fleet.desired
        assert {(one.version, one.health) for one in fleet.servers} == {("7", "healthy")}
        assert fleet.refresh is None or fleet.refresh.status not in ACTIVE


@given(FLEETS)
def test_a_refresh_is_never_started_beside_another_or_for_nothing(fleet: Fleet) -> None:
    """AWS refuses a second one; without an old server there is nothing to replace."""
    if isinstance(decide(fleet, "7"), Start):
        assert fleet.refresh is None or fleet.refresh.status not in ACTIVE
        assert any(one.version != "7" for one in fleet.servers)


@given(FLEETS)
def test_a_failure_is_this_deployments_own(fleet: Fleet) -> None:
    """What failed before must not stop the retry; what succeeded has not failed."""
    if isinstance(decide(fleet, "7"), Failed):
        assert fleet.refresh is not None
        assert fleet.refresh.recent
        assert fleet.refresh.status in set(ENDED) - {"Successful"}


@pytest.mark.parametrize("status", ENDED[1:])
def test_a_refresh_that_ended_badly_says_why(status: str) -> None:
    """In AWS's own words."""
    step = decide(fleet(server("i-1", "6"), refresh=refresh(status, reason="alarm went off")), "7")
    assert step == Failed(reason=f"the instance refresh ended as {status}: alarm went off")


def test_the_next_deployment_tries_again() -> None:
    """After a rollback the servers are old and the last refresh is an earlier deployment's."""
    rolled_back = refresh("RollbackSuccessful", recent=False)
    assert decide(fleet(server("i-1", "6"), server("i-2", "6"), refresh=rolled_back), "7") == Start()


def test_the_first_deployment_only_waits() -> None:
    """No refresh, servers on their way: nothing to start."""
    step = decide(
        fleet(server("i-1"), server("i-2", health="initial", reason="Elb.RegistrationInProgress")), "7"
    )
    assert step == Wait(progress="1 of 2 servers serve version 7 · i-2 initial (Elb.RegistrationInProgress)")


def test_progress_shows_the_percentage_and_the_reason() -> None:
    """What one wants to see while one waits."""
    step = decide(
        fleet(server("i-1"), server("i-2", "6"), refresh=refresh("InProgress", reason="warming up")), "7"
    )
    assert step == Wait(progress="50 % InProgress · 1 of 2 servers serve version 7 · warming up")
