"""What the app measures of itself, and how the dashboard shows it. Pure.

`app/src/metrics/embedded.js` writes these metrics into its log, from which CloudWatch takes them;
docs/monitoring.md explains each. An app that writes none has empty graphs, and alarms that stay OK.
"""

from collections.abc import Mapping, Sequence
from typing import Any

METRICS: Mapping[str, Mapping[str, str]] = {
    "": {
        "Requests": "Count",
        "RequestLatency": "Milliseconds",
        "EventLoopLagP99": "Milliseconds",
        "PoolUsed": "Count",
        "PoolWaiting": "Count",
        "SlowQueries": "Count",
        "CacheUnavailable": "Count",
    },
    "Cache": {
        "CacheHits": "Count",
        "CacheMisses": "Count",
        "CacheHitRate": "Percent",
    },
    "Queue": {
        "QueueDepth": "Count",
        "QueueOldestJob": "Seconds",
        "DeadLetters": "Count",
        "JobsCompleted": "Count",
        "JobsRetried": "Count",
        "JobsDead": "Count",
    },
}
"""Names and units by their dimension. Each is there without a dimension too: the alarms watch that."""
RIGHT = {"yAxis": "right"}


def app_graphs(namespace: str, region: str) -> Sequence[dict[str, Any]]:
    """The properties of the app's own widgets: what is done on the right axis, how it goes on the left."""

    def shows(title: str, *metrics: Any) -> dict[str, Any]:
        return {
            "title": title,
            "region": region,
            "period": 60,
            "metrics": list(metrics),
            "yAxis": {"left": {"min": 0}, "right": {"min": 0}},
        }

    def metric(name: str, stat: str, **rendering: str) -> list[Any]:
        return [namespace, name, {"stat": stat, **rendering}]

    def each_cache(name: str, stat: str, **rendering: str) -> list[Any]:
        """The caches' names are the app's: CloudWatch finds them."""
        search = f"SEARCH('{{\"{namespace}\",Cache}} MetricName=\"{name}\"', '{stat}', 60)"
        return [{"expression": search, **rendering}]

    return (
        shows(
            "requests of the app, ms",
            *(metric("RequestLatency", stat, label=stat) for stat in ("p50", "p95", "p99")),
            metric("Requests", "Sum", **RIGHT),
        ),
        shows(
            "reads of each cache, hit rate in %",
            each_cache("CacheHitRate", "Average"),
            *(each_cache(name, "Sum", **RIGHT) for name in ("CacheHits", "CacheMisses")),
        ),
        shows(
            "the queue's jobs",
            metric("QueueDepth", "Maximum"),
            metric("DeadLetters", "Maximum"),
            *(metric(name, "Sum", **RIGHT) for name in ("JobsCompleted", "JobsRetried", "JobsDead")),
        ),
        shows(
            "the pool's connections",
            metric("PoolUsed", "Maximum"),
            metric("PoolWaiting", "Maximum"),
            metric("SlowQueries", "Sum", **RIGHT),
        ),
    )


def top_queries(log_group: str, region: str) -> dict[str, Any]:
    """The properties of a table of the statements that cost the database most, as the app's log has them.

    Every server tells of the whole database, in lines of what came since its last ones.
    """
    query = (
        f"SOURCE '{log_group}' | filter message = 'top queries'"
        " | stats max(totalMs) as ms, max(calls) as n by query, bin(5m)"
        " | stats sum(ms) as total_ms, sum(n) as times, sum(ms) / sum(n) as mean_ms by query"
        " | sort total_ms desc | limit 20"
    )
    return {"title": "top queries", "region": region, "view": "table", "query": query}
