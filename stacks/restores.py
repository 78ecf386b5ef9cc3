"""`database.restore_from_snapshot`: a new database begins with a DB snapshot; one that exists can't."""

from collections.abc import Iterator, Sequence

from budgets.problems import Problem
from components.protection import RUNBOOK
from stacks.deployed import DeployedResource
from stacks.replacements import DATABASE
from stacks.sections import Settings


def problems(settings: Settings, resources: Sequence[DeployedResource]) -> Iterator[Problem]:
    """A snapshot whose rows the stack's user would miss: the database was not made from it."""
    wanted = settings.database.restore_from_snapshot if settings.database else None
    for resource in resources:
        made_from = resource.properties.get("snapshotIdentifier")
        if resource.kind == DATABASE and wanted not in (None, made_from):
            origin = f"was made from {made_from}" if made_from else "was made without a snapshot"
            yield Problem(
                setting="database.restore_from_snapshot",
                value=wanted,
                reason=f"the database {resource.name} exists and {origin}; this one would not be restored",
                remedy=f"Take it out, and bring the snapshot's rows back in a new stack: {RUNBOOK}",
                accepted=made_from,
            )
