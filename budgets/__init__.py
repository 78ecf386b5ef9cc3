"""Every time-out of a server's life and every limit of its connections, computed once from a few settings.

Pure. What cannot fit raises `DoesNotFit`, with a setting and a value that is accepted. `python -m stacks
timeline STACK` draws what comes out.
"""

from budgets.capacity import Connections, connections, open_files
from budgets.problems import DoesNotFit
from budgets.rollout_times import rollout_time, rollout_timeout
from budgets.times import HealthCheck, Timeline, timeline

__all__ = [
    "Connections",
    "DoesNotFit",
    "HealthCheck",
    "Timeline",
    "connections",
    "open_files",
    "rollout_time",
    "rollout_timeout",
    "timeline",
]
