"""An index on a partitioned table, online. PostgreSQL has no CONCURRENTLY for it, but for each partition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from migrator.applying.twin import index_on_a_twin
from migrator.errors import ForeignPartition
from migrator.names import quote
from migrator.plan import Online
from migrator.postgres import Index, Session

LONGEST_NAME = 63  # bytes of an identifier


@dataclass(frozen=True, kw_only=True, slots=True)
class Partition:
    """A partition that lacks its part. `kind`: pg_class.relkind; the schema is quoted, the name is not."""

    kind: str
    schema: str
    name: str

    @property
    def table(self) -> str:
        return f"{self.schema}.{quote(self.name)}"


class PartitionedIndex:
    """Makes the index on the parent alone, invalid at first; then one on each partition, and attaches it.

    A partition that is made meanwhile gets its part from PostgreSQL. What an earlier run has attached stays;
    an index of a partition with the very definition is taken (PostgreSQL's own CREATE INDEX takes one of
    another order or other parameters too).
    """

    def __init__(
        self,
        session: Session,
        *,
        briefly: Callable[[str], None],
        build: Callable[[str, str], None],
        remove: Callable[[str], None],
        say: Callable[[str], None],
    ) -> None:
        """`briefly` runs a statement that wants a strong lock for a moment, `build` one that runs online."""
        self._session, self._briefly, self._build, self._remove = session, briefly, build, remove
        self._say = say

    def run(self, step: Online) -> None:
        """Raises what its callables raise, and ForeignPartition."""
        if not self._session.index(step.index):
            self._briefly(step.create(on=f"ONLY {step.table}"))
        if step.only:
            return
        for (tablespace,) in self._session.rows(
            """SELECT format('%I', spcname) FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace
               WHERE c.oid = to_regclass(:index)""",
            index=step.index,
        ):
            self._session.run(f"SET default_tablespace = {tablespace}")
        self._complete(step.index)

    def _complete(self, index: str) -> None:
        """Until every partition has its part, those included that come meanwhile."""
        for (part,) in self._session.rows(
            """SELECT format('%I.%I', n.nspname, c.relname)
               FROM pg_inherits h JOIN pg_index i ON i.indexrelid = h.inhrelid
               JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE h.inhparent = to_regclass(:index) AND NOT i.indisvalid""",
            index=index,
        ):
            self._complete(part)  # attached by hand before it was whole
        done = 0
        while lacking := self._lacking(index):
            parent = self._session.index(index)
            assert parent is not None, index
            self._say(f"partition {lacking[0].table}: {done} done, {len(lacking)} to do")
            part = self._part(lacking[0], parent)
            self._briefly(f"ALTER INDEX {index} ATTACH PARTITION {part}")
            done += 1

    def _part(self, partition: Partition, parent: Index) -> str:
        """The partition's own index, valid and not yet attached; its quoted name."""
        if partition.kind == "f":
            raise ForeignPartition(
                f"partition {partition.table} is a foreign table, so that PostgreSQL never makes an index of "
                f"its parent valid: index the local partitions, each in a statement of its own"
            )
        name, usable = self._equal(partition, parent) or (self._free_name(partition, parent), None)
        bare, definition = name.removeprefix(f"{partition.schema}."), f"USING {parent.method_and_columns}"
        if partition.kind == "p":
            if usable is None:
                self._briefly(f"CREATE {parent.kind} {bare} ON ONLY {partition.table} {definition}")
            self._complete(name)
            return name
        if usable is False:
            self._say(f"{name} is left of an interrupted build: dropped, built again")
            self._remove(name)
        if not usable:
            self._build(f"CREATE {parent.kind} CONCURRENTLY {bare} ON {partition.table} {definition}", name)
        return name

    def _lacking(self, index: str) -> list[Partition]:
        """Partitions of the index's table that have no part of it attached."""
        found = self._session.rows(
            """SELECT CAST(c.relkind AS text), format('%I', n.nspname), c.relname
               FROM pg_index parent
               JOIN pg_inherits h ON h.inhparent = parent.indrelid
               JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE parent.indexrelid = to_regclass(:index) AND NOT EXISTS (
                   SELECT FROM pg_index part JOIN pg_inherits attached ON attached.inhrelid = part.indexrelid
                   WHERE part.indrelid = c.oid AND attached.inhparent = parent.indexrelid)
               ORDER BY 2, 3""",
            index=index,
        )
        return [Partition(kind=kind, schema=schema, name=name) for kind, schema, name in found]

    def _equal(self, partition: Partition, parent: Index) -> tuple[str, bool] | None:
        """An index of the partition that would do, a usable one first, and whether it is usable."""
        found = self._session.rows(
            """SELECT format('%I.%I', n.nspname, c.relname) FROM pg_index i
               JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE i.indrelid = to_regclass(:table)
               AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = i.indexrelid)
               AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
               ORDER BY NOT i.indisvalid, 1""",
            table=partition.table,
        )
        for (name,) in found:
            index = self._session.index(name)
            if index and index.same_as(parent):
                return name, index.usable
        return None

    def _free_name(self, partition: Partition, parent: Index) -> str:
        """The name that PostgreSQL itself would give."""
        with index_on_a_twin(
            self._session,
            partition.table,
            lambda twin: f"CREATE {parent.kind} ON {twin} USING {parent.method_and_columns}",
        ) as index:
            found = self._session.rows("SELECT relname FROM pg_class WHERE oid = to_regclass(:i)", i=index)
        chosen = name = found[0][0]
        number = 0
        while self._session.rows(
            """SELECT 1 FROM pg_class
               WHERE relname = CAST(:name AS name) AND relnamespace = to_regnamespace(:schema)""",
            name=name,
            schema=partition.schema,
        ):
            number += 1
            name = chosen.encode()[: LONGEST_NAME - len(str(number))].decode(errors="ignore") + str(number)
        return f"{partition.schema}.{quote(name)}"
