"""How long it takes to replace all servers: at most, and as predicted.

The servers go a batch at a time, new ones first, and then those of the warm pool. A batch is what the group
may have above its size, so that a smaller group may need more of them: at 150 %, 4 servers 2 and 3 servers 3:
https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
"""

from math import ceil

from budgets.times import Timeline


def rollout_timeout(
    times: Timeline, *, sizes: range, max_healthy_percentage: int, warm_pool_size: int = 0
) -> int:
    """Seconds that a rollout may take, at the worst of `sizes`: start, warm-up, drain, stop a batch; bake."""
    start = times.launching_heartbeat + times.instance_warmup
    stop = times.deregistration_delay + times.terminating_heartbeat
    return most_batches(sizes, max_healthy_percentage, warm_pool_size) * (start + stop) + times.bake_time


def rollout_time(
    times: Timeline, *, servers: int, max_healthy_percentage: int, boot: float, warm_pool_size: int = 0
) -> float:
    """Seconds that it should take when each server is in service `boot` seconds after its launch.

    A new target is healthy after one check. A batch that has been healthy for the warm-up replaces as many;
    the next one is launched while those drain. The refresh is over when the last of them has been told to go.
    """
    ready = boot + times.health_check.interval + times.instance_warmup
    return batches(servers, max_healthy_percentage, warm_pool_size) * ready + times.bake_time


def batches(servers: int, max_healthy_percentage: int, warm_pool_size: int = 0) -> int:
    """How often new servers are launched; there is always room for one."""
    batch = max(1, servers * (max_healthy_percentage - 100) // 100)
    return ceil(servers / batch) + ceil(warm_pool_size / batch)


def most_batches(sizes: range, max_healthy_percentage: int, warm_pool_size: int = 0) -> int:
    """At whichever of the group's sizes there are most."""
    return max(batches(servers, max_healthy_percentage, warm_pool_size) for servers in sizes)
