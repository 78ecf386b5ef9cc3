"""A query's plan, as EXPLAIN (FORMAT JSON) gives it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanTree:
    """The root node; names are PostgreSQL's, without quotes and schemas."""

    root: dict[str, Any]

    @property
    def indexes(self) -> set[str]:
        """Every index that is scanned, in whatever way; a partition's under its own name."""
        return {node["Index Name"] for node in self._nodes() if "Index Name" in node}

    @property
    def sequential(self) -> set[str]:
        """The tables that are read from end to end."""
        return {node["Relation Name"] for node in self._nodes() if node["Node Type"] == "Seq Scan"}

    @property
    def summary(self) -> str:
        """`Index Scan by "Member_createdAt_idx", Seq Scan on "Church"`: how each table is read."""
        return (
            ", ".join(dict.fromkeys(_scan(node) for node in self._nodes() if _reads(node)))
            or (self.root["Node Type"])
        )

    @property
    def rows(self) -> int:
        """How many the query returned; EXPLAIN ANALYZE knows."""
        return int(self.root["Actual Rows"])

    def _nodes(self) -> Iterator[dict[str, Any]]:
        left = [self.root]
        while left:
            node = left.pop()
            yield node
            left += reversed(node.get("Plans", []))


def _reads(node: dict[str, Any]) -> bool:
    """A bitmap's table is told by its index."""
    return "Index Name" in node or ("Relation Name" in node and node["Node Type"] != "Bitmap Heap Scan")


def _scan(node: dict[str, Any]) -> str:
    parallel = "Parallel " if node.get("Parallel Aware") else ""
    by = f'by "{node["Index Name"]}"' if "Index Name" in node else f'on "{node["Relation Name"]}"'
    return f"{parallel}{node['Node Type']} {by}"
