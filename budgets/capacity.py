"""Capacity: how the connections of Postgres and Redis are shared out among processes, and their open files.

What must hold, while the largest group is rolled, one server reloads its app and the warm pool is filled:

    (processes + a boot test for each server of the warm pool) x pool <= usable max_connections
    as many x clients of Redis <= usable maxclients
    connections of a server + what a process opens besides <= LimitNOFILE <= fs.nr_open
"""

from dataclasses import dataclass
from math import ceil

from budgets.instance_types import memory_gib, vcpus
from budgets.problems import DoesNotFit
from budgets.times import PM2_CONCURRENT_ACTIONS, QUEUE_WORKERS

# Postgres.
CONNECTION_BYTES = 9_531_392
MAX_CONNECTIONS = 5000
"""RDS for PostgreSQL's default: LEAST(DBInstanceClassMemory / 9531392, 5000)."""
USABLE_MEMORY = 0.75
"""DBInstanceClassMemory is the class's memory less what RDS and the system keep; small classes lose most."""
RESERVED_CONNECTIONS = 15
"""For superusers (3), RDS itself (2), the migrator (2), and people and tools (8)."""
MIN_POOL, MAX_POOL = 2, 10
"""Connections of a process: enough that one slow query doesn't stop it; at most node-postgres' default."""

# Redis.
MAX_CLIENTS = 65_000
"""ElastiCache's `maxclients`, which can't be changed:
https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/RedisConfiguration.html."""
RESERVED_CLIENTS = 100
"""For replicas, ElastiCache itself, people and tools."""
REDIS_CLIENTS = 8
"""Of a process, should sessions, cache and queues share one group: sessions and cache have one each, BullMQ's
Queue, Worker and QueueEvents 1, 2 and 1; 2 are to spare."""

