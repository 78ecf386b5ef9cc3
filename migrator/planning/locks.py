"""The strongest lock that a statement takes on each table, the way the migrator runs it. Pure.

Source: PostgreSQL's documentation, "Explicit Locking" and the pages of ALTER TABLE, CREATE TABLE, CREATE
INDEX, DROP INDEX, REINDEX, CREATE TRIGGER, REFRESH MATERIALIZED VIEW, TRUNCATE, CREATE STATISTICS; its
source, AlterTableGetLockLevel(), where these are silent. A test compares all with pg_locks of a server.
Partitions and heirs get their parent's. ACCESS SHARE, which blocks only what drops a table, is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, ConstrType, ObjectType, ReindexObjectType

from migrator.lock_modes import MODES, Lock
from migrator.names import of_object, of_relation, quote
from migrator.planning.parse import is_a
from migrator.planning.schema_state import Facts
from migrator.planning.tables import PlannedTable
from migrator.planning.tree import of_column, parts

ROW_SHARE, ROW_EXCLUSIVE, UPDATE_EXCLUSIVE, SHARE, SHARE_ROW, EXCLUSIVE, ACCESS_EXCLUSIVE = MODES[1:]
Taken = Iterator[tuple[str, str]]

# What ALTER TABLE does with less than ACCESS EXCLUSIVE.
WEAKER = {
    AlterTableType.AT_SetStatistics: UPDATE_EXCLUSIVE,
    AlterTableType.AT_SetOptions: UPDATE_EXCLUSIVE,
    AlterTableType.AT_ResetOptions: UPDATE_EXCLUSIVE,
    AlterTableType.AT_ClusterOn: UPDATE_EXCLUSIVE,
    AlterTableType.AT_DropCluster: UPDATE_EXCLUSIVE,
    AlterTableType.AT_ValidateConstraint: UPDATE_EXCLUSIVE,
    AlterTableType.AT_AttachPartition: UPDATE_EXCLUSIVE,
    AlterTableType.AT_DetachPartitionFinalize: UPDATE_EXCLUSIVE,
    AlterTableType.AT_EnableTrig: SHARE_ROW,
    AlterTableType.AT_EnableAlwaysTrig: SHARE_ROW,
    AlterTableType.AT_EnableReplicaTrig: SHARE_ROW,
    AlterTableType.AT_DisableTrig: SHARE_ROW,
    AlterTableType.AT_EnableTrigAll: SHARE_ROW,
    AlterTableType.AT_DisableTrigAll: SHARE_ROW,
    AlterTableType.AT_EnableTrigUser: SHARE_ROW,
    AlterTableType.AT_DisableTrigUser: SHARE_ROW,
}
PARTITIONING = (
    AlterTableType.AT_AttachPartition,
    AlterTableType.AT_DetachPartition,
    AlterTableType.AT_DetachPartitionFinalize,
)
# Storage parameters that need no more than SHARE UPDATE EXCLUSIVE; those of autovacuum and TOAST too.
LIGHT_OPTIONS = ("fillfactor", "parallel_workers", "toast_tuple_target", "autovacuum_", "vacuum_", "log_auto")
OF_A_TABLE = (
    ObjectType.OBJECT_TRIGGER,
    ObjectType.OBJECT_POLICY,
    ObjectType.OBJECT_RULE,
    ObjectType.OBJECT_TABCONSTRAINT,
    ObjectType.OBJECT_COLUMN,
)
WITH_ROWS = (
    ObjectType.OBJECT_TABLE,
    ObjectType.OBJECT_FOREIGN_TABLE,
    ObjectType.OBJECT_VIEW,
    ObjectType.OBJECT_MATVIEW,
)


def of(node: Any, facts: Facts) -> tuple[Lock, ...]:
    """One lock a table, without the tables that the file made."""
    strongest: dict[str, Lock] = {}
    for table, mode in _taken(node, facts):
        lock = Lock(table=table, mode=mode)
        if table not in facts.made:
            strongest[table] = max(strongest.get(table, lock), lock, key=lambda item: item.strength)
    return tuple(strongest.values())


def _taken(node: Any, facts: Facts) -> Taken:
    for kinds, locks in LOCKS:
        if is_a(node, *kinds):
            yield from locks(node, facts)


def _alter_table(node: Any, facts: Facts) -> Taken:
    if node.objtype in (*WITH_ROWS, ObjectType.OBJECT_INDEX):
        table = of_relation(node.relation)
        for command in node.cmds:
            yield table, _mode(command)
            yield from _others(table, command, facts)


def _mode(command: Any) -> str:
    if (
        command.subtype == AlterTableType.AT_AddConstraint
        and command.def_.contype == ConstrType.CONSTR_FOREIGN
    ):
        return SHARE_ROW
    if command.subtype == AlterTableType.AT_DetachPartition and command.def_.concurrent:
        return UPDATE_EXCLUSIVE
    if command.subtype in (AlterTableType.AT_SetRelOptions, AlterTableType.AT_ResetRelOptions):
        light = all(option.defname.startswith(LIGHT_OPTIONS) for option in command.def_)
        return UPDATE_EXCLUSIVE if light else ACCESS_EXCLUSIVE
    return WEAKER.get(command.subtype, ACCESS_EXCLUSIVE)


def _others(table: str, command: Any, facts: Facts) -> Taken:
    """The tables at the other end: of a foreign key, a partition, an heir."""
    kind, definition = command.subtype, command.def_
    if kind == AlterTableType.AT_AddConstraint:
        yield from _referenced([definition])
    elif kind == AlterTableType.AT_AddColumn:
        yield from _referenced(of_column(definition, ConstrType.CONSTR_FOREIGN))
    elif kind in (AlterTableType.AT_DropConstraint, AlterTableType.AT_ValidateConstraint):
        constraint = facts.table(table).constraints.get(command.name)
        if constraint and constraint.other:
            drops = kind == AlterTableType.AT_DropConstraint
            yield constraint.other, ACCESS_EXCLUSIVE if drops else ROW_SHARE
    elif kind in (AlterTableType.AT_DropColumn, AlterTableType.AT_AlterColumnType):
        for constraint in facts.table(table).constraints.values():
            if constraint.other and command.name in constraint.columns:
                yield constraint.other, ACCESS_EXCLUSIVE
    elif kind in PARTITIONING:
        yield of_relation(definition.name), ACCESS_EXCLUSIVE
        yield from _default_partition(table, facts)
    elif kind == AlterTableType.AT_AddInherit:
        yield of_relation(definition), UPDATE_EXCLUSIVE


def _referenced(constraints: Any) -> Taken:
    for constraint in constraints:
        if constraint.contype == ConstrType.CONSTR_FOREIGN:
            yield of_relation(constraint.pktable), SHARE_ROW


def _default_partition(table: str, facts: Facts) -> Taken:
    default = facts.table(table).default_partition
    if default:
        yield default, ACCESS_EXCLUSIVE


def _create_table(node: Any, facts: Facts) -> Taken:
    for parent in node.inhRelations or ():
        yield of_relation(parent), ACCESS_EXCLUSIVE if node.partbound else UPDATE_EXCLUSIVE
        if node.partbound:
            yield from _default_partition(of_relation(parent), facts)
    for element in node.tableElts or ():
        if is_a(element, ast.ColumnDef):
            yield from _referenced(of_column(element, ConstrType.CONSTR_FOREIGN))
        elif is_a(element, ast.Constraint):
            yield from _referenced([element])


def _index(node: Any, facts: Facts) -> Taken:
    """Of a partitioned table the parent's index is made for a moment, then each partition's online."""
    table = of_relation(node.relation)
    yield table, SHARE if facts.table(table).partitioned else UPDATE_EXCLUSIVE


def _reindex(node: Any, facts: Facts) -> Taken:
    if node.kind == ReindexObjectType.REINDEX_OBJECT_INDEX:
        yield _table_of(of_relation(node.relation), facts), UPDATE_EXCLUSIVE
    elif node.relation:
        yield of_relation(node.relation), UPDATE_EXCLUSIVE
    else:
        yield f"each table of {quote(node.name or '')}", UPDATE_EXCLUSIVE


def _table_of(index: str, facts: Facts) -> str:
    return facts.indexes.table_of(index) or f"the table of {index}"


def _drop(node: Any, facts: Facts) -> Taken:
    for names in node.objects:
        if node.removeType == ObjectType.OBJECT_INDEX:
            # PostgreSQL cannot drop a partitioned index online.
            table = _table_of(of_object(names), facts)
            yield table, ACCESS_EXCLUSIVE if facts.table(table).partitioned else UPDATE_EXCLUSIVE
        elif node.removeType in OF_A_TABLE:
            yield of_object(names[:-1]), ACCESS_EXCLUSIVE
        elif node.removeType in WITH_ROWS:
            table = of_object(names)
            yield table, ACCESS_EXCLUSIVE
            yield from _tied(facts.table(table), facts)


def _tied(table: PlannedTable, facts: Facts) -> Taken:
    """What loses something when a table is dropped: its parent, and the tables that it refers to."""
    if table.partition_of:
        yield table.partition_of, ACCESS_EXCLUSIVE
        yield from _default_partition(table.partition_of, facts)
    for constraint in table.constraints.values():
        if constraint.other:
            yield constraint.other, ACCESS_EXCLUSIVE


def _rename(node: Any, _: Facts) -> Taken:
    if node.relation and node.renameType in (*WITH_ROWS, *OF_A_TABLE):
        yield of_relation(node.relation), ACCESS_EXCLUSIVE


def _set_schema(node: Any, _: Facts) -> Taken:
    if node.objectType in WITH_ROWS:
        yield of_relation(node.relation), ACCESS_EXCLUSIVE


def _comment(node: Any, _: Facts) -> Taken:
    if node.objtype == ObjectType.OBJECT_COLUMN:
        yield of_object(node.object[:-1]), UPDATE_EXCLUSIVE
    elif node.objtype in WITH_ROWS:
        yield of_object(node.object), UPDATE_EXCLUSIVE


def _refresh(node: Any, _: Facts) -> Taken:
    yield of_relation(node.relation), EXCLUSIVE if node.concurrent else ACCESS_EXCLUSIVE


def _lock_table(node: Any, _: Facts) -> Taken:
    for relation in node.relations:
        yield of_relation(relation), MODES[node.mode - 1]


def _replace_view(node: Any, _: Facts) -> Taken:
    if node.replace:
        yield of_relation(node.view), ACCESS_EXCLUSIVE


def _several(node: Any, _: Facts) -> Taken:
    mode = ACCESS_EXCLUSIVE if is_a(node, ast.TruncateStmt) else UPDATE_EXCLUSIVE
    for relation in node.relations:
        yield of_relation(relation), mode


def _analyze(node: Any, _: Facts) -> Taken:
    for item in node.rels or ():
        yield of_relation(item.relation), UPDATE_EXCLUSIVE


def _on_table(node: Any, _: Facts) -> Taken:
    """CREATE TRIGGER lets readers in; a rule and a policy change what they read."""
    relation = node.table if is_a(node, ast.CreatePolicyStmt, ast.AlterPolicyStmt) else node.relation
    if relation:
        yield of_relation(relation), SHARE_ROW if is_a(node, ast.CreateTrigStmt) else ACCESS_EXCLUSIVE


def _changes(node: Any, _: Facts) -> Taken:
    """Every table that a query writes to, in its WITH clause too."""
    for part in parts(node):
        if is_a(part, *WRITES):
            yield of_relation(part.relation), ROW_EXCLUSIVE


WRITES = (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)
LOCKS = (
    ((ast.AlterTableStmt,), _alter_table),
    ((ast.CreateStmt,), _create_table),
    ((ast.IndexStmt,), _index),
    ((ast.ReindexStmt,), _reindex),
    ((ast.DropStmt,), _drop),
    ((ast.RenameStmt,), _rename),
    ((ast.AlterObjectSchemaStmt,), _set_schema),
    ((ast.CommentStmt,), _comment),
    ((ast.RefreshMatViewStmt,), _refresh),
    ((ast.LockStmt,), _lock_table),
    ((ast.ViewStmt,), _replace_view),
    ((ast.TruncateStmt, ast.CreateStatsStmt), _several),
    ((ast.VacuumStmt,), _analyze),
    (
        (ast.CreateTrigStmt, ast.RuleStmt, ast.CreatePolicyStmt, ast.AlterPolicyStmt, ast.ClusterStmt),
        _on_table,
    ),
    ((*WRITES, ast.SelectStmt), _changes),
)
