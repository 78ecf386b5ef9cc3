"""Every time-out of a server's life and every connection limit, computed once from a few settings.

Pure. All times are seconds. The order that must hold, so that nothing is killed which could have finished:

    app drain < PM2 kill_timeout < systemd stop < deregistration delay < lifecycle heartbeat
    load balancer's idle time-out + 5 s <= Node's keep-alive
    servers x workers x pool <= usable max_connections

What cannot fit raises `DoesNotFit`, with a setting and a value that would be accepted.
"""

from dataclasses import dataclass
from math import ceil

from stacks.instance_types import memory_gib, vcpus
from stacks.problems import Problem

# Shutdown.
IDLE_CLOSE = 4
"""From the end of the drain to PM2's SIGKILL. Idle kept-alive sockets are closed after 3 s: closed at once, a
client about to reuse one is reset. The process leaves by itself half a second before the kill."""
PM2_CONCURRENT_ACTIONS = 2
"""Workers that PM2 stops at a time (its default of the variable of that name)."""
PM2_EXIT = 5
"""From the last worker's end to the daemon's."""
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

# Start.
LISTEN_TIMEOUT = 30
"""For a PM2 worker to say that it listens; PM2's own 3 s is too short for a cold start."""

# Connections.
CONNECTION_BYTES = 9_531_392
MAX_CONNECTIONS = 5000
"""RDS for PostgreSQL's default: LEAST(DBInstanceClassMemory / 9531392, 5000)."""
USABLE_MEMORY = 0.75
"""DBInstanceClassMemory is the class's memory less what RDS and the system keep; small classes lose most."""
RESERVED_CONNECTIONS = 15
"""For superusers (3), RDS itself (2), the migrator (2), and people and tools (8)."""
MIN_POOL, MAX_POOL = 2, 10
"""Connections of a worker: enough that one slow query doesn't stop it; at most node-postgres' default."""


class DoesNotFit(ValueError):
    """Settings whose numbers can't hold together; `setting` would be accepted with `accepted`."""

    def __init__(self, *, setting: str, value: object, reason: str, accepted: object) -> None:
        self.setting = setting
        self.accepted = accepted
        self.problem = Problem(setting=setting, value=value, reason=reason, remedy=f"Set it to {accepted}")
        super().__init__(str(self.problem))


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthCheck:
    """The target group's check of `/readyz`: in after 10 s, out after 15 s."""

    interval: int = 5
    timeout: int = 4
    healthy_threshold: int = 2
    unhealthy_threshold: int = 3

    @property
    def time_to_healthy(self) -> int:
        """From a server's first good answer to its first request."""
        return self.interval * self.healthy_threshold


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """The times of a server's start and shutdown, in seconds."""

    drain_timeout: int
    kill_timeout: int
    stop_timeout: int
    deregistration_delay: int
    terminating_heartbeat: int
    idle_timeout: int
    keep_alive_timeout: int
    listen_timeout: int
    start_time: int
    launching_heartbeat: int
    health_check: HealthCheck
    health_check_grace_period: int
    instance_warmup: int


def timeline(
    *,
    longest_request: int,
    drain: int,
    workers: int,
    idle_timeout: int,
    start_time: int,
    instance_warmup: int,
) -> Timeline:
    """The times that follow from what the app promises about itself."""
    if longest_request > idle_timeout:
        raise DoesNotFit(
            setting="load_balancer.idle_timeout",
            value=idle_timeout,
            reason=f"it would cut off a request that takes {longest_request} s (app.longest_request)",
            accepted=longest_request,
        )
    if longest_request > MAX_DEREGISTRATION_DELAY - MARGIN:
        raise DoesNotFit(
            setting="app.longest_request",
            value=longest_request,
            reason=f"a server may be drained for {MAX_DEREGISTRATION_DELAY} s at most",
            accepted=MAX_DEREGISTRATION_DELAY - MARGIN,
        )
    health_check = HealthCheck()
    if instance_warmup < health_check.time_to_healthy:
        raise DoesNotFit(
            setting="app_servers.instance_warmup",
            value=instance_warmup,
            reason=f"the balancer needs {health_check.time_to_healthy} s to find a server healthy",
            accepted=health_check.time_to_healthy,
        )
    if start_time > MAX_HEARTBEAT - HOOK_MARGIN:
        raise DoesNotFit(
            setting="app_servers.start_time",
            value=start_time,
            reason=f"a launching lifecycle hook waits {MAX_HEARTBEAT} s at most",
            accepted=MAX_HEARTBEAT - HOOK_MARGIN,
        )
    kill_timeout = drain + IDLE_CLOSE
    rounds = ceil(workers / PM2_CONCURRENT_ACTIONS)
    stop_timeout = rounds * kill_timeout + PM2_EXIT
    longest_stop = MAX_DEREGISTRATION_DELAY - MARGIN
    if stop_timeout > longest_stop:
        raise DoesNotFit(
            setting="app.drain",
            value=drain,
            reason=f"{workers} workers, {PM2_CONCURRENT_ACTIONS} at a time, would stop for {stop_timeout} s",
            accepted=(longest_stop - PM2_EXIT) // rounds - IDLE_CLOSE,
        )
    deregistration_delay = max(longest_request, stop_timeout) + MARGIN
    return Timeline(
        drain_timeout=drain,
        kill_timeout=kill_timeout,
        stop_timeout=stop_timeout,
        deregistration_delay=deregistration_delay,
        terminating_heartbeat=max(MIN_TERMINATING_HEARTBEAT, deregistration_delay + HOOK_MARGIN),
        idle_timeout=idle_timeout,
        keep_alive_timeout=idle_timeout + KEEP_ALIVE_MARGIN,
        listen_timeout=LISTEN_TIMEOUT,
        start_time=start_time,
        launching_heartbeat=start_time + HOOK_MARGIN,
        health_check=health_check,
        health_check_grace_period=health_check.time_to_healthy + HOOK_MARGIN,
        instance_warmup=instance_warmup,
    )


