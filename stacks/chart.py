"""A stack's timeline and capacity as text. Pure."""

from collections.abc import Sequence

import budgets
from budgets.capacity import MAX_CLIENTS, PEAK, REDIS_CLIENTS, RESERVED_CLIENTS, RESERVED_CONNECTIONS
from budgets.rollout_times import batches, most_batches
from stacks import timeline_steps
from stacks.sections import Settings

WIDTH = 32
"""Characters of the longest bar."""


def drawn(stack: str, settings: Settings) -> str:
    """All of it."""
    parts = [
        f"Stack {stack}: how long each step may take, where that comes from -> where it is written",
        section("Start of a server", bars(timeline_steps.start(settings))),
        section("Shutdown of a server", bars(timeline_steps.shutdown(settings))),
        section("A connection without requests", bars(timeline_steps.idle(settings))),
        section("Capacity, while the largest group is rolled", table(capacity(settings))),
        section("Rollout", rollout(settings)),
    ]
    return "\n\n".join(parts) + "\n"


def section(title: str, lines: Sequence[str]) -> str:
    """A title and its lines."""
    return "\n".join([title, *(f"  {line}".rstrip() for line in lines)])


def bars(shown: Sequence[timeline_steps.TimelineStep]) -> list[str]:
    """A line a step: its name, seconds, place in time, source and target."""
    end = max(step.ends for step in shown)

    def column(second: int) -> int:
        return round(second * WIDTH / end)

    def bar(step: timeline_steps.TimelineStep) -> str:
        first = min(column(step.begins), WIDTH - 1)
        return " " * first + "#" * max(1, column(step.ends) - first)

    return table(
        [
            [
                "  " * step.depth + step.name,
                f"{step.seconds:>5} s",
                f"|{bar(step):{WIDTH}}|",
                step.comes_from + (f" -> {step.written_to}" if step.written_to else ""),
            ]
            for step in shown
        ]
    )


def capacity(settings: Settings) -> list[list[str]]:
    """What is used at most, of what."""
    servers, shared = settings.app_servers, settings.connections
    of_a_server = settings.workers + settings.app.background
    jobs = settings.app.jobs
    processes = f"{shared.servers} servers x {of_a_server} processes"
    processes += f" + {shared.processes - shared.servers * of_a_server - jobs} of a reload"
    if jobs > 0:
        processes += f" + {jobs} jobs"
    if servers.warm_pool_size > 0:
        processes += f" + {servers.warm_pool_size} of the warm pool"
    usable = shared.max_connections - RESERVED_CONNECTIONS
    open_connections = PEAK * servers.target_requests * settings.timeline.keep_alive_timeout
    return [
        [
            "Postgres",
            f"({processes}) x {shared.pool_size} connections",
            f"{(shared.processes + servers.warm_pool_size) * shared.pool_size} of {usable}",
            f"max_connections {shared.max_connections} less {RESERVED_CONNECTIONS} -> app.env",
        ],
        [
            "Redis",
            f"({processes}) x {REDIS_CLIENTS} clients",
            f"{shared.redis_clients} of {MAX_CLIENTS - RESERVED_CLIENTS}",
            f"maxclients {MAX_CLIENTS} less {RESERVED_CLIENTS}",
        ],
        [
            "Open files",
            f"{PEAK} x {servers.target_requests} requests/s x {settings.timeline.keep_alive_timeout} s",
            f"{open_connections} of {settings.open_files}",
            "LimitNOFILE -> app.service",
        ],
    ]


def rollout(settings: Settings) -> list[str]:
    """The longest that the `release` gate waits, at any size; what the largest group should take."""
    servers, times = settings.app_servers, settings.timeline
    given = {
        "max_healthy_percentage": servers.max_healthy_percentage,
        "warm_pool_size": servers.warm_pool_size,
    }
    longest = budgets.rollout_timeout(times, sizes=servers.sizes, **given)
    without_boot = budgets.rollout_time(times, servers=servers.max_size, **given, boot=0)
    launches, most = batches(servers.max_size, **given), most_batches(servers.sizes, **given)
    noun = "batch" if most == 1 else "batches"
    return [
        f"{servers.sizes.start} to {servers.max_size} servers: {most} {noun} at most, {longest} s at most",
        f"{servers.max_size} servers: {launches} x boot + {without_boot:.0f} s are to be expected",
    ]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
