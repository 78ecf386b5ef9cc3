"""The runbook's queries, as RDS' master user runs them."""

from __future__ import annotations

import re
from pathlib import Path

from tests.migrator.conftest import OwnedDatabase

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbooks" / "migrations.md"


def test_every_query_of_the_runbook_runs(database: OwnedDatabase) -> None:
    """On a database that has been migrated."""
    assert database.run_here("apply").returncode == 0
    queries = re.findall(r"```sql\n(.+?)```", RUNBOOK.read_text(), re.DOTALL)
    assert len(queries) > 9
    for query in queries:
        database.rows(query)
