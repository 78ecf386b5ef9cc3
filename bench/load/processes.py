"""The processor time of processes and of all that they started, from /proc."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")  # of a second
PROC = Path("/proc")
# Positions in /proc/pid/stat behind the command's name; proc(5) counts from 1, and two are before it.
UTIME, CSTIME = 14 - 3, 17 - 3


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    children: list[int] = []
    with suppress(OSError):  # ended meanwhile
        for task in (PROC / str(pid) / "task").iterdir():
            children += map(int, (task / "children").read_text().split())
    return [pid, *(descendant for child in children for descendant in family(child))]


def seconds(pid: int) -> float:
    """Of one process in its life, and of those descendants of it that have ended; 0 when it has itself."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return sum(map(int, fields[UTIME : CSTIME + 1])) / TICKS


def by_name(pids: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """Seconds of each named group of processes."""
    return {name: sum(map(seconds, group)) for name, group in pids.items()}


def machine() -> float:
    """Seconds that all cores together were busy since the machine's start, for whomever."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(
        int, (PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / TICKS


def command(pid: int) -> str:
    """Its command line; empty when it has ended."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""
