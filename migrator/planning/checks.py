"""The hazards, one function each: what a statement would do to a live database. Pure; reads pglast's tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, DiscardMode, DropBehavior, ObjectType, ReindexObjectType

from migrator.lock_modes import BLOCKS, MODES
from migrator.names import beside, of_object, of_relation, quote
from migrator.plan import Hazard
from migrator.planning import column_checks, constraint_checks, object_checks, remedies, rows
from migrator.planning.messages import AFTER_COMMIT, BY_HAND, DETACH_PLAINLY, hazard, never
from migrator.planning.parse import is_a
from migrator.planning.rewrite import drops_indexes, is_concurrent
from migrator.planning.schema_state import Facts
from migrator.planning.tree import commands

NOT_IN_A_TRANSACTION = {
    ast.VacuumStmt: "VACUUM",
    ast.CreatedbStmt: "CREATE DATABASE",
    ast.DropdbStmt: "DROP DATABASE",
    ast.CreateTableSpaceStmt: "CREATE TABLESPACE",
    ast.DropTableSpaceStmt: "DROP TABLESPACE",
    ast.AlterSystemStmt: "ALTER SYSTEM",
    ast.CreateSubscriptionStmt: "CREATE SUBSCRIPTION",
    ast.DropSubscriptionStmt: "DROP SUBSCRIPTION",
}
REWRITING = {
    AlterTableType.AT_SetLogged: "SET LOGGED",
    AlterTableType.AT_SetUnLogged: "SET UNLOGGED",
    AlterTableType.AT_SetTableSpace: "SET TABLESPACE",
    AlterTableType.AT_SetAccessMethod: "SET ACCESS METHOD",
    AlterTableType.AT_SetExpression: "SET EXPRESSION",
}


def hazards(node: Any, facts: Facts) -> list[Hazard]:
    """All hazards of a statement, also on what its file makes."""
    return [item for check in CHECKS for item in check(node, facts)]


def rewrite(node: Any, _: Facts) -> Iterator[Hazard]:
    """The actions of `REWRITING`, CLUSTER of one table, ALTER TABLE ALL IN TABLESPACE."""
    done = [(table, REWRITING[command.subtype]) for table, command in commands(node, *REWRITING)]
    if is_a(node, ast.ClusterStmt) and node.relation:
        done.append((of_relation(node.relation), "CLUSTER"))
    for table, statement in done:
        yield hazard("rewrite", table, statement=statement, table_new=beside(table))
    if is_a(node, ast.AlterTableMoveAllStmt):
        yield hazard("move-all", None, tablespace=quote(node.orig_tablespacename))


def index_tablespace(node: Any, facts: Facts) -> Iterator[Hazard]:
    """ALTER INDEX … SET TABLESPACE; that of a table is `rewrite`."""
    if is_a(node, ast.AlterTableStmt) and node.objtype == ObjectType.OBJECT_INDEX:
        for command in node.cmds:
            if command.subtype == AlterTableType.AT_SetTableSpace:
                index, tablespace = of_relation(node.relation), quote(command.name)
                yield hazard(
                    "index-tablespace",
                    facts.indexes.table_of(index),
                    thing=("index", index),
                    index=index,
                    tablespace=tablespace,
                )


def truncate(node: Any, _: Facts) -> Iterator[Hazard]:
    """TRUNCATE, once for each table that it names; CASCADE empties more, which it does not name."""
    if is_a(node, ast.TruncateStmt):
        cascades = node.behavior == DropBehavior.DROP_CASCADE
        for relation in node.relations:
            more = " and of every table that refers to it" if cascades else ""
            yield hazard("truncate", of_relation(relation), more=more)


def whole_table(node: Any, _: Facts) -> Iterator[Hazard]:
    """UPDATE and DELETE that choose no rows, in a WITH clause too."""
    for statement, table in rows.whole(node):
        rest = f"{table} SET <changes>" if statement == "UPDATE" else f"FROM {table}"
        way = remedies.with_condition(node, otherwise=f"{statement} {rest} WHERE <condition>")
        yield hazard("whole-table", table, statement=statement, way=way)


def refresh_view(node: Any, _: Facts) -> Iterator[Hazard]:
    """REFRESH MATERIALIZED VIEW without CONCURRENTLY."""
    if is_a(node, ast.RefreshMatViewStmt) and not node.concurrent:
        view = of_relation(node.relation)
        yield hazard("refresh-view", view, index=quote(f"{node.relation.relname}_key"))


def lock_table(node: Any, _: Facts) -> Iterator[Hazard]:
    """LOCK TABLE in a mode that blocks writers; the weaker ones harm no query."""
    if is_a(node, ast.LockStmt):
        mode = MODES[node.mode - 1]
        if "writes" in BLOCKS[mode]:
            for relation in node.relations:
                yield hazard("lock-table", of_relation(relation), mode=mode, blocked=BLOCKS[mode])


def transaction_control(node: Any, _: Facts) -> Iterator[Hazard]:
    """BEGIN, COMMIT, SAVEPOINT and their like."""
    if is_a(node, ast.TransactionStmt):
        words = node.kind.name.removeprefix("TRANS_STMT_").replace("_", " ")
        yield never("transaction-control", statement=words)


def no_transaction(node: Any, facts: Facts) -> Iterator[Hazard]:
    """What PostgreSQL refuses inside a transaction, but for indexes: those the migrator runs outside."""
    statement = _outside(node)
    if statement:
        yield never("no-transaction", statement=statement, remedy=BY_HAND)
    if facts.in_block and _wants_concurrently(node):
        yield never("no-transaction", statement="an index statement CONCURRENTLY", remedy=AFTER_COMMIT)
    for _, command in commands(node, AlterTableType.AT_DetachPartition):
        if command.def_.concurrent:
            statement = "DETACH PARTITION … CONCURRENTLY"
            yield never("no-transaction", statement=statement, remedy=DETACH_PLAINLY)


def _outside(node: Any) -> str | None:
    """The words of a statement that PostgreSQL refuses inside a transaction."""
    if is_a(node, ast.VacuumStmt) and not node.is_vacuumcmd:  # ANALYZE can
        return None
    whole = (ReindexObjectType.REINDEX_OBJECT_SYSTEM, ReindexObjectType.REINDEX_OBJECT_DATABASE)
    if is_a(node, ast.ReindexStmt) and node.kind in whole:
        return "REINDEX of a whole database"
    if is_a(node, ast.ClusterStmt) and not node.relation:
        return "CLUSTER of all tables"
    if is_a(node, ast.DiscardStmt) and node.target == DiscardMode.DISCARD_ALL:
        return "DISCARD ALL"
    if is_a(node, ast.AlterDatabaseStmt) and any(item.defname == "tablespace" for item in node.options or ()):
        return "ALTER DATABASE … SET TABLESPACE"
    return NOT_IN_A_TRANSACTION.get(type(node))


def _wants_concurrently(node: Any) -> bool:
    return (is_a(node, ast.IndexStmt, ast.DropStmt) and bool(node.concurrent)) or (
        is_a(node, ast.ReindexStmt) and is_concurrent(node)
    )


def index_in_transaction(node: Any, facts: Facts) -> Iterator[Hazard]:
    """An index statement that cannot run online, since its file wants it in a transaction with others."""
    if not facts.in_block or _wants_concurrently(node):
        return
    for words, table, index in _index_statements(node):
        of = table or facts.indexes.table_of(index)
        if of not in facts.made:
            yield hazard(
                "index-in-transaction",
                of,
                thing=("index" if index else "", index),
                statement=words,
                where=of or (f"the table of {index}" if index else "each table"),
            )


def _index_statements(node: Any) -> Iterator[tuple[str, str | None, str]]:
    """The words of an index statement, with the table that it names, or with each index."""
    if is_a(node, ast.IndexStmt):
        yield "CREATE INDEX", of_relation(node.relation), ""
    elif is_a(node, ast.ReindexStmt) and node.kind == ReindexObjectType.REINDEX_OBJECT_INDEX:
        yield "REINDEX", None, of_relation(node.relation)
    elif is_a(node, ast.ReindexStmt):
        yield "REINDEX", of_relation(node.relation) if node.relation else None, ""
    elif drops_indexes(node):
        for names in node.objects:
            yield "DROP INDEX", None, of_object(names)


def copy_stdin(node: Any, _: Facts) -> Iterator[Hazard]:
    """COPY from or to the client; that of a server's own file may pass."""
    if is_a(node, ast.CopyStmt) and not node.filename:
        yield never("copy-stdin", statement="COPY FROM STDIN" if node.is_from else "COPY TO STDOUT")


def unnamed_index(node: Any, facts: Facts) -> Iterator[Hazard]:
    """CREATE INDEX without a name; in a transaction it is there or not, and need not be found again."""
    in_transaction = facts.in_block or (
        is_a(node, ast.IndexStmt) and of_relation(node.relation) in facts.made
    )
    if is_a(node, ast.IndexStmt) and not node.idxname and not in_transaction:
        yield never("unnamed-index", table=of_relation(node.relation))


def drop_index_cascade(node: Any, facts: Facts) -> Iterator[Hazard]:
    """Refused because the migrator drops indexes CONCURRENTLY, which has no CASCADE."""
    if drops_indexes(node) and node.behavior == DropBehavior.DROP_CASCADE and not facts.in_block:
        yield never("drop-index-cascade")


CHECKS: tuple[Callable[[Any, Facts], Iterator[Hazard]], ...] = (
    *column_checks.CHECKS,
    *constraint_checks.CHECKS,
    *object_checks.CHECKS,
    rewrite,
    index_tablespace,
    truncate,
    whole_table,
    refresh_view,
    lock_table,
    transaction_control,
    no_transaction,
    index_in_transaction,
    copy_stdin,
    unnamed_index,
    drop_index_cascade,
)
