"""How long a rollout may take, and should take."""

from stacks import budgets
from stacks.budgets.times import Timeline


def times(bake_time: int = 0) -> Timeline:
    return budgets.timeline(
        longest_request=30,
        drain=1,
        workers=2,
        idle_timeout=60,
        start_time=300,
        instance_warmup=60,
        bake_time=bake_time,
    )


def test_a_rollout_has_time_for_every_batch() -> None:
    """Nine servers, four at a time: three times start, warm-up, drain and stop; then it bakes."""
    one = 360 + 60 + 35 + 120
    assert budgets.rollout_timeout(times(), servers=9, max_healthy_percentage=150) == 3 * one
    assert budgets.rollout_timeout(times(), servers=1, max_healthy_percentage=101) == one
    assert budgets.rollout_timeout(times(bake_time=600), servers=1, max_healthy_percentage=101) == one + 600


def test_the_warm_pool_is_replaced_too() -> None:
    """After the servers, in batches of the same size."""
    group = {"servers": 9, "max_healthy_percentage": 150}
    six_more = budgets.rollout_timeout(times(), **group, warm_pool_size=6)
    assert six_more == budgets.rollout_timeout(times(), **group) // 3 * 5


def test_a_rollout_should_take_a_boot_a_check_and_a_warm_up_a_batch() -> None:
    """Draining goes on beside the next batch."""
    assert budgets.rollout_time(times(), servers=9, max_healthy_percentage=150, boot=40) == 3 * (40 + 5 + 60)
    assert budgets.rollout_time(times(), servers=2, max_healthy_percentage=200, boot=4.5) == 69.5
    assert budgets.rollout_time(times(120), servers=2, max_healthy_percentage=110, boot=40) == 2 * 105 + 120


def test_a_rollout_should_end_in_time() -> None:
    """As long as each server boots in its start time."""
    for servers in range(1, 30):
        for percentage in (101, 110, 150, 200):
            group = {"servers": servers, "max_healthy_percentage": percentage}
            predicted = budgets.rollout_time(times(7), **group, boot=300)
            assert predicted < budgets.rollout_timeout(times(7), **group)