def rollout_timeout(times: Timeline, *, servers: int, max_healthy_percentage: int) -> int:
    """Seconds that replacing all `servers` may take, a batch at a time: start, warm up, drain, stop."""
    batch = max(1, servers * (max_healthy_percentage - 100) // 100)
    start = times.launching_heartbeat + times.instance_warmup
    stop = times.deregistration_delay + times.terminating_heartbeat
    return ceil(servers / batch) * (start + stop)


@dataclass(frozen=True, kw_only=True, slots=True)
class Connections:
    """How the database's connections are shared out."""

    max_connections: int
    servers: int
    """At most: the group's maximum, and what a rollout adds."""
    pool_size: int
    """Connections of one worker."""


def connections(
    *,
    instance_class: str,
    max_connections: int | None,
    min_size: int,
    max_size: int,
    max_healthy_percentage: int,
    workers: int,
) -> Connections:
    """The pool of each worker, so that scaling out while rolling never exhausts the database."""
    limit = max_connections if max_connections is not None else default_max_connections(instance_class)
    usable = limit - RESERVED_CONNECTIONS

    def pool(size: int) -> int:
        return usable // (rolling(size, max_healthy_percentage) * workers)

    if pool(max_size) >= MIN_POOL:
        return Connections(
            max_connections=limit,
            servers=rolling(max_size, max_healthy_percentage),
            pool_size=min(MAX_POOL, pool(max_size)),
        )
    reason = (
        f"{rolling(max_size, max_healthy_percentage)} servers while rolling x {workers} workers x {MIN_POOL} "
        f"connections are more than the {usable} usable ones of {instance_class}"
    )
    for size in range(max_size - 1, min_size - 1, -1):
        if pool(size) >= MIN_POOL:
            raise DoesNotFit(setting="app_servers.max_size", value=max_size, reason=reason, accepted=size)
    raise DoesNotFit(
        setting="database.parameters.max_connections",
        value=limit,
        reason=f"{reason} (a larger database.instance_class has more memory for them)",
        accepted=rolling(max_size, max_healthy_percentage) * workers * MIN_POOL + RESERVED_CONNECTIONS,
    )


def rolling(size: int, max_healthy_percentage: int) -> int:
    """Servers that run at once while `size` servers are replaced, new ones first."""
    return ceil(size * max_healthy_percentage / 100)


def default_max_connections(instance_class: str) -> int:
    """RDS' own `max_connections` for a class such as `db.m7g.large`, on the safe side."""
    memory = memory_gib(instance_class)
    if memory is None:
        raise DoesNotFit(
            setting="database.parameters.max_connections",
            value=None,
            reason=f"the memory of {instance_class} is not known",
            accepted="what `SHOW max_connections` says on that class, such as 400",
        )
    return min(int(memory * USABLE_MEMORY * 2**30) // CONNECTION_BYTES, MAX_CONNECTIONS)


def workers(instance_type: str) -> int:
    """What PM2's `max` is on a type such as `m7i.2xlarge`: one a vCPU."""
    found = vcpus(instance_type)
    if found is None:
        raise DoesNotFit(
            setting="app.workers",
            value="max",
            reason=f"the number of vCPUs of {instance_type} is not known",
            accepted="a number",
        )
    return found
