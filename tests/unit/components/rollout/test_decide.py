"""What a rollout decides, whatever the servers do."""

from collections import defaultdict
from functools import cache
from itertools import combinations_with_replacement, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.rollout.decide import (
    ACTIVE,
    ENDING,
    Cancel,
    Done,
    Failed,
    GroupState,
    Nothing,
    RefreshState,
    RollBack,
    ServerState,
    Start,
    Step,
    Wait,
    decide,
    news,
    overdue,
    progress,
)

ENDED = ["Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"]
IDS = st.lists(st.sampled_from(["i-1", "i-2", "i-3"]), unique=True)
SERVERS = st.lists(
    st.builds(
        ServerState,
        id=st.sampled_from(["i-1", "i-2"]),
        version=st.sampled_from(["6", "7"]),
        lifecycle=st.sampled_from(
            ["Pending", "Pending:Wait", "InService", "Terminating", "Terminating:Wait"]
        ),
        health=st.sampled_from(["healthy", "initial", "unhealthy", "draining", "unused"]),
    ),
    max_size=4,
)
REFRESHES = st.none() | st.builds(
    RefreshState,
    status=st.sampled_from([*sorted(ACTIVE), *ENDED]),
    percentage=st.integers(0, 100),
    reason=st.just(""),
    version=st.sampled_from(["5", "6", "7"]),
    watched=st.booleans(),
)
STATES = st.builds(
    GroupState, desired=st.integers(1, 4), servers=SERVERS, refresh=REFRESHES, refused=IDS, failing=IDS
)


def state(
    *servers: ServerState,
    refresh: RefreshState | None = None,
    refused: tuple[str, ...] = (),
    failing: tuple[str, ...] = (),
) -> GroupState:
    return GroupState(desired=2, servers=servers, refresh=refresh, refused=refused, failing=failing)


def refresh(status: str, *, version: str = "7", watched: bool = True, reason: str = "") -> RefreshState:
    return RefreshState(status=status, percentage=50, reason=reason, version=version, watched=watched)


def server(
    name: str, version: str = "7", health: str = "healthy", reason: str = "", lifecycle: str = "InService"
) -> ServerState:
    return ServerState(id=name, version=version, health=health, reason=reason, lifecycle=lifecycle)


OLD = (server("i-1", "6"), server("i-2", "6"))
NEW = (server("i-3"), server("i-4"))


@cache
def decided() -> dict[type[Step], list[tuple[GroupState, Step]]]:
    """Every state of up to two servers, by what is decided about it: by chance few would be done."""
    kinds = [
        server("i-1", version, health, lifecycle=lifecycle)
        for version, health, lifecycle in product("67", ("healthy", "unhealthy"), ("Pending", "InService"))
    ]
    servers = [some for size in range(3) for some in combinations_with_replacement(kinds, size)]
    refreshes = [
        refresh(status, version=version, watched=watched)
        for status, version, watched in product([*sorted(ACTIVE), *ENDED], "67", (True, False))
    ]
    by_step: dict[type[Step], list[tuple[GroupState, Step]]] = defaultdict(list)
    for some, under_way, refused, failing in product(servers, [None, *refreshes], range(3), range(3)):
        seen = state(
            *some, refresh=under_way, refused=("i-4", "i-5")[:refused], failing=("i-6", "i-7")[:failing]
        )
        step = decide(seen, "7")
        by_step[type(step)].append((seen, step))
    return by_step


def test_done_means_that_every_server_is_healthy_and_new() -> None:
    """And that there are enough of them, and that nothing is moving."""
    assert decided()[Done]
    for state, _ in decided()[Done]:
        assert len(state.in_service) >= state.desired
        assert {(one.version, one.health) for one in state.in_service} == {("7", "healthy")}
        assert state.refresh is None or state.refresh.status not in ACTIVE


def test_a_refresh_is_never_started_beside_another_or_for_nothing() -> None:
    """AWS refuses a second one; without an old server there is nothing to replace."""
    assert decided()[Start]
    for state, _ in decided()[Start]:
        assert state.refresh is None or state.refresh.status not in ACTIVE
        assert any(one.version != "7" for one in state.in_service)


def test_only_what_is_under_way_is_ended() -> None:
    """Ours is rolled back, another's is cancelled, and neither twice."""
    assert decided()[RollBack]
    assert decided()[Cancel]
    for state, step in decided()[RollBack] + decided()[Cancel]:
        assert state.refresh is not None
        assert state.refresh.status in ACTIVE - ENDING
        assert (state.refresh.version == "7") == isinstance(step, RollBack)


@given(STATES, st.booleans())
def test_when_the_time_is_over_nothing_waits(state: GroupState, rolling_back: bool) -> None:
    """A rollout always ends: done, or rolled back once, or given up."""
    step = overdue(decide(state, "7"), state, "7", "too late", rolling_back=rolling_back)
    assert isinstance(step, Done | Failed if rolling_back else Done | Failed | RollBack)


