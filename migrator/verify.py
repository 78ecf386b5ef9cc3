"""Whether the indexes that the migrations promise are there and usable."""

from __future__ import annotations

from migrator.errors import IndexesMissing
from migrator.ledger import Ledger
from migrator.plan import Plan
from migrator.postgres import Session


def verify(session: Session, plan: Plan) -> str:
    """Returns a line that says what was found. Raises IndexesMissing, which names each."""
    indexes = {promise: session.index(promise.index, promise.table) for promise in plan.promises}
    known = {migration.name for migration in plan.migrations}
    newer = [row.name for row in Ledger(session).rows() if row.finished and row.name not in known]
    broken = [
        f"{promise.index} is invalid: run REINDEX INDEX CONCURRENTLY {promise.index}"
        for promise, index in indexes.items()
        if index and not index.usable
    ]
    # A newer release's migrations may have dropped what this older release promised.
    if not newer:
        broken += [
            f"{promise.index} on {promise.table} is missing: make it again with a new migration"
            for promise, index in indexes.items()
            if not index
        ]
    if broken:
        raise IndexesMissing("\n".join(broken))
    there = [index for index in indexes.values() if index]
    return f"{len(there)} of {len(indexes)} promised indexes are valid"
