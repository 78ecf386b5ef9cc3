"""PostgreSQL's table locks: their names, and what each blocks.

Source: PostgreSQL's documentation, "Explicit Locking", table "Conflicting Lock Modes"; pg_locks.mode has the
same names as `AccessShareLock` and so on.
"""

from __future__ import annotations

from dataclasses import dataclass

# In order of strength, which is the order of their numbers in PostgreSQL's source, from 1.
MODES = (
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)
BLOCKS = {
    "ACCESS SHARE": "schema changes",
    "ROW SHARE": "schema changes",
    "ROW EXCLUSIVE": "schema changes",  # and whoever wants a row that was changed
    "SHARE UPDATE EXCLUSIVE": "schema changes",  # and VACUUM, which comes back later
    "SHARE": "writes",
    "SHARE ROW EXCLUSIVE": "writes",
    "EXCLUSIVE": "writes",
    "ACCESS EXCLUSIVE": "reads and writes",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """A lock that a statement takes on a table, which is quoted, with its schema if the file has one."""

    table: str
    mode: str

    @property
    def strength(self) -> int:
        return MODES.index(self.mode)

    @property
    def blocks_writes(self) -> bool:
        return "writes" in BLOCKS[self.mode]

    def __str__(self) -> str:
        only = "" if self.blocks_writes else " only"
        return f"{self.mode}, blocks {BLOCKS[self.mode]}{only}"
