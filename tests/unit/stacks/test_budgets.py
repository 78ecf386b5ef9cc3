"""Time-outs and connections: what holds for every stack, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks import budgets
from stacks.budgets import Connections, DoesNotFit, Timeline

PROMISES: dict[str, Any] = {
    "longest_request": 30,
    "drain": 1,
    "workers": 2,
    "idle_timeout": 60,
    "start_time": 300,
    "instance_warmup": 60,
}
DEMANDS: dict[str, Any] = {
    "instance_class": "db.m7g.large",
    "max_connections": None,
    "min_size": 3,
    "max_size": 9,
    "max_healthy_percentage": 150,
    "workers": 2,
}
any_promises: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "longest_request": st.integers(1, 5000),
        "drain": st.integers(1, 4000),
        "workers": st.integers(1, 128),
        "idle_timeout": st.integers(1, 4000),
        "start_time": st.integers(60, 9000),
        "instance_warmup": st.integers(1, 600),
    }
)
sizes = st.tuples(st.integers(1, 60), st.integers(0, 140)).map(lambda drawn: (drawn[0], sum(drawn)))
any_demands: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda size, others: {"min_size": size[0], "max_size": size[1], **others},
    sizes,
    st.fixed_dictionaries(
        {
            "instance_class": st.sampled_from(
                ["db.t4g.micro", "db.t4g.medium", "db.m7g.large", "db.r7g.16xlarge"]
            ),
            "max_connections": st.none() | st.integers(6, 20_000),
            "max_healthy_percentage": st.integers(101, 200),
            "workers": st.integers(1, 128),
        }
    ),
)


def fitting(promises: dict[str, Any]) -> tuple[dict[str, Any], Timeline]:
    """Follows the advice of each refusal until the promises fit; one for each of them is enough."""
    for _ in promises:
        try:
            return promises, budgets.timeline(**promises)
        except DoesNotFit as misfit:
            promises = {**promises, misfit.setting.rpartition(".")[2]: misfit.accepted}
    return promises, budgets.timeline(**promises)


def test_the_defaults_give_these_times() -> None:
    """PM2's kill time-out is the workload's 5 s."""
    assert budgets.timeline(**PROMISES) == Timeline(
        drain_timeout=1,
        kill_timeout=5,
        stop_timeout=10,
        deregistration_delay=35,
        terminating_heartbeat=120,
        idle_timeout=60,
        keep_alive_timeout=65,
        listen_timeout=30,
        start_time=300,
        launching_heartbeat=360,
        health_check=budgets.HealthCheck(),
        health_check_grace_period=70,
        instance_warmup=60,
    )


@given(any_promises)
def test_each_time_out_of_the_shutdown_lies_within_the_next(promises: dict[str, Any]) -> None:
    """Nothing is killed that could have finished."""
    promises, times = fitting(promises)
    order = [
        times.drain_timeout,
        times.kill_timeout,
        times.stop_timeout,
        times.deregistration_delay,
        times.terminating_heartbeat,
    ]
    assert order == sorted(set(order))
    assert times.deregistration_delay > promises["longest_request"]


@given(any_promises)
def test_the_balancer_closes_connections_before_node_does(promises: dict[str, Any]) -> None:
    """By five seconds at least, and never a request that the app allows."""
    promises, times = fitting(promises)
    assert times.keep_alive_timeout >= times.idle_timeout + 5
    assert times.idle_timeout >= promises["longest_request"]


@given(any_promises)
def test_times_stay_within_what_aws_accepts(promises: dict[str, Any]) -> None:
    """ELBv2's deregistration delay and check, Auto Scaling's heartbeats."""
    promises, times = fitting(promises)
    assert 0 < times.deregistration_delay <= 3600
    assert 30 <= times.terminating_heartbeat <= 7200
    assert 30 <= times.launching_heartbeat <= 7200
    assert times.launching_heartbeat > times.start_time
    assert times.health_check.timeout < times.health_check.interval
    assert times.health_check.time_to_healthy < times.health_check_grace_period
    assert times.health_check.time_to_healthy <= times.instance_warmup


@given(any_promises)
def test_a_refused_time_fits_with_the_value_that_is_named(promises: dict[str, Any]) -> None:
    """Following the advice, setting by setting, ends in an accepted stack that is no different elsewhere."""
    accepted, _ = fitting(promises)
    assert accepted["workers"] == promises["workers"]


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
            {"instance_warmup": 5},
            "evenkeel:app_servers.instance_warmup is 5: the balancer needs 10 s to find a server healthy. "
            "Set it to 10.",
        ),
        (
            {"start_time": 9000},
            "evenkeel:app_servers.start_time is 9000: a launching lifecycle hook waits 7200 s at most. "
            "Set it to 7140.",
        ),
        (
            {"drain": 600, "workers": 16},
            "evenkeel:app.drain is 600: 16 workers, 2 at a time, would stop for 4837 s. Set it to 444.",
        ),
    ],
)
def test_a_time_that_does_not_fit_is_refused(difference: dict[str, int], message: str) -> None:
    """With its name, its value, the reason and the nearest that fits."""
    with pytest.raises(DoesNotFit) as refused:
        budgets.timeline(**{**PROMISES, **difference})
    assert str(refused.value) == message


def test_a_rollout_has_time_for_every_batch() -> None:
    """Nine servers, four at a time: three times start, warm-up, drain and stop."""
    times = budgets.timeline(**PROMISES)
    one = 360 + 60 + 35 + 120
    assert budgets.rollout_timeout(times, servers=9, max_healthy_percentage=150) == 3 * one
    assert budgets.rollout_timeout(times, servers=1, max_healthy_percentage=101) == one


@given(any_demands)
def test_the_pools_of_all_workers_never_exhaust_the_database(demands: dict[str, Any]) -> None:
    """While the largest group is rolled, with the reserve untouched."""
    try:
        shared = budgets.connections(**demands)
    except DoesNotFit:
        return
    in_use = shared.servers * demands["workers"] * shared.pool_size
    assert in_use + budgets.RESERVED_CONNECTIONS <= shared.max_connections
    assert budgets.MIN_POOL <= shared.pool_size <= budgets.MAX_POOL
    assert shared.servers >= demands["max_size"] * demands["max_healthy_percentage"] / 100


@given(any_demands)
def test_refused_connections_fit_with_the_value_that_is_named(demands: dict[str, Any]) -> None:
    """And the group stays at least as large as its minimum."""
    try:
        budgets.connections(**demands)
    except DoesNotFit as misfit:
        changed = {**demands, misfit.setting.rpartition(".")[2]: misfit.accepted}
        assert changed["max_size"] >= demands["min_size"]
        budgets.connections(**changed)


def test_connections_of_the_defaults() -> None:
    """14 servers while rolling x 2 workers x 10 connections of 675."""
    assert budgets.connections(**DEMANDS) == Connections(max_connections=675, servers=14, pool_size=10)


@pytest.mark.parametrize(
    ("difference", "message"),
    [
        (
            {"instance_class": "db.t4g.micro", "max_size": 30},
            "evenkeel:app_servers.max_size is 30: 45 servers while rolling x 2 workers x 2 connections "
            "are more than the 69 usable ones of db.t4g.micro. Set it to 11.",
        ),
        (
            {"max_connections": 20, "min_size": 9},
            "evenkeel:database.parameters.max_connections is 20: 14 servers while rolling x 2 workers x 2 "
            "connections are more than the 5 usable ones of db.m7g.large (a larger database.instance_class "
            "has more memory for them). Set it to 71.",
        ),
        (
            {"instance_class": "db.z9.large"},
            "evenkeel:database.parameters.max_connections is not set: the memory of db.z9.large is not "
            "known. Set it to what `SHOW max_connections` says on that class, such as 400.",
        ),
    ],
)
def test_connections_that_do_not_fit_are_refused(difference: dict[str, Any], message: str) -> None:
    """With a change that is accepted."""
    with pytest.raises(DoesNotFit) as refused:
        budgets.connections(**{**DEMANDS, **difference})
    assert str(refused.value) == message


def test_workers_of_metal_are_not_guessed() -> None:
    """The number of workers is asked for instead."""
    with pytest.raises(DoesNotFit) as refused:
        budgets.workers("m7i.metal-24xl")
    assert str(refused.value) == (
        'evenkeel:app.workers is "max": the number of vCPUs of m7i.metal-24xl is not known. '
        "Set it to a number."
    )


@pytest.mark.parametrize(
    ("instance_class", "expected"),
    [("db.t4g.micro", 84), ("db.m7g.large", 675), ("db.r7g.large", 1351), ("db.r7g.16xlarge", 5000)],
)
def test_a_class_has_the_connections_of_rds_formula_on_the_safe_side(
    instance_class: str, expected: int
) -> None:
    """Below LEAST(DBInstanceClassMemory / 9531392, 5000) of the class's whole memory."""
    assert budgets.default_max_connections(instance_class) == expected