@pytest.mark.parametrize("status", sorted(ACTIVE))
def test_our_refresh_is_waited_for(status: str) -> None:
    """Also one that a killed engine left: it is to the same version."""
    assert decide(state(*OLD, *NEW, refresh=refresh(status)), "7") == Wait()


@pytest.mark.parametrize("status", sorted(ACTIVE - ENDING))
def test_a_refresh_to_another_version_is_cancelled(status: str) -> None:
    """The app was changed after the engine was killed."""
    assert decide(state(*OLD, refresh=refresh(status, version="5")), "7") == Cancel(version="5")


@pytest.mark.parametrize("status", sorted(ENDING))
def test_what_is_being_ended_is_waited_for(status: str) -> None:
    """Whose it ever was, and whatever its servers do."""
    seen = state(*OLD, refresh=refresh(status, version="5"), failing=("i-3",), refused=("i-4", "i-5"))
    assert decide(seen, "7") == Wait()


def test_after_another_ones_refresh_was_cancelled_ours_is_started() -> None:
    """Its end is not our failure."""
    assert decide(state(*OLD, refresh=refresh("Cancelled", version="5")), "7") == Start()


def test_one_failed_launch_is_not_the_releases_fault_yet() -> None:
    """AWS launches another; two are enough."""
    assert decide(state(*OLD, refresh=refresh("InProgress"), refused=("i-3",)), "7") == Wait()
    step = decide(state(*OLD, refresh=refresh("InProgress"), refused=("i-3", "i-4")), "7")
    assert step == RollBack(reason="2 launches of version 7 failed")


@pytest.mark.parametrize("status", ["InProgress", "Baking"])
def test_a_new_server_that_falls_ill_rolls_back_at_once(status: str) -> None:
    """It was ready, and so would the others have been."""
    step = decide(state(*OLD, *NEW, refresh=refresh(status), failing=("i-3",)), "7")
    assert step == RollBack(reason="i-3 was healthy, then failed its health checks")


@pytest.mark.parametrize("status", ENDED[1:])
def test_a_refresh_that_ended_badly_says_why(status: str) -> None:
    """In AWS's own words."""
    step = decide(state(*OLD, refresh=refresh(status, reason="alarm went off")), "7")
    assert step == Failed(reason=f"the instance refresh ended as {status}: alarm went off")


def test_the_next_deployment_tries_again() -> None:
    """After a rollback the servers are old and the last refresh is an earlier deployment's."""
    assert decide(state(*OLD, refresh=refresh("RollbackSuccessful", watched=False)), "7") == Start()


def test_without_a_server_there_is_nothing_to_keep() -> None:
    """The first deployment, or one after it that never served."""
    assert decide(state(server("i-1", lifecycle="Pending:Wait", health="unused")), "7") == Nothing()


def test_the_first_deployment_fails_when_its_servers_do() -> None:
    """There is no refresh to roll back."""
    failed = Failed(reason="2 launches of version 7 failed")
    assert decide(state(refused=("i-1", "i-2")), "7") == failed


def test_a_replaced_fleet_may_lose_one_server() -> None:
    """The group replaces it; that another falls ill too is the release's fault."""
    ill = server("i-3", health="unhealthy")
    assert decide(state(ill, server("i-4"), failing=("i-3",)), "7") == Wait()
    step = decide(state(ill, server("i-4"), failing=("i-3", "i-5")), "7")
    assert step == Failed(reason="2 servers were healthy, then failed their health checks")


def test_progress_shows_the_percentage_and_what_each_server_waits_for() -> None:
    """What one wants to see while one waits."""
    seen = state(
        server("i-1", "6"),
        server("i-2", "6", "draining", lifecycle="Terminating"),
        server("i-3", "6", "unused", lifecycle="Terminating:Wait"),
        server("i-4"),
        server("i-5", "7", "unused", lifecycle="Pending:Wait"),
        server("i-6", "7", "initial", "Elb.InitialHealthChecking"),
        refresh=refresh("InProgress", reason="warming up"),
    )
    assert progress(seen, "7") == (
        "50 % InProgress · 1 of 2 servers serve version 7 · warming up · i-2 drains · i-3 shuts down"
        " · i-5 starts · i-6 initial (Elb.InitialHealthChecking)"
    )


def test_each_real_step_is_told_once() -> None:
    """Who serves, who goes, who was given up, who fell ill."""
    before = state(server("i-1", "6"), server("i-3", health="initial"))
    now = state(
        server("i-1", "6", "draining", lifecycle="Terminating"),
        server("i-3"),
        refused=("i-4",),
        failing=("i-5",),
    )
    assert news(before, now, "7") == [
        "i-1 of version 6 drains",
        "i-3 serves, 1 of 2 at version 7",
        "i-4 did not come into service",
        "i-5 fails its health checks",
    ]
    assert news(now, now, "7") == news(None, now, "7") == []
