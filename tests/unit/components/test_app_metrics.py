"""One set of names: what the app writes, what the kit watches and what the documentation explains."""

import re
from pathlib import Path
from typing import Any

from components.alarms import alarms
from components.app_metrics import METRICS, app_graphs

REPOSITORY = Path(__file__).parents[3]
UNITS = {name: unit for metrics in METRICS.values() for name, unit in metrics.items()}


def test_the_app_writes_exactly_these() -> None:
    """With their units; tests/rehearsal/test_alarms.py sees them arrive."""
    source = (REPOSITORY / "app/src/metrics/embedded.js").read_text()
    (table,) = re.findall(r"const UNITS = Object.freeze\(\{\n(.+?)\}\)", source, re.DOTALL)
    assert dict(re.findall(r"(\w+): '(\w+)'", table)) == UNITS


def test_alarms_watch_metrics_that_the_app_writes() -> None:
    """And none by another name."""
    table = alarms(max_connections=400, free_storage_gib=10, app_namespace="kit")
    watched = {alarm.metric for alarm in table if alarm.part == "app"}
    assert watched == {"EventLoopLagP99", "PoolWaiting", "CacheHitRate", "QueueOldestJob", "DeadLetters"}
    assert watched <= UNITS.keys()


def test_graphs_show_metrics_that_the_app_writes() -> None:
    """Those of the caches by a search for their names."""

    def shown(metric: Any) -> str:
        if isinstance(metric[0], dict):
            (name,) = re.findall(r'MetricName="(\w+)"', metric[0]["expression"])
            return str(name)
        return str(metric[1])

    names = {shown(metric) for graph in app_graphs("kit", "xx-1") for metric in graph["metrics"]}
    alone = {
        "EventLoopLagP99",
        "QueueOldestJob",
        "CacheUnavailable",
    }  # the first two have their alarms' graphs
    assert names == UNITS.keys() - alone
    assert app_graphs("kit", "xx-1")[1]["metrics"][0] == [
        {"expression": """SEARCH('{"kit",Cache} MetricName="CacheHitRate"', 'Average', 60)"""}
    ]


def test_the_documentation_explains_each() -> None:
    """In one table, with unit and dimension."""
    text = (REPOSITORY / "docs/monitoring.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w*) ?\|", text, re.MULTILINE)
    assert rows == [
        (name, unit, dimension) for dimension, metrics in METRICS.items() for name, unit in metrics.items()
    ]


def test_the_documentation_lists_each_alarm_of_the_app() -> None:
    """By its name."""
    text = (REPOSITORY / "docs/monitoring.md").read_text()
    table = alarms(max_connections=400, free_storage_gib=10, app_namespace="kit")
    named = re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)
    assert named == [alarm.name for alarm in table]
