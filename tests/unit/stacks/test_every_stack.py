"""What holds for every stack that is accepted, whatever its settings, and for every one that is refused.

The limits are stated here again, without the budgets' own formulas and constants.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from budgets.problems import Problem
from stacks.sections import Settings
from stacks.settings import StackSettingsError, parse

ADVICE = 30
"""More pieces of advice than any stack needs until it is accepted."""
edges = st.sampled_from
"""Values at a limit, where random ones seldom are."""


def whole(low: int, high: int, *often: int) -> st.SearchStrategy[int]:
    """A number in a range, often a small one or one of these."""
    return st.integers(low, high) | st.integers(low, min(high, low + 20)) | edges(often or (low, high))


schedule = st.fixed_dictionaries(
    {
        "name": st.just("night"),
        "recurrence": st.just("0 20 * * *"),
        "min_size": whole(1, 40),
        "max_size": whole(1, 40),
    }
)
any_stack: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "load_balancer": st.fixed_dictionaries({"idle_timeout": whole(1, 4000, 60)}),
        "app": st.fixed_dictionaries(
            {
                "longest_request": whole(1, 5000, 30, 3595, 3596),
                "drain": whole(1, 4000, 1, 5),
                "workers": whole(1, 128, 2) | st.just("max"),
            }
        ),
        "app_servers": st.fixed_dictionaries(
            {
                "instance_types": st.lists(
                    edges(["t3.small", "m7i.large", "m7i.48xlarge", "m7i.metal-24xl", "m7g.4xlarge"]),
                    min_size=1,
                    max_size=3,
                ),
                "on_demand_base": whole(0, 10),
                "on_demand_percentage": whole(0, 100, 0, 99, 100),
                "min_size": whole(1, 300, 3) | edges([5000, 90_000]),
                "max_size": whole(1, 900, 9) | edges([5000, 90_000]),
                "schedules": st.lists(schedule, max_size=1),
                "warm_pool_size": whole(0, 300, 0),
                "max_healthy_percentage": whole(101, 200, 150),
                "start_time": whole(60, 9000, 300, 7140, 7141),
                "instance_warmup": whole(1, 600, 14, 15),
                "bake_time": whole(0, 172_800, 0),
                "target_requests": whole(1, 5000, 200) | edges([1_000_000]),
            }
        ),
        "database": st.fixed_dictionaries(
            {
                "instance_class": edges(["db.t4g.micro", "db.m7g.large", "db.r7g.16xlarge", "db.z9.large"]),
                "parameters": st.just({})
                | st.fixed_dictionaries({"max_connections": whole(6, 20_000, 14, 15) | st.just(0)}),
            }
        ),
    }
)
few = settings(max_examples=120, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


def accepted(stack: dict[str, Any]) -> Settings:
    """The stack after following the advice of its refusals, one after another."""
    for _ in range(ADVICE):
        try:
            return parse(stack)
        except StackSettingsError as refused:
            stack = followed(stack, refused.problems[0])
    raise AssertionError(f"the advice does not end: {stack}")


def followed(stack: dict[str, Any], problem: Problem) -> dict[str, Any]:
    """The stack with the value that is named; one that names none, or the same again, is no advice."""
    assert problem.accepted is not None, f"{problem} names no value"
    assert problem.accepted != problem.value, f"{problem} names the value that it refuses"
    changed: dict[str, Any] = replaced(stack, problem.setting.split("."), problem.accepted)
    return changed


def replaced(values: Any, path: list[str], value: object) -> Any:
    """A copy in which the setting at the path has another value."""
    if not path:
        return value
    if isinstance(values, list):
        index = int(path[0])
        return [*values[:index], replaced(values[index], path[1:], value), *values[index + 1 :]]
    return {**values, path[0]: replaced(values.get(path[0], {}), path[1:], value)}


def out_of_order(stack: Settings) -> Iterator[str]:
    """Each pair whose shorter time or smaller number is not; and what AWS would not take."""
    times, app, servers = stack.timeline, stack.app, stack.app_servers
    check = times.health_check
    per_round = times.pm2_concurrent_actions
    rounds = -(-(stack.workers + 1) // per_round)  # and the queue's worker
    strict = {
        "start parts < start time": (
            times.boot_test_timeout + times.kill_timeout + times.listen_timeout,
            servers.start_time,
        ),
        "start time < launching heartbeat": (servers.start_time + 30, times.launching_heartbeat),
        "check < its interval": (check.timeout, check.interval),
        "healthy < grace period": (check.interval * check.healthy_threshold, times.health_check_grace_period),
        "idle close + drain < kill": (3 + app.drain, times.kill_timeout),
        "kill of all rounds < systemd": (rounds * times.kill_timeout, times.stop_timeout),
        "systemd < deregistration delay": (times.stop_timeout, times.deregistration_delay),
        "longest request < deregistration delay": (app.longest_request, times.deregistration_delay),
        "deregistration delay < drained within": (times.deregistration_delay, times.drained_within),
        "drain and systemd < terminating heartbeat": (
            times.drained_within + times.stop_timeout + 30,
            times.terminating_heartbeat,
        ),
        "balancer < Node": (stack.load_balancer.idle_timeout + 4, times.keep_alive_timeout),
    }
    loose = {
        "longest request <= balancer": (app.longest_request, stack.load_balancer.idle_timeout),
        "healthy <= warm-up": (check.interval * check.healthy_threshold, servers.instance_warmup),
        "unhealthy <= warm-up": (check.interval * check.unhealthy_threshold, servers.instance_warmup),
        "ELBv2's deregistration delay": (times.deregistration_delay, 3600),
        "launching heartbeat, at most": (times.launching_heartbeat, 7200),
        "terminating heartbeat, at most": (times.terminating_heartbeat, 7200),
        "terminating heartbeat, at least": (120, times.terminating_heartbeat),
        "a cold start": (10, min(times.boot_test_timeout, times.listen_timeout)),
    }
    if servers.on_demand_percentage < 100:
        loose["Spot's two minutes"] = (times.drained_within + times.stop_timeout, 110)
    yield from (name for name, (shorter, longer) in strict.items() if not shorter < longer)
    yield from (name for name, (shorter, longer) in loose.items() if not shorter <= longer)


def exhausted(stack: Settings) -> Iterator[str]:
    """Each store that a worker is refused by, and a server that may not open its connections."""
    servers, shared = stack.app_servers, stack.connections
    rolled = servers.max_size * servers.max_healthy_percentage / 100
    serving = rolled * (stack.workers + 1) + min(2, stack.workers)  # and each server's queue's worker
    clients = serving + servers.warm_pool_size
    if clients * shared.pool_size > shared.max_connections - 15:
        yield "Postgres"
    if not 2 <= shared.pool_size <= 10:
        yield "pool"
    if clients * 8 > 65_000 - 100:
        yield "Redis"
    idle = 2 * servers.target_requests * (stack.load_balancer.idle_timeout + 5)
    if not idle + 1000 < stack.open_files <= 1_048_576:
        yield "files"


@few
@given(any_stack)
def test_no_accepted_stack_has_two_times_in_the_wrong_order(stack: dict[str, Any]) -> None:
    """None exhausts a store either, while the largest group is rolled and the warm pool is filled."""
    fits = accepted(stack)
    assert [*out_of_order(fits), *exhausted(fits)] == []


@few
@given(any_stack)
def test_every_refusal_names_a_setting_whose_change_is_accepted(stack: dict[str, Any]) -> None:
    """The setting exists; with the values that are named, one after another, the stack is accepted.

    What is wrong with one setting is not said again once it has its value, unless another moved its limit.
    """
    settings_of_advice: list[str] = []
    for _ in range(ADVICE):
        try:
            parse(stack)
        except StackSettingsError as refused:
            settings_of_advice.append(refused.problems[0].setting)
            stack = followed(stack, refused.problems[0])
        else:
            break
    assert len(settings_of_advice) < ADVICE, settings_of_advice
    assert all(settings_of_advice.count(one) <= 3 for one in settings_of_advice), settings_of_advice


@pytest.mark.parametrize(
    ("module", "constant", "wrong", "noticed"),
    [
        ("times", "IDLE_CLOSE", 2, "idle close + drain < kill"),
        ("times", "CLOSING", 0, "idle close + drain < kill"),
        ("times", "PM2_EXIT", 0, "kill of all rounds < systemd"),
        ("times", "MARGIN", 0, "systemd < deregistration delay"),
        ("times", "KEEP_ALIVE_MARGIN", 4, "balancer < Node"),
        ("times", "HOOK_MARGIN", 30, "start time < launching heartbeat"),
        ("times", "SHARES", 2, "start parts < start time"),
        ("times", "SPOT_MARGIN", 0, "Spot's two minutes"),
        ("times", "MAX_DEREGISTRATION_DELAY", 3700, "ELBv2's deregistration delay"),
        ("times", "MAX_HEARTBEAT", 7300, "launching heartbeat, at most"),
        ("capacity", "RESERVED_CONNECTIONS", 0, "Postgres"),
        ("capacity", "MIN_POOL", 1, "pool"),
        ("capacity", "MAX_CLIENTS", 80_000, "Redis"),
        ("capacity", "PEAK", 1, "files"),
    ],
)
def test_a_wrong_budget_is_noticed(
    module: str, constant: str, wrong: int, noticed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: with one constant wrong, the same search finds a stack that breaks that promise."""
    monkeypatch.setattr(import_module(f"budgets.{module}"), constant, wrong)
    found: set[str] = set()

    @settings(few, phases=[Phase.generate], derandomize=True)
    @given(any_stack)
    def search(stack: dict[str, Any]) -> None:
        fits = accepted(stack)
        found.update(out_of_order(fits), exhausted(fits))
        assert noticed not in found

    with pytest.raises(AssertionError):
        search()
    assert noticed in found
