"""Target tracking brings the metric to its target, and no group beyond its bounds."""

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.autoscaling.target_tracking import GroupSize, Tracking, after_high, after_low

metrics = st.one_of(st.none(), st.floats(0, 1000))


@st.composite
def sizes(draw: st.DrawFn) -> GroupSize:
    """A group within its bounds; some of its servers warm up."""
    minimum, desired, maximum = sorted(draw(st.tuples(*[st.integers(1, 20)] * 3)))
    warm = draw(st.integers(0, desired))
    return GroupSize(desired=desired, warm=warm, minimum=minimum, maximum=maximum)


trackings = st.builds(
    Tracking, target=st.floats(1, 100), metric=metrics, low=st.booleans(), scales_in=st.booleans()
)


def size(desired: int, *, warm: int | None = None) -> GroupSize:
    """From 1 to 10."""
    return GroupSize(desired=desired, warm=desired if warm is None else warm, minimum=1, maximum=10)


def at(metric: float | None, *, low: bool = True, scales_in: bool = True) -> Tracking:
    """With a target of 50."""
    return Tracking(target=50, metric=metric, low=low, scales_in=scales_in)


def test_a_group_grows_in_proportion_to_its_metric() -> None:
    """Twice the target on two servers: four. A little above, or by hand: one more."""
    assert after_high(size(2), at(100)) == 4
    assert after_high(size(2), at(51)) == 3
    assert after_high(size(2), at(None)) == 3


def test_servers_that_warm_up_are_not_asked_for_again() -> None:
    """Two warm ones at twice the target want four, which are on their way."""
    assert after_high(size(4, warm=2), at(100)) == 4
    assert after_high(size(4, warm=2), at(130)) == 6


def test_a_group_shrinks_only_as_far_as_it_stays_below_its_target() -> None:
    """At 20 of 50 three servers' work needs two; at 40 it needs all three; without a metric nobody knows."""
    assert after_low(size(3), [at(20)]) == 2
    assert after_low(size(3), [at(40)]) == 3
    assert after_low(size(3), [at(None)]) == 3
    assert after_low(size(3, warm=2), [at(1)]) == 3


def test_a_group_shrinks_only_when_all_policies_agree() -> None:
    """And then to the larger size; one that may not scale in has no say."""
    assert after_low(size(8), [at(10), at(30)]) == 5
    assert after_low(size(8), [at(10), at(30, low=False)]) == 8
    assert after_low(size(8), [at(10), at(30, low=False, scales_in=False)]) == 2
    assert after_low(size(8), [at(10, scales_in=False)]) == 8


@given(sizes(), st.lists(trackings, min_size=1, max_size=3))
def test_no_group_leaves_its_bounds(group: GroupSize, policies: list[Tracking]) -> None:
    """A high alarm never shrinks it, a low one never lets it grow."""
    assert group.desired <= after_high(group, policies[0]) <= group.maximum
    assert group.minimum <= after_low(group, policies) <= group.desired


@given(sizes(), st.floats(1, 100), st.floats(0, 1000))
def test_the_same_work_on_the_new_size_is_below_the_target(
    group: GroupSize, target: float, metric: float
) -> None:
    """After scale-in; after scale-out too, unless the group is at its maximum."""
    policy = Tracking(target=target, metric=metric, low=True)
    work = group.warm * metric
    grown = after_high(group, policy)
    assert grown == group.maximum or work / grown <= target * (1 + 1e-6)
    shrunk = after_low(group, [policy])
    assert shrunk == group.desired or work / shrunk <= target * (1 + 1e-6)
