"""What is worth waking someone for, as a table. Pure.

Each alarm names a metric that AWS publishes by itself, or one of the app's own; dimensions are those of the
part it watches.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Part = Literal["balancer", "target_group", "servers", "database", "redis", "sessions", "app"]
"""`redis`: the nodes of every store; `sessions`: of the one that may not evict."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """A threshold that `metric` may not cross for `periods` minutes in a row."""

    name: str
    """Stable: the suffix of the resource's name."""
    part: Part
    namespace: str
    metric: str
    statistic: str
    """`Average`, `Sum`, … or a percentile such as `p95`."""
    comparison: Literal["GreaterThanThreshold", "LessThanThreshold"]
    threshold: float
    periods: int
    says: str
    """What it means, and what to look at first."""
    stops_rollout: bool = False
    """Whether an instance refresh is rolled back when it goes off."""

    @property
    def percentile(self) -> bool:
        """CloudWatch takes percentiles in an argument of their own."""
        return self.statistic.startswith("p")


BALANCER = "AWS/ApplicationELB"
PERIOD = 60
"""Seconds; the metrics of all parts come once a minute."""


def alarms(*, max_connections: int, free_storage_gib: int, app_namespace: str) -> Sequence[Alarm]:
    """The alarms of a stack. Storage counts as short below `free_storage_gib`, connections above 80 %.

    `app_namespace` has the app's own metrics, from its log.
    """
    return (
        Alarm(
            name="app-errors",
            part="target_group",
            namespace=BALANCER,
            metric="HTTPCode_Target_5XX_Count",
            statistic="Sum",
            comparison="GreaterThanThreshold",
            threshold=10,
            periods=2,
            says="The app answers with errors. Look at its log group.",
            stops_rollout=True,
        ),
        Alarm(
            name="balancer-errors",
            part="balancer",
            namespace=BALANCER,
            metric="HTTPCode_ELB_5XX_Count",
            statistic="Sum",
            comparison="GreaterThanThreshold",
            threshold=10,
            periods=2,
            says="Requests reach no server, or one that breaks off. Look at the target group's health.",
            stops_rollout=True,
        ),
        Alarm(
            name="latency",
            part="target_group",
            namespace=BALANCER,
            metric="TargetResponseTime",
            statistic="p95",
            comparison="GreaterThanThreshold",
            threshold=0.2,
            periods=5,
            says="One request in 20 takes over 0.2 s. Look at Performance Insights and the cache.",
        ),
        Alarm(
            name="unhealthy-servers",
            part="target_group",
            namespace=BALANCER,
            metric="UnHealthyHostCount",
            statistic="Minimum",
            comparison="GreaterThanThreshold",
            threshold=0,
            periods=5,
            says="A server fails /readyz for five minutes and is not replaced. Look at its log.",
        ),
        Alarm(
            name="servers-cpu",
            part="servers",
            namespace="AWS/EC2",
            metric="CPUUtilization",
            statistic="Average",
            comparison="GreaterThanThreshold",
            threshold=90,
            periods=10,
            says="Scaling does not keep up. Raise app_servers.max_size.",
        ),
        Alarm(
            name="database-cpu",
            part="database",
            namespace="AWS/RDS",
            metric="CPUUtilization",
            statistic="Average",
            comparison="GreaterThanThreshold",
            threshold=80,
            periods=10,
            says="The database is busy. Look at Performance Insights for the statement that costs most.",
        ),
        Alarm(
            name="database-connections",
            part="database",
            namespace="AWS/RDS",
            metric="DatabaseConnections",
            statistic="Maximum",
            comparison="GreaterThanThreshold",
            threshold=max_connections * 80 // 100,
            periods=5,
            says="Connections run out, which the budget prevents. Look for clients besides the app.",
        ),
        Alarm(
            name="database-storage",
            part="database",
            namespace="AWS/RDS",
            metric="FreeStorageSpace",
            statistic="Minimum",
            comparison="LessThanThreshold",
            threshold=free_storage_gib * 2**30,
            periods=5,
            says="Storage runs out. Raise database.max_allocated_storage.",
        ),
        Alarm(
            name="redis-cpu",
            part="redis",
            namespace="AWS/ElastiCache",
            metric="EngineCPUUtilization",
            statistic="Average",
            comparison="GreaterThanThreshold",
            threshold=80,
            periods=5,
            says="Redis runs on one core and that is full. Take a larger redis.node_type.",
        ),
        Alarm(
            name="redis-memory",
            part="sessions",
            namespace="AWS/ElastiCache",
            metric="DatabaseMemoryUsagePercentage",
            statistic="Maximum",
            comparison="GreaterThanThreshold",
            threshold=80,
            periods=5,
            says="Sessions may not be evicted: full, Redis refuses writes. Take a larger redis.node_type.",
        ),
        Alarm(
            name="event-loop",
            part="app",
            namespace=app_namespace,
            metric="EventLoopLagP99",
            statistic="Maximum",
            comparison="GreaterThanThreshold",
            threshold=200,
            periods=5,
            says="A worker does one thing for over 0.2 s while others wait. Look for long loops.",
        ),
        Alarm(
            name="pool-waiting",
            part="app",
            namespace=app_namespace,
            metric="PoolWaiting",
            statistic="Average",
            comparison="GreaterThanThreshold",
            threshold=1,
            periods=5,
            says="Requests wait for a connection to Postgres. Look at the dashboard's top queries.",
        ),
        Alarm(
            name="cache-hit-rate",
            part="app",
            namespace=app_namespace,
            metric="CacheHitRate",
            statistic="Average",
            comparison="LessThanThreshold",
            threshold=50,
            periods=15,
            says="Half of the reads miss the cache. Look whether Redis evicts, and at what invalidates.",
        ),
        Alarm(
            name="queue-oldest-job",
            part="app",
            namespace=app_namespace,
            metric="QueueOldestJob",
            statistic="Maximum",
            comparison="GreaterThanThreshold",
            threshold=300,
            periods=5,
            says="A job has waited for five minutes. Look whether the worker runs, and at the gateway.",
        ),
        Alarm(
            name="dead-letters",
            part="app",
            namespace=app_namespace,
            metric="DeadLetters",
            statistic="Maximum",
            comparison="GreaterThanThreshold",
            threshold=0,
            periods=1,
            says="Jobs failed for good and are kept. Look at the worker's log, then replay them.",
        ),
    )
