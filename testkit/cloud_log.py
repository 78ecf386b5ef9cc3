"""What failed in a rehearsal cloud itself, by its log: the cloud goes on all the same, and tests must not."""

from pathlib import Path

MOTO = "moto failed at a request"
"""A request that the judge let through; whoever made it was told so."""
_FAILURES = ("is tried again", "the judge failed", "the cloud failed at a request", MOTO)


def own_failures(log: Path) -> list[str]:
    """Steps of resources, the judge, requests: a line for each; none of a cloud that never ran."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return [line for line in lines if any(failure in line for failure in _FAILURES)]
