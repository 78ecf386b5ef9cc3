"""Whether a query uses the index that it should; where a table is small, whether it could."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.postgres import Session
from migrator.query import Query
from migrator.verifying.explain import Explainer, Values
from migrator.verifying.plantree import PlanTree

# A table of fewer rows is a few hundred pages at most: reading it whole costs about what an index costs, so
# the planner does either, and rightly.
FEW_ROWS = 10_000

# A table or an index (a quoted name) and its partitions' at any depth, as PostgreSQL names them.
FAMILY = """
    WITH RECURSIVE family AS (
        SELECT CAST(to_regclass(CAST(:name AS text)) AS oid) AS member
        UNION ALL SELECT inhrelid FROM family JOIN pg_inherits ON inhparent = member)
    SELECT relname FROM family JOIN pg_class ON oid = member"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What became of an index: in words, the indexes by which it is known, and the failure if it is one."""

    text: str
    family: frozenset[str]
    failure: str = ""


class Judge:
    """Judges prepared queries."""

    def __init__(self, session: Session, explainer: Explainer) -> None:
        self._session, self._explainer = session, explainer

    def judge(
        self, query: Query, index: str, table: str, parameters: Sequence[Values], trees: Sequence[PlanTree]
    ) -> Verdict:
        """`trees` are the query's plans for each row of parameters."""
        family = self._family(index)
        used = sum(bool(family & tree.indexes) for tree in trees)
        if used:
            rows = f" with {used} of {len(parameters)} parameter rows" if query.arity and parameters else ""
            return Verdict(text=f"{index} is used{rows}", family=family)
        if not parameters:
            # For values unknown the planner cannot take a partial index, nor one for a LIKE.
            return Verdict(text=f"{index} is not judged: `-- parameters:` gives no rows yet", family=family)
        if self._explainer.count(table, most=FEW_ROWS) == FEW_ROWS:
            remedy = f"Run ANALYZE {table} and verify again; if that is not it, {_mend(index)}"
            return _failure(query, index, family, trees[0], remedy)
        return self._judge_small(query, index, table, parameters, family)

    def _judge_small(
        self, query: Query, index: str, table: str, parameters: Sequence[Values], family: frozenset[str]
    ) -> Verdict:
        forced = self._explainer.plans(query, parameters, "enable_seqscan = off")
        if any(family & tree.indexes for tree in forced):
            return Verdict(text=f"{index} is usable; the table is too small to judge more", family=family)
        if all(self._family(table) & tree.sequential for tree in forced):
            return _failure(
                query, index, family, forced[0], f"Even with enable_seqscan = off it cannot: {_mend(index)}"
            )
        return Verdict(text=f"{index} is not judged: the table is small, another index serves", family=family)

    def _family(self, name: str) -> frozenset[str]:
        return frozenset(row[0] for row in self._session.rows(FAMILY, name=name))


def _failure(query: Query, index: str, family: frozenset[str], tree: PlanTree, remedy: str) -> Verdict:
    return Verdict(
        text=f"{index} is NOT used",
        family=family,
        failure=f"{query.place} does not use {index}\n  plan: {tree.summary}\n{remedy}",
    )


def _mend(index: str) -> str:
    return f"replace {index} by one that fits the query with a new migration, or take it out of `-- uses:`"
