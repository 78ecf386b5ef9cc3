"""Whether the promised indexes are there, and whether the named queries use them: by how much they help."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace

from migrator.attempt import Pending
from migrator.errors import IndexesMissing, IndexesUnused, QueryMistake
from migrator.ledger import Ledger
from migrator.plan import Plan
from migrator.postgres import LOCK_NOT_AVAILABLE, QUERY_CANCELED, PostgresError, Session
from migrator.query import Query
from migrator.settings import Verification
from migrator.verifying import findings, promised, report
from migrator.verifying.explain import Explainer, Timing
from migrator.verifying.judge import FEW_ROWS, Judge
from migrator.verifying.report import Answer

_GONE = """\
If it shall be gone, say so: DROP INDEX IF EXISTS {index}; in a new migration, or in a queries.sql
  -- dropped: {index} because <reason>
If not, make it again with a new migration"""
TOO_SLOW = (LOCK_NOT_AVAILABLE, QUERY_CANCELED)


class Verifier:
    """Verifies `plan` on `session`; `say` gets lines."""

    def __init__(
        self, session: Session, plan: Plan, verification: Verification, say: Callable[[str], None]
    ) -> None:
        self._session, self._plan, self._say = session, plan, say
        self._timeout = verification.query_timeout
        self._explainer = Explainer(session, timeout=verification.query_timeout)
        self._judge = Judge(session, self._explainer)
        self._tables = {promise.index: promise.table for promise in plan.promises}
        self._before: dict[str, Timing] = {}

    def measure_before(self, item: Pending) -> Pending:
        """The migration with figures of the queries that it shall help, for the ledger to keep."""
        if not item.before:
            found = {
                query.digest: asdict(timing)
                for query in self._plan.queries
                if _helps(item, query) and (timing := self._time_before(query))
            }
            item = replace(item, before=json.dumps(found) if found else "")
        if item.before:
            entries = json.loads(item.before).items()
            self._before |= {digest: Timing.from_json(entry) for digest, entry in entries}
        return item

    def verify(self) -> None:
        """Says what it found. Raises IndexesMissing, IndexesUnused, QueryMistake."""
        newer = self._newer_release()
        there = self._promised(newer=newer)
        answers = [
            answer for query in self._plan.queries if (answer := self._answer(query, there, newer=newer))
        ]
        for line in report.table(answers, timeout=self._timeout):
            self._say(line)
        self._say_findings({index for answer in answers for index in answer.indexes})
        if unused := [failure for answer in answers for failure in answer.failures]:
            raise IndexesUnused("\n".join(unused))

    def _newer_release(self) -> bool:
        """A newer release's migrations may have dropped what this older release promised."""
        known = {migration.name for migration in self._plan.migrations}
        return any(row.finished and row.name not in known for row in Ledger(self._session, self._plan).rows())

    def _promised(self, *, newer: bool) -> dict[str, str]:
        """The promised indexes that are there, each with the name that it has now."""
        found = promised.find(self._session, self._plan.promises)
        broken = [
            f"{index.name} is invalid: {_mend(index.name, partitioned=index.partitioned)}"
            for index in found
            if not index.usable
        ]
        there = {index.promise.index: index.name for index in found}
        if not newer:
            broken += [
                f"{promise.index} on {promise.table} is missing\n{_GONE.format(index=promise.index)}"
                for promise in self._plan.promises
                if promise.index not in there
            ]
        if broken:
            raise IndexesMissing("\n".join(broken))
        for index in found:
            if index.renamed:
                self._say(f"{index.promise.index} is there as {index.name}")
        self._say(f"{len(there)} of {len(self._plan.promises)} promised indexes are valid")
        return there

    def _say_findings(self, named: set[str]) -> None:
        """PostgreSQL locks a table to show an index's expressions: who has it now is not waited for."""
        try:
            with self._explainer.reading():
                found = findings.find(self._session, named=named, rows=FEW_ROWS)
        except PostgresError as error:
            if error.code not in TOO_SLOW:
                raise
            self._say(f"findings are not looked for: {_first_line(error)}")
        else:
            for line in found:
                self._say(f"finding: {line}")

    def _time_before(self, query: Query) -> Timing | None:
        """None when it cannot run yet, for want of a table, a column or a row."""
        try:
            parameters = self._explainer.parameters(query)
            if not parameters:
                return None
            with self._explainer.prepared(query):
                trees = self._explainer.plans(query, parameters)
                return self._explainer.time(query, parameters, trees)
        except PostgresError:
            return None

    def _answer(self, query: Query, there: Mapping[str, str], *, newer: bool) -> Answer | None:
        """None when it cannot be told now, or when a newer release took away what the query reads."""
        if gone := set(query.uses) - there.keys():
            self._say(f"{query.place} is not judged: a newer release dropped {', '.join(sorted(gone))}")
            return None
        before = self._before.get(query.digest)
        try:
            # The same values as before, and those of today when there were none.
            parameters = (before and before.parameters) or self._explainer.parameters(query)
            with self._explainer.prepared(query):
                trees = self._explainer.plans(query, parameters)
                verdicts = tuple(
                    self._judge.judge(query, there[index], self._tables[index], parameters, trees)
                    for index in query.uses
                )
                now = self._explainer.time(query, parameters, trees)
        except PostgresError as error:
            if not newer and error.code not in TOO_SLOW:
                raise QueryMistake(f"{query.place} cannot run: mend it\n{error}") from None
            self._say(f"{query.place} is not judged: {_first_line(error)}")
            return None
        return Answer(query=query, before=before, now=now, trees=tuple(trees), verdicts=verdicts)


def _mend(index: str, *, partitioned: bool) -> str:
    if not partitioned:
        return f"run REINDEX INDEX CONCURRENTLY {index}"
    return (
        "a partition has no part of it. "
        f"Complete it with a new migration: CREATE INDEX {index} … without ONLY"
    )


def _helps(item: Pending, query: Query) -> bool:
    """Whether a query lies beside the migration, or should use an index that it makes."""
    made = {
        statement.online.index
        for statement in item.migration.statements
        if statement.online and statement.online.kind == "create"
    }
    return query.migration == item.migration.name or not made.isdisjoint(query.uses)


def _first_line(error: PostgresError) -> str:
    return str(error).splitlines()[0]
