"""Makes the plan of a migrations folder: how each statement runs. The deployer's side; needs pglast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType

from migrator.errors import AllowanceError
from migrator.folder import Migration
from migrator.names import of_relation
from migrator.plan import HIDDEN_CHANGE, Hazard, Plan, PlannedMigration, Statement
from migrator.planning import (
    batches,
    checks,
    locks,
    parse,
    queries,
    rewrite,
    rows,
    session_settings,
    transaction_blocks,
)
from migrator.planning.messages import HAZARDS
from migrator.planning.schema_state import Facts


def make(migrations: Sequence[Migration], *, tool: str = "Prisma") -> Plan:
    """The plan of a folder of that tool's format; what would hurt is in it as `refused`.

    Raises SyntaxMistake, AllowanceError and QueryMistake.
    """
    facts = Facts()
    planned = tuple(_migration(migration, facts) for migration in migrations)
    promised = facts.indexes.list()
    return Plan(migrations=planned, promises=promised, queries=queries.read(migrations, promised), tool=tool)


def _migration(migration: Migration, facts: Facts) -> PlannedMigration:
    facts.next_file()
    statements: list[Statement] = []
    phase, block = "", 0
    placed = transaction_blocks.unwrapped(parse.statements(migration.sql, migration=migration.name))
    exchanged = {
        number: transaction_blocks.exchanged_types([parsed for parsed, _ in together])
        for number, together in groupby(placed, key=itemgetter(1))
        if number
    }
    for parsed, its_block in placed:
        before, block = block, its_block
        facts.in_block, facts.exchanged_types = bool(block), exchanged.get(block, {})
        previous, phase = phase, "batches" if parsed.batches else _phase(parsed.node, facts)
        # Schema changes that belong together commit together. A validation or a change of data waits until
        # they have: it takes long, and would hold their locks as long. An index statement stands alone.
        waits = _waits(parsed, statements, together=bool(block) and block == before, migration=migration.name)
        alone = phase in ("online", "batches", "validate", "enum") or phase != previous
        if block or before:
            alone = block != before
        alone = alone or (bool(statements) and waits != statements[-1].after_verified)
        transaction = (statements[-1].transaction if statements else 0) + alone
        statements += [
            replace(statement, after_verified=waits)
            for statement in _statements(parsed, phase, transaction, facts, migration=migration.name)
        ]
        facts.learn(parsed.node)
    if migration.queries:
        facts.indexes.withdraw(queries.dropped(migration, facts.indexes.list()))
    return PlannedMigration(
        name=migration.name,
        source=migration.source or migration.sql,
        checksum=migration.checksum,
        statements=tuple(statements),
        tokens=parse.digest(migration.sql),
        accepted=tuple(parse.accepted(migration.sql, migration=migration.name).items()),
        file=migration.file,
        recorded=migration.recorded,
        repeatable=migration.repeatable,
        unreadable=migration.unreadable,
    )


def _waits(parsed: parse.Parsed, before: list[Statement], *, together: bool, migration: str) -> bool:
    """Whether it waits for a verified release. Raises AllowanceError where what follows it would not."""
    waiting = bool(before) and before[-1].after_verified
    if before and (waiting > parsed.after_verified or (together and waiting != parsed.after_verified)):
        raise AllowanceError(
            f"migration {migration}, line {parsed.line}: `-- migrator: after verified` splits the file here. "
            "Mark each statement from the first that waits to the end of the file, and all between BEGIN and "
            "COMMIT; or put what need not wait into a file before"
        )
    return parsed.after_verified


def _statements(
    parsed: parse.Parsed, phase: str, transaction: int, facts: Facts, *, migration: str
) -> list[Statement]:
    hazards, allowed = _judge(parsed, checks.hazards(parsed.node, facts), migration=migration)
    statement = Statement(
        sql=parsed.sql,
        line=parsed.line,
        title=" ".join(parsed.sql.split()),
        transaction=transaction,
        long=phase in ("validate", "data", "batches"),
        refusals=tuple(hazard for hazard in hazards if hazard.table not in facts.made),
        own=tuple(hazard for hazard in hazards if hazard.table in facts.made),
        allowed=allowed,
        locks=locks.of(parsed.node, facts),
        names=rows.names(parsed.node),
        chosen=rows.chosen(parsed.node),
        hidden=rows.hidden(parsed.node),
        sets=session_settings.sets(parsed.node),
        setting=session_settings.setting(parsed, in_block=facts.in_block),
        makes=rows.makes(parsed.node),
        batches=batches.of(parsed, in_block=facts.in_block, migration=migration),
    )
    if phase != "online":
        return [statement]
    ways = rewrite.online(parsed)
    return [
        replace(
            statement,
            online=way,
            transaction=transaction + number,
            title=statement.title if len(ways) == 1 else way.sql.replace(" CONCURRENTLY", ""),
        )
        for number, way in enumerate(ways)
    ]


def _judge(
    parsed: parse.Parsed, hazards: list[Hazard], *, migration: str
) -> tuple[list[Hazard], tuple[str, ...]]:
    """What is left of the hazards, and what the comments before the statement allow."""
    allowable = (*HAZARDS, HIDDEN_CHANGE)
    for code in parsed.allowances:
        if code not in allowable:
            raise AllowanceError(
                f"migration {migration}, line {parsed.line}: {code!r} cannot be allowed: "
                f"the hazards that can are {', '.join(allowable)}"
            )
    left = [hazard for hazard in hazards if hazard.code not in parsed.allowances]
    return left, tuple(f"{code} because {reason}" for code, reason in parsed.allowances.items())


def _phase(node: Any, facts: Facts) -> str:
    """`online`, `validate`, `enum`, `data` or `schema`."""
    if facts.in_block and _is_of_index(node):
        return "schema"
    if parse.is_a(node, ast.IndexStmt):
        # On a table that this file makes, an index blocks nobody and can commit with it.
        own = of_relation(node.relation) in facts.made and not node.concurrent
        return "schema" if own or not node.idxname else "online"
    if _is_of_index(node):
        return "online"
    if parse.is_a(node, ast.AlterEnumStmt):
        return "enum"  # a new value can be used only after its transaction
    if parse.is_a(node, ast.AlterTableStmt):
        kinds = {command.subtype for command in node.cmds}
        return "validate" if kinds == {AlterTableType.AT_ValidateConstraint} else "schema"
    if parse.is_a(node, ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt):
        return "schema" if of_relation(node.relation) in facts.made else "data"
    if parse.is_a(node, ast.RefreshMatViewStmt) and node.concurrent:
        return "data"
    return "schema"


def _is_of_index(node: Any) -> bool:
    return parse.is_a(node, ast.IndexStmt, ast.ReindexStmt) or rewrite.drops_indexes(node)
