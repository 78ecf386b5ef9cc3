"""An index that the migrations promise. Travels as JSON to the runner."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """An index that exists once all migrations are applied.

    `keys` are the columns that it sorts by, in order, "" for an expression; `columns` all that it mentions.
    `partial`: it has a WHERE clause.
    """

    index: str
    table: str
    method: str
    unique: bool
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    partial: bool
