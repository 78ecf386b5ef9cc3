"""The times of a server's start and shutdown, in seconds.

Each time-out outlasts the one inside it, so that nothing is killed that could still finish, and the
innermost party reports the failure:

    boot test + its exit + PM2's listen_timeout < start_time < launching heartbeat
    time to healthy < health check grace period
    time to healthy, time to unhealthy <= instance warm-up
    idle close + app drain < PM2 kill_timeout < systemd stop < deregistration delay < drained within
    drained within + systemd stop < terminating heartbeat
    longest request < deregistration delay
    longest request <= balancer's idle time-out < Node's keep-alive
    with Spot: drained within + systemd stop < 120
"""

from dataclasses import dataclass
from math import ceil

from budgets.problems import DoesNotFit

# Shutdown.
IDLE_CLOSE = 3
"""From the signal until idle kept-alive sockets are closed and the drain begins: closed at once, a client
about to reuse one is reset."""
CLOSING = 1
"""From the end of the drain to PM2's SIGKILL; the process leaves by itself half a second before."""
QUEUE_WORKERS = 1
"""Processes of a server besides the workers that serve, where an app's own PM2 settings say what runs. An app
that has none has room to spare."""
PM2_CONCURRENT_ACTIONS = 2
"""Processes that PM2 starts, reloads or stops at a time (its default of the variable of that name)."""
PM2_EXIT = 5
"""From the last process's end to the daemon's."""
MARGIN = 5
"""Between a time-out and the one around it."""
MAX_DEREGISTRATION_DELAY = 3600
"""ELBv2, target group attribute `deregistration_delay.timeout_seconds`."""
MIN_TERMINATING_HEARTBEAT = 120
MAX_HEARTBEAT = 7200
"""EC2 Auto Scaling, PutLifecycleHook: HeartbeatTimeout is 30 to 7200."""
HOOK_MARGIN = 60
"""For what a hook's owner does besides waiting: polling, reporting."""
KEEP_ALIVE_MARGIN = 5
"""By how much Node's keep-alive outlives the balancer's idle time-out: the balancer is to be who closes."""
SPOT_NOTICE = 120
"""EC2 takes a Spot Instance back two minutes after `spot/instance-action` appears in its metadata."""
SPOT_MARGIN = 10
"""From the notice to the deregistration: the server asks its metadata, then its group to terminate it."""

# Start.
SHARES = 3
"""Of the start time: installing and fetching, the boot test, PM2's start. No more is known of it."""
MIN_LISTEN_TIMEOUT = 10
"""For a worker to be ready; PM2's own 3 s is too short for a cold start."""

ALL_ON_DEMAND = 100
"""Per cent: with less, a group has Spot Instances."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthCheck:
    """The target group's check of `/readyz`: in after 10 s, out after 15 s."""

    interval: int = 5
    timeout: int = 4
    healthy_threshold: int = 2
    unhealthy_threshold: int = 3

    @property
    def time_to_healthy(self) -> int:
        """From a server's first good answer to its first request, at most; a new target needs one check."""
        return self.interval * self.healthy_threshold

    @property
    def time_to_unhealthy(self) -> int:
        """From a server's first bad answer until it gets no more requests, at most."""
        return self.interval * self.unhealthy_threshold


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """All of them; `stacks/timeline_steps.py` says what each is for and where it is written."""

    start_time: int
    boot_test_timeout: int
    """For the boot test's worker to be ready."""
    listen_timeout: int
    """For a worker of PM2 to be."""
    launching_heartbeat: int
    health_check: HealthCheck
    health_check_grace_period: int
    instance_warmup: int
    bake_time: int
    drain_timeout: int
    kill_timeout: int
    pm2_concurrent_actions: int
    stop_timeout: int
    deregistration_delay: int
    drained_within: int
    """From the group's decision: then a server stops its app, even if the API has not told it to."""
    terminating_heartbeat: int
    idle_timeout: int
    keep_alive_timeout: int


