"""A server's times: what production's are, and what is refused in which words.

What holds for every stack is in tests/unit/stacks/test_every_stack.py.
"""

from typing import Any

import pytest

import budgets
from budgets import DoesNotFit, Timeline

PROMISES: dict[str, Any] = {
    "longest_request": 30,
    "drain": 1,
    "workers": 2,
    "idle_timeout": 60,
    "start_time": 300,
    "instance_warmup": 60,
}


def test_the_defaults_give_these_times() -> None:
    """PM2's kill time-out is the workload's 5 s."""
    assert budgets.timeline(**PROMISES) == Timeline(
        start_time=300,
        boot_test_timeout=98,
        listen_timeout=98,
        launching_heartbeat=360,
        health_check=budgets.HealthCheck(),
        health_check_grace_period=70,
        instance_warmup=60,
        bake_time=0,
        drain_timeout=1,
        kill_timeout=5,
        pm2_concurrent_actions=2,
        stop_timeout=15,
        deregistration_delay=35,
        drained_within=40,
        terminating_heartbeat=120,
        idle_timeout=60,
        keep_alive_timeout=65,
    )


@pytest.mark.parametrize(
    ("difference", "message"),
    [
        (
            {"longest_request": 90},
            "evenkeel:load_balancer.idle_timeout is 60: it would cut off a request that takes 90 s "
            "(app.longest_request). Set it to 90.",
        ),
        (
            {"longest_request": 3600, "idle_timeout": 4000},
            "evenkeel:app.longest_request is 3600: a server may be drained for 3600 s at most. "
            "Set it to 3595.",
        ),
        (
            {"instance_warmup": 14},
            "evenkeel:app_servers.instance_warmup is 14: the balancer needs 15 s to find out that a new "
            "server falls ill. Set it to 15.",
        ),
        (
            {"start_time": 9000},
            "evenkeel:app_servers.start_time is 9000: a launching lifecycle hook waits 7200 s at most. "
            "Set it to 7140.",
        ),
        (
            {"drain": 60, "start_time": 80},
            "evenkeel:app_servers.start_time is 80: less 64 s for a boot test's exit, a third of it is too "
            "short for a worker. Set it to 94.",
        ),
        (
            {"drain": 600, "workers": 16},
            "evenkeel:app.drain is 600: 17 processes, 2 at a time, would stop for 5441 s. Set it to 388.",
        ),
        (
            {"on_demand_percentage": 50, "longest_request": 100, "idle_timeout": 100},
            "evenkeel:app.longest_request is 100: a Spot Instance ends 120 s after its notice, which is too "
            "soon to drain for 110 s and to stop for 15 s. Set it to 85.",
        ),
        (
            {"on_demand_percentage": 0, "drain": 20, "workers": 8},
            "evenkeel:app.drain is 20: a Spot Instance ends 120 s after its notice, which is too "
            "soon to drain for 135 s and to stop for 125 s. Set it to 5.",
        ),
        (
            {"on_demand_percentage": 99, "workers": 64},
            "evenkeel:app_servers.on_demand_percentage is 99: a Spot Instance ends 120 s after its notice, "
            "which is too soon to drain for 180 s and to stop for 170 s. Set it to 100.",
        ),
    ],
)
def test_a_time_that_does_not_fit_is_refused(difference: dict[str, int], message: str) -> None:
    """With its name, its value, the reason and the nearest that fits."""
    with pytest.raises(DoesNotFit) as refused:
        budgets.timeline(**{**PROMISES, **difference})
    assert str(refused.value) == message
