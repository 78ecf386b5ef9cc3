"""How long a rollout may take, and should take."""

import budgets
from budgets.rollout_times import most_batches
from budgets.times import Timeline
from stacks.settings import parse


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
    assert budgets.rollout_timeout(times(), sizes=range(9, 10), max_healthy_percentage=150) == 3 * one
    assert budgets.rollout_timeout(times(), sizes=range(1, 2), max_healthy_percentage=101) == one
    assert budgets.rollout_timeout(times(600), sizes=range(1, 2), max_healthy_percentage=101) == one + 600


def test_the_warm_pool_is_replaced_too() -> None:
    """After the servers, in batches of the same size."""
    nine = range(9, 10)
    without = budgets.rollout_timeout(times(), sizes=nine, max_healthy_percentage=150)
    six_more = budgets.rollout_timeout(times(), sizes=nine, max_healthy_percentage=150, warm_pool_size=6)
    assert six_more == without // 3 * 5


def test_a_rollout_should_take_a_boot_a_check_and_a_warm_up_a_batch() -> None:
    """Draining goes on beside the next batch."""
    assert budgets.rollout_time(times(), servers=9, max_healthy_percentage=150, boot=40) == 3 * (40 + 5 + 60)
    assert budgets.rollout_time(times(), servers=2, max_healthy_percentage=200, boot=4.5) == 69.5
    assert budgets.rollout_time(times(120), servers=2, max_healthy_percentage=110, boot=40) == 2 * 105 + 120


def test_a_rollout_should_end_in_time() -> None:
    """As long as each server boots in its start time, at every size that the group may have."""
    for percentage in (101, 110, 150, 200):
        for largest in range(1, 30):
            for smallest in range(1, largest + 1):
                sizes = range(smallest, largest + 1)
                group = {"max_healthy_percentage": percentage, "warm_pool_size": largest - smallest}
                longest = budgets.rollout_timeout(times(7), sizes=sizes, **group)
                for servers in sizes:
                    assert budgets.rollout_time(times(7), servers=servers, **group, boot=300) < longest


def test_a_smaller_group_may_need_more_batches() -> None:
    """Four servers, two at a time; three, one at a time. Twenty two at a time; nineteen one at a time."""
    assert most_batches(range(4, 5), 150) == 2
    assert most_batches(range(1, 5), 150) == 3
    assert most_batches(range(20, 21), 110) == 10
    assert most_batches(range(1, 21), 110) == 19


def test_a_schedules_smallest_group_counts() -> None:
    """It may be below the group's own."""
    night = {"name": "night", "recurrence": "0 20 * * *", "min_size": 3, "max_size": 4}
    assert parse({"app_servers": {"min_size": 4}}).app_servers.sizes == range(4, 10)
    assert parse({"app_servers": {"min_size": 4, "schedules": [night]}}).app_servers.sizes == range(3, 10)