def timeline(
    *,
    longest_request: int,
    drain: int,
    workers: int,
    background: int = QUEUE_WORKERS,
    idle_timeout: int,
    start_time: int,
    instance_warmup: int,
    bake_time: int = 0,
    on_demand_percentage: int = ALL_ON_DEMAND,
) -> Timeline:
    """The times that follow from what the app promises about itself; raises `DoesNotFit`."""
    _check_requests(longest_request=longest_request, idle_timeout=idle_timeout)
    processes = workers + background
    rounds = ceil(processes / PM2_CONCURRENT_ACTIONS)
    kill_timeout = IDLE_CLOSE + drain + CLOSING
    stop_timeout = rounds * kill_timeout + PM2_EXIT
    _check_stop(stop_timeout=stop_timeout, drain=drain, processes=processes, rounds=rounds)
    deregistration_delay = max(longest_request, stop_timeout) + MARGIN
    drained_within = deregistration_delay + MARGIN
    has_spot = on_demand_percentage < ALL_ON_DEMAND
    if has_spot and drained_within + stop_timeout > SPOT_NOTICE - SPOT_MARGIN:
        raise _too_long_for_spot(
            longest_request=longest_request,
            drain=drain,
            rounds=rounds,
            stop_timeout=stop_timeout,
            drained_within=drained_within,
            on_demand_percentage=on_demand_percentage,
        )
    health_check = HealthCheck()
    listen_timeout = (start_time - kill_timeout) // SHARES
    _check_start(
        start_time=start_time,
        kill_timeout=kill_timeout,
        listen_timeout=listen_timeout,
        instance_warmup=instance_warmup,
        health_check=health_check,
    )
    return Timeline(
        start_time=start_time,
        boot_test_timeout=listen_timeout,
        listen_timeout=listen_timeout,
        launching_heartbeat=start_time + HOOK_MARGIN,
        health_check=health_check,
        health_check_grace_period=health_check.time_to_healthy + HOOK_MARGIN,
        instance_warmup=instance_warmup,
        bake_time=bake_time,
        drain_timeout=drain,
        kill_timeout=kill_timeout,
        pm2_concurrent_actions=PM2_CONCURRENT_ACTIONS,
        stop_timeout=stop_timeout,
        deregistration_delay=deregistration_delay,
        drained_within=drained_within,
        terminating_heartbeat=max(MIN_TERMINATING_HEARTBEAT, drained_within + stop_timeout + HOOK_MARGIN),
        idle_timeout=idle_timeout,
        keep_alive_timeout=idle_timeout + KEEP_ALIVE_MARGIN,
    )


def _check_requests(*, longest_request: int, idle_timeout: int) -> None:
    if longest_request > MAX_DEREGISTRATION_DELAY - MARGIN:
        raise DoesNotFit(
            setting="app.longest_request",
            value=longest_request,
            reason=f"a server may be drained for {MAX_DEREGISTRATION_DELAY} s at most",
            accepted=MAX_DEREGISTRATION_DELAY - MARGIN,
        )
    if longest_request > idle_timeout:
        raise DoesNotFit(
            setting="load_balancer.idle_timeout",
            value=idle_timeout,
            reason=f"it would cut off a request that takes {longest_request} s (app.longest_request)",
            accepted=longest_request,
        )


def _check_stop(*, stop_timeout: int, drain: int, processes: int, rounds: int) -> None:
    longest_stop = MAX_HEARTBEAT - HOOK_MARGIN - MAX_DEREGISTRATION_DELAY - MARGIN
    if stop_timeout > longest_stop:
        raise DoesNotFit(
            setting="app.drain",
            value=drain,
            reason=f"{processes} processes, {PM2_CONCURRENT_ACTIONS} at a time, "
            f"would stop for {stop_timeout} s",
            accepted=(longest_stop - PM2_EXIT) // rounds - IDLE_CLOSE - CLOSING,
        )


def _too_long_for_spot(
    *,
    longest_request: int,
    drain: int,
    rounds: int,
    stop_timeout: int,
    drained_within: int,
    on_demand_percentage: int,
) -> DoesNotFit:
    """What to shorten; where workers alone take too long to stop, there can be no Spot Instances."""
    reason = (
        f"a Spot Instance ends {SPOT_NOTICE} s after its notice, which is too soon to drain for "
        f"{drained_within} s and to stop for {stop_timeout} s"
    )
    both = SPOT_NOTICE - SPOT_MARGIN - 2 * MARGIN
    longest_drain = (both // 2 - PM2_EXIT) // rounds - IDLE_CLOSE - CLOSING
    if stop_timeout <= both // 2:
        return DoesNotFit(
            setting="app.longest_request",
            value=longest_request,
            reason=reason,
            accepted=both - stop_timeout,
        )
    if longest_drain >= 1:
        return DoesNotFit(setting="app.drain", value=drain, reason=reason, accepted=longest_drain)
    return DoesNotFit(
        setting="app_servers.on_demand_percentage",
        value=on_demand_percentage,
        reason=reason,
        accepted=ALL_ON_DEMAND,
    )


def _check_start(
    *,
    start_time: int,
    kill_timeout: int,
    listen_timeout: int,
    instance_warmup: int,
    health_check: HealthCheck,
) -> None:
    if listen_timeout < MIN_LISTEN_TIMEOUT:
        raise DoesNotFit(
            setting="app_servers.start_time",
            value=start_time,
            reason=f"less {kill_timeout} s for a boot test's exit, a third of it is too short for a worker",
            accepted=kill_timeout + SHARES * MIN_LISTEN_TIMEOUT,
        )
    if start_time > MAX_HEARTBEAT - HOOK_MARGIN:
        raise DoesNotFit(
            setting="app_servers.start_time",
            value=start_time,
            reason=f"a launching lifecycle hook waits {MAX_HEARTBEAT} s at most",
            accepted=MAX_HEARTBEAT - HOOK_MARGIN,
        )
    shortest = max(health_check.time_to_healthy, health_check.time_to_unhealthy)
    if instance_warmup < shortest:
        raise DoesNotFit(
            setting="app_servers.instance_warmup",
            value=instance_warmup,
            reason=f"the balancer needs {shortest} s to find out that a new server falls ill",
            accepted=shortest,
        )
