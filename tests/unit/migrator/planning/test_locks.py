"""Which locks a plan shows; that a server takes these is tested against one."""

from __future__ import annotations

import pytest

from migrator.lock_modes import BLOCKS, MODES
from migrator.plan import Plan
from tests.unit.migrator.planned import plan, statements


def locks(*scripts: str) -> list[tuple[str, str]]:
    """Of the last script's last statement."""
    return [(lock.table, lock.mode) for lock in plan(*scripts).migrations[-1].statements[-1].locks]


def test_a_table_of_the_same_file_is_left_out() -> None:
    """Nobody else can want it; what it refers to is shown."""
    made = "CREATE TABLE t (a int);"
    change = "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES s.u (id)"
    assert locks(made + change) == [('"s"."u"', "SHARE ROW EXCLUSIVE")]
    assert locks(made, change) == [('"t"', "SHARE ROW EXCLUSIVE"), ('"s"."u"', "SHARE ROW EXCLUSIVE")]


def test_only_the_strongest_lock_on_a_table_is_shown() -> None:
    """Of several commands, and of a table that refers to itself."""
    assert locks("ALTER TABLE t ALTER a SET STATISTICS 9, ADD b int") == [('"t"', "ACCESS EXCLUSIVE")]
    assert locks("ALTER TABLE t ADD b int REFERENCES t (a)") == [('"t"', "ACCESS EXCLUSIVE")]


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("CREATE INDEX i ON s.t (a)", '"s"."t"'),
        ("DROP INDEX known", '"t"'),
        ("DROP INDEX s.other", 'the table of "s"."other"'),
        ("REINDEX INDEX known", '"t"'),
        ("REINDEX TABLE t", '"t"'),
        ("REINDEX SCHEMA s", 'each table of "s"'),
    ],
)
def test_an_index_statement_lets_readers_and_writers_in(sql: str, table: str) -> None:
    """An index's table is known where the folder made the index."""
    assert locks("CREATE INDEX known ON t (a)", sql) == [(table, "SHARE UPDATE EXCLUSIVE")]


def test_an_index_on_a_partitioned_table_takes_the_parents_lock_for_a_moment() -> None:
    """Where the folder tells that it is one: the parent's index cannot be made or dropped online."""
    made = "CREATE TABLE p (a int) PARTITION BY HASH (a); CREATE INDEX i ON p (a);"
    assert locks(made, "CREATE INDEX j ON p (a)") == [('"p"', "SHARE")]
    assert locks(made, "DROP INDEX i") == [('"p"', "ACCESS EXCLUSIVE")]


def test_a_foreign_key_of_an_earlier_file_is_known() -> None:
    """It goes with the table, the column or its own name, and takes the other table's lock along."""
    made = "CREATE TABLE t (a int, CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id));"
    both = [('"t"', "ACCESS EXCLUSIVE"), ('"u"', "ACCESS EXCLUSIVE")]
    assert locks(made, "DROP TABLE t") == both
    assert locks(made, "ALTER TABLE t DROP COLUMN a") == both
    assert locks(made, "ALTER TABLE t DROP CONSTRAINT f") == both
    assert locks(made, "ALTER TABLE t DROP COLUMN b") == both[:1]
    assert locks(made + "ALTER TABLE u RENAME TO v", "DROP TABLE t") == [both[0], ('"v"', "ACCESS EXCLUSIVE")]
    assert locks(made + "DROP TABLE u CASCADE;", "DROP TABLE t") == both[:1]
    unnamed = "CREATE TABLE t (a int REFERENCES u (id));"
    assert locks(unnamed, "ALTER TABLE t DROP CONSTRAINT t_a_fkey") == both


def test_a_partition_goes_from_its_parent() -> None:
    """Whose lock it takes; one that was detached is a table by itself."""
    made = "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE q PARTITION OF p FOR VALUES IN (1);"
    assert locks(made, "DROP TABLE q") == [('"q"', "ACCESS EXCLUSIVE"), ('"p"', "ACCESS EXCLUSIVE")]
    assert locks(made + "ALTER TABLE p RENAME TO r", "DROP TABLE q")[1] == ('"r"', "ACCESS EXCLUSIVE")
    assert locks(made + "ALTER TABLE p DETACH PARTITION q", "DROP TABLE q") == [('"q"', "ACCESS EXCLUSIVE")]


def test_a_lock_says_what_it_blocks() -> None:
    """Each of PostgreSQL's eight modes, in the documentation's words."""
    assert list(BLOCKS) == list(MODES)
    (statement,) = statements("CREATE INDEX i ON t (a)")
    assert [str(lock) for lock in statement.locks] == ["SHARE UPDATE EXCLUSIVE, blocks schema changes only"]
    (statement,) = statements("TRUNCATE t")
    assert [str(lock) for lock in statement.locks] == ["ACCESS EXCLUSIVE, blocks reads and writes"]


def test_locks_travel_with_the_plan() -> None:
    """The runner's side shows them too."""
    made = plan("ALTER TABLE t ADD a int; CREATE INDEX i ON t (a);")
    assert Plan.from_json(made.to_json()) == made
