"""An instance refresh replaces every server and never has too few of them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.autoscaling.refresh_decisions import (
    Limits,
    RefreshedMember,
    RefreshStep,
    limits,
    next_step,
    percentage_complete,
    refresh_limits,
    replacement_step,
)


def old(name: str, *, ready: bool = True) -> RefreshedMember:
    """A server with the former configuration."""
    return RefreshedMember(id=name, replaced=False, ready=ready)


def new(name: str, *, ready: bool = True) -> RefreshedMember:
    """A server with the configuration that is wanted."""
    return RefreshedMember(id=name, replaced=True, ready=ready)


def test_one_server_is_launched_before_the_only_one_goes() -> None:
    """At 100 % minimum and 200 % maximum: launch, wait, terminate, done."""
    within = limits(1, min_healthy_percentage=100, max_healthy_percentage=200)
    assert next_step([old("a")], desired=1, within=within) == RefreshStep(launch=1)
    assert next_step([old("a"), new("b", ready=False)], desired=1, within=within) == RefreshStep()
    assert next_step([old("a"), new("b")], desired=1, within=within) == RefreshStep(terminate=("a",))
    assert next_step([new("b")], desired=1, within=within) == RefreshStep(finished=True)


def test_a_server_that_serves_nobody_goes_at_once() -> None:
    """An old server that is not ready counts for nothing."""
    within = limits(2, min_healthy_percentage=100, max_healthy_percentage=100)
    assert next_step([old("a"), old("b", ready=False)], desired=2, within=within) == RefreshStep(
        launch=1, terminate=("b",)
    )


def test_percentages_become_numbers_of_servers() -> None:
    """The minimum is rounded up, the maximum down, and there is room for one replacement."""
    assert limits(10, min_healthy_percentage=90, max_healthy_percentage=110) == Limits(minimum=9, maximum=11)
    assert limits(3, min_healthy_percentage=90, max_healthy_percentage=100) == Limits(minimum=3, maximum=4)
    assert limits(1, min_healthy_percentage=100, max_healthy_percentage=150) == Limits(minimum=1, maximum=2)


def test_at_a_maximum_of_100_percent_a_refresh_terminates_first() -> None:
    """One server at a time, however few there are; with a larger maximum it launches first."""
    within = refresh_limits(3, min_healthy_percentage=90, max_healthy_percentage=100)
    members = [old("a"), old("b"), old("c")]
    assert next_step(members, desired=3, within=within) == RefreshStep(terminate=("a",))
    assert next_step(members[1:], desired=3, within=within) == RefreshStep(launch=1)
    assert refresh_limits(3, min_healthy_percentage=100, max_healthy_percentage=150) == Limits(
        minimum=3, maximum=4
    )


def test_the_percentage_is_whole() -> None:
    """Of nothing, all is done."""
    assert percentage_complete(1, of=3) == 33
    assert percentage_complete(0, of=0) == 100


@given(
    desired=st.integers(1, 12),
    min_healthy=st.integers(0, 100),
    max_healthy=st.integers(100, 200),
    becomes_ready=st.lists(st.integers(0, 30), max_size=200),
)
def test_every_refresh_ends_and_keeps_its_limits(
    desired: int, min_healthy: int, max_healthy: int, becomes_ready: list[int]
) -> None:
    """Whatever the order in which servers become ready: never too few ready, never too many, all replaced."""
    within = refresh_limits(desired, min_healthy_percentage=min_healthy, max_healthy_percentage=max_healthy)
    members = [old(f"old-{number}") for number in range(desired)]
    launched = 0
    choices = iter(becomes_ready)
    for _ in range(20 * desired + len(becomes_ready)):
        step = next_step(members, desired=desired, within=within)
        if step.finished:
            break
        members = [member for member in members if member.id not in step.terminate]
        for _ in range(step.launch):
            launched += 1
            members.append(new(f"new-{launched}", ready=False))
        assert sum(member.ready for member in members) >= min(within.minimum, desired)
        assert len(members) <= within.maximum
        waiting = [number for number, member in enumerate(members) if not member.ready]
        if waiting:
            chosen = waiting[next(choices, 0) % len(waiting)]
            members[chosen] = replace(members[chosen], ready=True)
    assert step.finished
    assert [member.replaced for member in members] == [True] * desired


def test_a_replacement_is_there_before_the_unhealthy_server_goes() -> None:
    """At 100 % minimum; at less, it goes at once."""
    failing = old("a", ready=False)
    within = limits(2, min_healthy_percentage=100, max_healthy_percentage=150)
    assert replacement_step([failing, new("b")], desired=2, within=within) == RefreshStep(launch=1)
    members = [failing, new("b"), new("c", ready=False)]
    assert replacement_step(members, desired=2, within=within) == RefreshStep()
    assert replacement_step([failing, new("b"), new("c")], desired=2, within=within) == RefreshStep(
        terminate=("a",)
    )
    loose = limits(2, min_healthy_percentage=50, max_healthy_percentage=100)
    assert replacement_step([failing, new("b")], desired=2, within=loose) == RefreshStep(terminate=("a",))


@given(
    desired=st.integers(1, 12),
    leaving=st.integers(0, 12),
    max_healthy=st.integers(100, 200),
    becomes_ready=st.lists(st.integers(0, 30), max_size=200),
)
def test_every_replacement_ends_and_keeps_its_limits(
    desired: int, leaving: int, max_healthy: int, becomes_ready: list[int]
) -> None:
    """However many are to go at once: never fewer ready than desired, and the right number at last."""
    within = limits(desired, min_healthy_percentage=100, max_healthy_percentage=max_healthy)
    members = [old(f"old-{n}") if n < leaving else new(f"kept-{n}") for n in range(desired)]
    launched, choices = 0, iter(becomes_ready)
    for _ in range(20 * desired + len(becomes_ready)):
        step = replacement_step(members, desired=desired, within=within)
        members = [member for member in members if member.id not in step.terminate]
        for _ in range(step.launch):
            launched += 1
            members.append(new(f"new-{launched}", ready=False))
        assert sum(member.ready for member in members) >= desired
        assert len(members) <= within.maximum
        waiting = [number for number, member in enumerate(members) if not member.ready]
        if waiting:
            chosen = waiting[next(choices, 0) % len(waiting)]
            members[chosen] = replace(members[chosen], ready=True)
    assert [member.replaced for member in members] == [True] * desired
    assert launched == min(leaving, desired)
