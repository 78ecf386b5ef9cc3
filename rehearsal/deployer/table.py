"""The rights that deployers were seen to use."""

from pathlib import Path

from rehearsal.deployer.right import General

RECORDED = Path(__file__).parent / "recorded.txt"
"""A line a right, in order."""


def recorded() -> list[General]:
    """The rights of every life of a stack that a rehearsal has recorded."""
    return [General.parse(line) for line in RECORDED.read_text().splitlines()]
