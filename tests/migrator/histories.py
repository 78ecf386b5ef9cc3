"""Deployments onto tables that hold rows: names that move, and statements that destroy, plain or hidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from migrator.folder import Migration
from migrator.planning import planner

# Seven tables with rows, made by another deployment.
BEFORE = """\
DROP SCHEMA IF EXISTS s, z, moved CASCADE; DROP SCHEMA public CASCADE;
CREATE SCHEMA public; CREATE SCHEMA s; CREATE SCHEMA z;
CREATE TYPE mood AS ENUM ('so'); CREATE TYPE z.mood AS ENUM ('la'); CREATE TYPE s.mood AS ENUM ('la');
CREATE TABLE a (x int PRIMARY KEY, y int, m mood DEFAULT 'so');
CREATE TABLE b (x int REFERENCES a, y int, m mood);
CREATE TABLE s.a (x int, y int, m mood); CREATE TABLE s.c (x int, y int, m mood);
CREATE TABLE p (x int, y int, m mood) PARTITION BY RANGE (x); CREATE TABLE p_1 PARTITION OF p DEFAULT;
CREATE TABLE parent (x int, y int, m mood); CREATE TABLE heir () INHERITS (parent);
INSERT INTO a (x, y) SELECT n, n FROM generate_series(1, 20) n;
INSERT INTO b (x, y) SELECT x, y FROM a; INSERT INTO s.a TABLE a; INSERT INTO s.c TABLE a;
INSERT INTO p TABLE a; INSERT INTO parent TABLE a; INSERT INTO heir TABLE a;
"""
NAMES = ["a", "b", "s.a", "s.c", "p", "p_1", "parent", "heir"]
# A run stops here; before the next one, somebody else makes a table.
STOPS, GOES_ON = "SELECT 1 / 0", "SELECT 1 / 1"
OUTSIDER = "CREATE TABLE IF NOT EXISTS outsider AS SELECT n AS x, n AS y FROM generate_series(1, 20) n"
# What each hazard of these costs is the servers' to bear, not the rows'.
HARMS_NO_ROW = {"rename", "detach-partition", "lock-table", "not-null", "attach-partition", "required-column"}
DESTROYING = [
    "DROP TABLE {t}",
    "DROP TABLE IF EXISTS {t} CASCADE",
    "TRUNCATE {t}",
    "TRUNCATE ONLY {t} CASCADE",
    "DELETE FROM {t}",
    "DELETE FROM ONLY {t} WHERE true",
    "UPDATE {t} SET y = 0",
    "WITH gone AS (DELETE FROM {t} RETURNING x) SELECT count(*) FROM gone",
    "MERGE INTO {t} AS into_ USING s.a AS from_ ON true WHEN MATCHED THEN DELETE",
    "ALTER TABLE {t} ALTER COLUMN y TYPE bigint",
    "ALTER TABLE {t} DROP COLUMN y CASCADE",
    "ALTER TABLE {t} ADD COLUMN w float DEFAULT random()",
    "DROP SCHEMA {schema} CASCADE",
    "DROP TYPE {schema}.mood CASCADE",
]
SCHEMAS = ["s", "public", "z"]
PATHS = ["s", "z, public", "public, s", "pg_temp, s"]


@dataclass(kw_only=True)
class History:
    """Statements of a few files; `names` are those that tables have, had or will have."""

    draw: DrawFn
    names: list[str] = field(default_factory=lambda: list(NAMES))
    files: list[list[str]] = field(default_factory=lambda: [[]])
    numbers: count[int] = field(default_factory=count)

    def create(self) -> None:
        name = self.draw(st.sampled_from([self._new(), *self.names]))
        self.names.append(name)
        condition = self.draw(st.sampled_from(["", "", "IF NOT EXISTS "]))
        self.add(f"CREATE TABLE {condition}{name} (x int, y int, m {self._schema()}.mood)")
        self.add(f"INSERT INTO {name} (x, y) VALUES (1, 2)")

    def copy(self) -> None:
        name, kind = self._new(), self.draw(st.sampled_from(["", "TEMPORARY "]))
        bare = self._name().rpartition(".")[2] if kind else name
        self.add(f"CREATE {kind}TABLE {bare} AS SELECT * FROM {self._name()}")
        self.names.append(bare)

    def view(self) -> None:
        name = self._new()
        self.add(f"CREATE VIEW {name} AS SELECT x, y FROM {self._name()}")
        self.names.append(name)

    def rename(self) -> None:
        old, new = self._name(), self._new()
        self.add(f"ALTER TABLE {old} RENAME TO {new}")
        self._renamed(old, "".join(old.rpartition(".")[:2]) + new)

    def swap(self) -> None:
        old, new = self._name(), self._new()
        bare, schema = old.rpartition(".")[2], "".join(old.rpartition(".")[:2])
        self.add(f"CREATE TABLE {schema}{new} (LIKE {old} INCLUDING ALL)")
        self.add(f"ALTER TABLE {old} RENAME TO {bare}_old")
        self.add(f"ALTER TABLE {schema}{new} RENAME TO {bare}")
        self.names.append(f"{schema}{bare}_old")

    def rename_column(self) -> None:
        self.add(f"ALTER TABLE {self._name()} RENAME COLUMN y TO w")

    def move(self) -> None:
        name, schema = self._name(), self._schema()
        self.add(f"ALTER TABLE {name} SET SCHEMA {schema}")
        self._renamed(name, f"{schema}.{name.rpartition('.')[2]}")

    def move_schema(self) -> None:
        self.add("ALTER SCHEMA s RENAME TO moved")
        for name in [name for name in self.names if name.startswith("s.")]:
            self._renamed(name, f"moved.{name[2:]}")

    def set_path(self) -> None:
        path = self.draw(st.sampled_from(PATHS))
        how = ["SET search_path = {}", "SET LOCAL search_path = {}"]
        how.append("SELECT set_config('search_path', '{}', true)")
        self.add(self.draw(st.sampled_from(how)).format(path))
        self.names += ["c", "a"]

    def detach(self) -> None:
        what = ["ALTER TABLE p DETACH PARTITION p_1", "ALTER TABLE heir NO INHERIT parent"]
        self.add(self.draw(st.sampled_from(what)))

    def index(self) -> None:
        self.add(f"CREATE INDEX {self._new()} ON {self._name()} (x)")

    def block(self) -> None:
        """Some steps between BEGIN and COMMIT, as Prisma writes around a change of an enum."""
        self.add("BEGIN")
        for step in self.draw(st.lists(st.sampled_from(IN_A_BLOCK), min_size=1, max_size=3)):
            step(self)
        self.add("COMMIT")

    def index_in_a_block(self) -> None:
        comment = "-- migrator: allow index-in-transaction because it is a test\n"
        self.add(f"{comment}CREATE INDEX {self._new()} ON {self._name()} (x)")

    def exchange_type(self) -> None:
        """Another type takes the name of one that columns have."""
        new, schema = self._new(), self._schema()
        cascade = self.draw(st.sampled_from(["", " CASCADE"]))
        self.add(f"CREATE TYPE {schema}.{new} AS ENUM ('so', 'la')")
        self.add(f"ALTER TYPE {schema}.mood RENAME TO mood_old")
        self.add(f"ALTER TYPE {schema}.{new} RENAME TO mood")
        self.add(f"DROP TYPE {schema}.mood_old{cascade}")

    def next_file(self) -> None:
        self.files.append([])

    def stop(self) -> None:
        self.add(STOPS)
        self.names.append("outsider")

    def destroy(self) -> None:
        sql = self.draw(st.sampled_from(DESTROYING)).format(t=self._name(), schema=self._schema())
        hiding = ["{0}"] * 4 + [BLOCK, FUNCTION]
        if sql.startswith(("DELETE", "UPDATE")):
            hiding += [PREPARED, RULE]
        for part in self.draw(st.sampled_from(hiding)).format(sql, self._new()).split(";;"):
            self.add(part)

    def add(self, sql: str) -> None:
        self.files[-1].append(sql)

    def _name(self) -> str:
        """The later ones more often: what is done to them is what is hard to see."""
        return self.draw(st.sampled_from(self.names + 3 * [name for name in self.names if name not in NAMES]))

    def _renamed(self, old: str, new: str) -> None:
        self.names = [name for name in self.names if name != old] + [new]

    def _schema(self) -> str:
        return self.draw(st.sampled_from(SCHEMAS))

    def _new(self) -> str:
        return f"n{next(self.numbers)}"


BLOCK = "DO $do$ BEGIN EXECUTE $sql${0}$sql$; END $do$"
FUNCTION = (
    "CREATE FUNCTION {1}() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN EXECUTE $sql${0}$sql$; END $f$;;"
    "SELECT {1}()"
)
PREPARED = "DO $do$ BEGIN EXECUTE $sql$PREPARE {1} AS {0}$sql$; END $do$;;EXECUTE {1}"
RULE = "CREATE TABLE {1} (x int);;CREATE RULE r AS ON INSERT TO {1} DO ALSO {0};;INSERT INTO {1} VALUES (1)"
IN_A_BLOCK: tuple[Callable[[History], None], ...] = (
    History.create,
    History.copy,
    History.rename,
    History.swap,
    History.move,
    History.set_path,
    History.index_in_a_block,
    History.exchange_type,
    *[History.destroy] * 3,
)
STEPS: tuple[Callable[[History], None], ...] = (
    History.create,
    History.copy,
    History.view,
    *[History.rename] * 2,
    History.swap,
    History.rename_column,
    *[History.move] * 2,
    History.move_schema,
    *[History.set_path] * 2,
    History.detach,
    History.index,
    *[History.block] * 2,
    *[History.next_file] * 2,
    History.stop,
    *[History.destroy] * 6,
)


@st.composite
def histories(draw: DrawFn) -> list[str]:
    """The scripts in order, with allowances for what costs no row."""
    history = History(draw=draw)
    for step in draw(st.lists(st.sampled_from(STEPS), min_size=3, max_size=12)):
        step(history)
    return [allowed(file) for file in history.files if file]


def allowed(statements: list[str]) -> str:
    """The script of one file, in which each hazard that harms no row is allowed."""
    script = ""
    for sql in statements:
        (planned,) = planner.make([Migration(name="m", sql=sql)]).migrations
        codes = {hazard.code for item in planned.statements for hazard in item.refusals} & HARMS_NO_ROW
        comments = [f"-- migrator: allow {code} because it is a test\n" for code in sorted(codes)]
        script += "".join(comments) + sql + ";\n"
    return script
