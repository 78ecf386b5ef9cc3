"""Migration folders that PostgreSQL accepts, drawn change by change over a small model of the schema."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.migrator.schema_model import Schema

CHANGES: tuple[Callable[[Schema], None], ...] = (
    *[Schema.create_index] * 5,
    Schema.create_partition_index,
    *[Schema.create_table] * 2,
    Schema.add_partition,
    Schema.insert,
    Schema.add_column,
    Schema.add_foreign_key,
    Schema.add_check,
    Schema.set_not_null,
    Schema.change_default,
    Schema.add_unique_constraint,
    *[Schema.drop_indexes] * 2,
    *[Schema.rename_index] * 2,
    Schema.reindex,
    Schema.comment,
    Schema.rename_column,
    Schema.rename_table,
    Schema.drop_column,
    Schema.drop_table,
    Schema.change_type,
    Schema.create_view,
    Schema.create_sequence,
    Schema.create_function,
    Schema.add_label,
)


@st.composite
def folders(draw: DrawFn) -> list[list[str]]:
    """Files of statements, in order."""
    schema = Schema(draw)
    schema.create_table()
    for _ in range(draw(st.integers(3, 25))):
        if draw(st.integers(1, 4)) == 4:
            schema.files.append([])
        draw(st.sampled_from(CHANGES))(schema)
    return [file for file in schema.files if file]
