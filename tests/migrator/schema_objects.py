"""What the model of a schema consists of: types, ways of partitioning, tables, indexes."""

from __future__ import annotations

from dataclasses import dataclass, field

# By type: a value for row n, a default that is the same for all rows, and the index methods it has.
TYPES = {
    "int": ("n", "0", ("btree", "hash", "brin")),
    "bigint": ("n", "-7", ("btree", "hash", "brin")),
    "text": ("'x' || n", "'it''s; --'", ("btree", "hash", "brin", "spgist")),
    "boolean": ("n % 2 = 0", "false", ("btree", "hash")),
    "timestamptz": ("now()", "now()", ("btree", "hash", "brin")),
    "numeric(10,2)": ("n", "1.5", ("btree", "hash", "brin")),
    "uuid": ("gen_random_uuid()", "gen_random_uuid()", ("btree", "hash")),
    "jsonb": ("to_jsonb(n)", "'{}'", ("gin",)),
    "text[]": ("ARRAY['x' || n]", "'{}'", ("gin", "btree")),
    "mood": ("'so'::mood", "'so'", ("btree", "hash")),
}
# By way of partitioning: the key's type and the partitions' bounds; `{}` is the partitioned table.
PARTITIONS = {
    "RANGE": ("int", ("FOR VALUES FROM (MINVALUE) TO (4)", "FOR VALUES FROM (4) TO (MAXVALUE)")),
    "LIST": ("text", ("FOR VALUES IN ('x1', 'x2')", "DEFAULT")),
    "HASH": ("int", ("FOR VALUES WITH (MODULUS 2, REMAINDER 0)", "FOR VALUES WITH (MODULUS 2, REMAINDER 1)")),
}


@dataclass(kw_only=True, slots=True)
class ModelTable:
    """A table or materialized view; `key` is in every unique index; `fixed` columns stay as they are."""

    name: str
    columns: dict[str, str]
    key: str
    kind: str = "table"
    fixed: set[str] = field(default_factory=set)
    leaves: list[str] = field(default_factory=list)
    used: bool = False  # by a view or a foreign key
    rows: int = 0

    @property
    def free(self) -> list[str]:
        return [column for column in self.columns if column not in self.fixed]


@dataclass(kw_only=True, slots=True)
class ModelIndex:
    """An index that may be renamed, dropped and built again."""

    name: str
    table: ModelTable
    columns: set[str]
