"""Names as SQL writes them: quoted, with their schema when the file gives one."""

from __future__ import annotations

import re
from typing import Any

_PART = re.compile(r'"((?:[^"]|"")+)"')


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


def parts(name: str) -> list[str]:
    """A quoted name's parts without their quotes: the schema, if it has one, and the name."""
    return [part.replace('""', '"') for part in _PART.findall(name)]


def bare(name: str) -> str:
    """A quoted name without its quotes and its schema."""
    return parts(name)[-1]
