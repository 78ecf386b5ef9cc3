"""What is wrong after an index build: the promises of `tests/faults`, as a list of what breaks them."""

from collections.abc import Iterator

from tests.faults.migrations.stage import LOCK_TIMEOUT, MigrationStage
from tests.faults.migrations.table import FILLER, HeldTable


def problems(stage: MigrationStage) -> list[str]:
    """Of the index, the bookkeeping, the gate and the writers, who are stopped first."""
    stage.load.stop()
    return [
        *index_problems(stage.table),
        *attempt_problems(stage),
        *([] if stage.gate_moved else ["the schema gate did not move"]),
        *write_problems(stage),
    ]


def index_problems(table: HeldTable) -> Iterator[str]:
    """The table has its one index, each partition its part, and nothing is left over."""
    found = table.run(
        f"""SELECT c.relname, array_agg(i.relname ORDER BY i.relname),
                   array_agg(i.relname) FILTER (WHERE NOT (indisvalid AND indisready AND indislive))
            FROM pg_class c LEFT JOIN pg_index ON indrelid = c.oid LEFT JOIN pg_class i ON i.oid = indexrelid
            WHERE c.oid = '{table.name}'::regclass
            OR c.oid IN (SELECT relid FROM pg_partition_tree('{table.name}'))
            GROUP BY 1 ORDER BY 1"""
    )
    for name, indexes, invalid in found:
        yield from [f"{index} is invalid" for index in invalid or ()]
        if len(indexes) > 1 or None in indexes or (name == table.name and indexes != [table.index]):
            yield f"the indexes of {name} are {indexes}"


def attempt_problems(stage: MigrationStage) -> Iterator[str]:
    """One attempt has finished, each other one is rolled back."""
    *earlier, last = stage.attempts or [(False, False)]
    if any(attempt != (False, True) for attempt in earlier):
        yield f"of the earlier attempts (finished, rolled back) is {earlier}"
    if last != (True, False):
        yield f"of the last attempt (finished, rolled back) is {last}"


def write_problems(stage: MigrationStage) -> Iterator[str]:
    """Every row that was acknowledged is there, also by way of the index; none came late or was refused."""
    load, table = stage.load, stage.table
    for how, setting in (
        ("the table", "enable_indexscan = off; SET enable_bitmapscan"),
        ("the index", "enable_seqscan"),
    ):
        written = f"{table.held} BETWEEN 1 AND {FILLER.start - 1}"
        rows = table.run(f"SET {setting} = off; SELECT a FROM {table.name} WHERE {written}")
        if lost := load.acknowledged - {number for (number,) in rows}:
            yield f"{len(lost)} of {len(load.acknowledged)} rows are not in {how}"
    if load.slowest > LOCK_TIMEOUT:
        yield f"a write took {load.slowest:.1f} s"
    yield from load.errors
    if not load.acknowledged:
        yield "nothing was written"