# File descriptors.
PEAK = 2
"""Times `target_requests`: the group grows within minutes, and meanwhile its servers have more to do."""
MIN_OPEN_FILES = 65_536
"""A limit costs nothing; Linux' own 1024 would be too low for a small stack's peak."""
OWN_FILES = 1024
"""Of a process besides: modules, logs, pipes to the workers."""
NR_OPEN = 1_048_576
"""Linux' own limit of a process, `fs.nr_open`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Connections:
    """What each process may open, and what all of them open at most; 0 to a store that is not there."""

    max_connections: int
    servers: int
    """At most: the group's maximum, and what a rollout adds."""
    processes: int
    """Of all `servers` at most, the jobs', and those that a reload starts before it stops others."""
    pool_size: int
    """Connections of one process to Postgres."""
    redis_clients: int
    """Connections of all processes to Redis, the warm pool's boot tests among them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Demand:
    """The sizes that all connections are multiples of."""

    min_size: int
    max_size: int
    max_healthy_percentage: int
    warm_pool_size: int
    workers: int
    background: int
    jobs: int

    @property
    def servers(self) -> int:
        return ceil(self.max_size * self.max_healthy_percentage / 100)

    @property
    def each(self) -> int:
        """Processes of a server."""
        return self.workers + self.background

    @property
    def reloading(self) -> int:
        """Workers twice there; the others, which have no port, end before the next begin."""
        return min(self.workers, PM2_CONCURRENT_ACTIONS)

    @property
    def processes(self) -> int:
        return self.servers * self.each + self.reloading + self.jobs

    @property
    def clients(self) -> int:
        """Processes that have connections, at most.

        A server that boots into the warm pool runs one, its boot test's; stopped it has none.
        """
        return self.processes + self.warm_pool_size

    def largest_group(self, clients: int) -> int:
        """The `max_size` that has so many clients at most."""
        servers = (clients - self.warm_pool_size - self.reloading - self.jobs) // self.each
        return servers * 100 // self.max_healthy_percentage

    def __str__(self) -> str:
        warming = f" + {self.warm_pool_size} of the warm pool" if self.warm_pool_size else ""
        rolled = f"{self.servers} servers while rolling x {self.each} processes"
        jobs = f" + {self.jobs} jobs" if self.jobs else ""
        return f"{rolled} + {self.reloading} of a reload{jobs}{warming}"


def connections(
    *,
    instance_class: str | None,
    max_connections: int | None,
    min_size: int,
    max_size: int,
    max_healthy_percentage: int,
    workers: int,
    background: int = QUEUE_WORKERS,
    jobs: int = 0,
    warm_pool_size: int = 0,
    has_redis: bool = True,
) -> Connections:
    """The pool of each process, so that scaling out while rolling exhausts nothing; raises `DoesNotFit`.

    Of `workers`, and processes in the `background`, each server has so many; of `jobs` one server runs each.
    `instance_class` is the database's; None without a database.
    """
    demand = _Demand(
        min_size=min_size,
        max_size=max_size,
        max_healthy_percentage=max_healthy_percentage,
        warm_pool_size=warm_pool_size,
        workers=workers,
        background=background,
        jobs=jobs,
    )
    redis_clients = _redis_clients(demand) if has_redis else 0
    limit = pool_size = 0
    if instance_class is not None:
        limit = default_max_connections(instance_class) if max_connections is None else max_connections
        pool_size = _pool_size(demand, limit, instance_class)
    return Connections(
        max_connections=limit,
        servers=demand.servers,
        processes=demand.processes,
        redis_clients=redis_clients,
        pool_size=pool_size,
    )


def _redis_clients(demand: _Demand) -> int:
    usable = MAX_CLIENTS - RESERVED_CLIENTS
    clients = demand.clients * REDIS_CLIENTS
    if clients <= usable:
        return clients
    reason = f"{demand} would open {clients} connections to Redis, which takes {usable}"
    largest = demand.largest_group(usable // REDIS_CLIENTS)
    if largest >= demand.min_size:
        raise DoesNotFit(
            setting="app_servers.max_size", value=demand.max_size, reason=reason, accepted=largest
        )
    if demand.warm_pool_size > 0:
        raise DoesNotFit(
            setting="app_servers.warm_pool_size", value=demand.warm_pool_size, reason=reason, accepted=0
        )
    raise DoesNotFit(setting="app_servers.min_size", value=demand.min_size, reason=reason, accepted=largest)


def _pool_size(demand: _Demand, limit: int, instance_class: str) -> int:
    usable = limit - RESERVED_CONNECTIONS
    pool = usable // demand.clients
    if pool >= MIN_POOL:
        return min(MAX_POOL, pool)
    reason = (
        f"{demand}, {MIN_POOL} connections each, are more than the {usable} usable ones of {instance_class}"
    )
    largest = demand.largest_group(usable // MIN_POOL)
    if largest >= demand.min_size:
        raise DoesNotFit(
            setting="app_servers.max_size", value=demand.max_size, reason=reason, accepted=largest
        )
    raise DoesNotFit(
        setting="database.parameters.max_connections",
        value=limit,
        reason=f"{reason} (a larger database.instance_class has more memory for them)",
        accepted=demand.clients * MIN_POOL + RESERVED_CONNECTIONS,
    )


def open_files(*, target_requests: int, keep_alive_timeout: int) -> int:
    """The `LimitNOFILE` of systemd, which each process has for itself; raises `DoesNotFit`.

    A power of two, with room for a connection of each request until it has been idle too long. PM2's daemon
    accepts the connections for all workers of a server, so one process may have to hold all of them.
    """
    others = MAX_POOL + REDIS_CLIENTS + OWN_FILES
    limit: int = 1 << (PEAK * target_requests * keep_alive_timeout + others - 1).bit_length()
    if limit > NR_OPEN:
        raise DoesNotFit(
            setting="app_servers.target_requests",
            value=target_requests,
            reason=f"kept alive for {keep_alive_timeout} s, their connections may be {PEAK} x "
            f"{target_requests * keep_alive_timeout}, and a process has {NR_OPEN} files at most",
            accepted=(NR_OPEN - others) // (PEAK * keep_alive_timeout),
        )
    return max(limit, MIN_OPEN_FILES)


def default_max_connections(instance_class: str) -> int:
    """RDS' own `max_connections` for a class such as `db.m7g.large`, on the safe side."""
    memory = memory_gib(instance_class)
    if memory is None:
        raise DoesNotFit(
            setting="database.parameters.max_connections",
            value=None,
            reason=f"the memory of {instance_class} is not known",
            remedy="Set it to what `SHOW max_connections` says on that class, such as 400",
            accepted=400,
        )
    return min(int(memory * USABLE_MEMORY * 2**30) // CONNECTION_BYTES, MAX_CONNECTIONS)


def workers(instance_type: str) -> int:
    """What PM2's `max` is on a type such as `m7i.2xlarge`: one per vCPU."""
    found = vcpus(instance_type)
    if found is None:
        raise DoesNotFit(
            setting="app.workers",
            value="max",
            reason=f"the number of vCPUs of {instance_type} is not known",
            remedy="Set it to a number, such as 8",
            accepted=8,
        )
    return found
