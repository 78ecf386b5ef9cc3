"""The hazards of constraints and of partitions' bounds, one function each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, ConstrType
from pglast.stream import RawStream

from migrator.names import beside, of_object, of_relation, quote
from migrator.plan import Hazard
from migrator.planning import bounds, remedies
from migrator.planning.messages import hazard
from migrator.planning.parse import is_a
from migrator.planning.schema_state import Facts
from migrator.planning.tree import commands, new_constraints, of_column


def foreign_key(node: Any, _facts: Facts) -> Iterator[Hazard]:
    """That of a new column without a default needs no check: all its rows are NULL."""
    alone = [item for item in _added(node) if item.contype == ConstrType.CONSTR_FOREIGN]
    defaults = [
        command.def_
        for _, command in commands(node, AlterTableType.AT_AddColumn)
        if of_column(command.def_, ConstrType.CONSTR_DEFAULT, ConstrType.CONSTR_GENERATED)
    ]
    for table, column, constraint in new_constraints(node, ConstrType.CONSTR_FOREIGN):
        if (alone or defaults) and not constraint.skip_validation:
            yield hazard(
                "foreign-key",
                table,
                other=of_relation(constraint.pktable),
                constraint=remedies.constraint_name(constraint, table, column),
                definition=remedies.definition(constraint, column),
            )


def check_constraint(node: Any, _: Facts) -> Iterator[Hazard]:
    """A CHECK without NOT VALID, also that of a new column: all rows are read."""
    for table, column, constraint in new_constraints(node, ConstrType.CONSTR_CHECK):
        if not constraint.skip_validation:
            yield hazard(
                "check-constraint",
                table,
                constraint=remedies.constraint_name(constraint, table, column),
                definition=remedies.definition(constraint, column),
            )


def unique_constraint(node: Any, _: Facts) -> Iterator[Hazard]:
    """UNIQUE and PRIMARY KEY without USING INDEX: they build an index, and not online."""
    kinds = {ConstrType.CONSTR_UNIQUE: "UNIQUE", ConstrType.CONSTR_PRIMARY: "PRIMARY KEY"}
    for table, column, constraint in new_constraints(node, *kinds):
        if not constraint.indexname:
            yield hazard(
                "unique-constraint",
                table,
                constraint=remedies.constraint_name(constraint, table, column),
                kind=kinds[constraint.contype],
                columns=remedies.unique_index(constraint, column),
                deferral=remedies.deferral(constraint),
            )


def exclusion_constraint(node: Any, _facts: Facts) -> Iterator[Hazard]:
    """EXCLUDE has no USING INDEX: no form of it is safe on a table with rows."""
    for table, _, _ in new_constraints(node, ConstrType.CONSTR_EXCLUSION):
        yield hazard("exclusion-constraint", table, table_new=beside(table))


def domain_constraint(node: Any, facts: Facts) -> Iterator[Hazard]:
    """VALIDATE too: before PostgreSQL 18 it keeps writers away from the tables."""
    if not is_a(node, ast.AlterDomainStmt) or of_object(node.typeName) in facts.made:
        return
    added = node.subtype == "C" and not node.def_.skip_validation
    if added or node.subtype in ("O", "V"):  # SET NOT NULL, VALIDATE CONSTRAINT
        domain = of_object(node.typeName)
        yield hazard("domain-constraint", None, thing=("type", domain), domain=domain)


def attach_partition(node: Any, facts: Facts) -> Iterator[Hazard]:
    """The DEFAULT partition is read as well, since rows of the new one may be there."""
    for table, command in commands(node, AlterTableType.AT_AttachPartition):
        partition, bound = of_relation(command.def_.name), command.def_.bound
        parent = facts.table(table)
        key, read = parent.partition_key, [parent.default_partition] if parent.default_partition else []
        known = facts.table(partition).constraints.values()
        valid = [item.definition for item in known if item.valid and item.definition]
        if not any(bounds.proves(check, bound, key) for check in valid):
            read.append(partition)
        for name in read:
            yield hazard(
                "attach-partition",
                name,
                constraint=quote("partition_bounds"),
                check=bounds.condition(bound, key) if name == partition else "<condition>",
                statement=str(RawStream()(node)),
            )


def detach_partition(node: Any, _: Facts) -> Iterator[Hazard]:
    """CONCURRENTLY is refused for another reason; without, the lock is short, as that of ADD COLUMN is."""
    for table, command in commands(node, AlterTableType.AT_DetachPartition):
        if not command.def_.concurrent:
            yield hazard("detach-partition", table, partition=of_relation(command.def_.name))


CHECKS = (
    foreign_key,
    check_constraint,
    unique_constraint,
    exclusion_constraint,
    domain_constraint,
    attach_partition,
    detach_partition,
)


def _added(node: Any) -> Iterator[Any]:
    return (command.def_ for _, command in commands(node, AlterTableType.AT_AddConstraint))
