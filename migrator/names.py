"""Names as SQL writes them: quoted, with their schema when the file gives one."""

from __future__ import annotations

from typing import Any


def quote(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def qualified(*parts: str | None) -> str:
    """`"schema"."name"`. `public` is left out, so that `Member` and `public.Member` are one table."""
    return ".".join(quote(part) for part in parts if part and part != "public")


def of_relation(relation: Any) -> str:
    """A RangeVar's name."""
    return qualified(relation.schemaname, relation.relname)


def of_object(names: Any) -> str:
    """The name that DROP lists: a tuple of String nodes."""
    return qualified(*(name.sval for name in names))


def beside(name: str, suffix: str = "_new") -> str:
    """A quoted name's neighbour: `"s"."t"` gives `"s"."t_new"`."""
    return f'{name[:-1]}{suffix}"'


def bare(name: str) -> str:
    """A quoted name without its quotes and its schema."""
    return name[name.rindex('"', 0, -1) + 1 : -1]
