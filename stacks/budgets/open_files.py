"""The file descriptors of the app's processes: systemd's `LimitNOFILE`, which holds for each of them.

PM2's daemon accepts the connections for all workers of a server, so one process may have to hold all of them.
"""

from stacks.budgets.connections import MAX_POOL, REDIS_CLIENTS
from stacks.problems import DoesNotFit

PEAK = 2
"""Times `target_requests`: the group grows within minutes, and meanwhile its servers have more to do."""
OWN_FILES = 1024
"""Of a process besides: modules, logs, pipes to the workers."""
NR_OPEN = 1_048_576
"""Linux' own limit of a process, `fs.nr_open`."""


def open_files(*, target_requests: int, keep_alive_timeout: int) -> int:
    """A power of two with room for a connection of each request, until it has been idle for too long.

    Raises `DoesNotFit`.
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
    return limit
