"""All tools whose formats are known, and whose a folder is."""

from __future__ import annotations

from pathlib import Path

from migrator.errors import FolderError
from migrator.folder import Migration
from migrator.tools.dbmate import DBMATE
from migrator.tools.drizzle import DRIZZLE
from migrator.tools.flyway import FLYWAY
from migrator.tools.knex import KNEX
from migrator.tools.node_pg_migrate import NODE_PG_MIGRATE
from migrator.tools.plain import PLAIN
from migrator.tools.prisma import PRISMA
from migrator.tools.prisma_8 import PRISMA_8
from migrator.tools.tool import Tool

# The first that recognizes a folder has it: those with a file of their own come before those that are known
# by their scripts' text, and plain SQL takes what is left.
TOOLS = (DRIZZLE, PRISMA_8, PRISMA, FLYWAY, DBMATE, NODE_PG_MIGRATE, KNEX, PLAIN)
NAMED = {tool.name: tool for tool in TOOLS}


def of(folder: Path) -> Tool:
    """The tool whose format a folder has; Prisma of an empty one. Raises FolderError where there is none."""
    if not folder.is_dir():
        raise FolderError(
            f"migrations folder {folder} does not exist: give the folder that holds the migrations"
        )
    return next((tool for tool in TOOLS if tool.recognizes(folder)), PRISMA)


def read(folder: Path) -> tuple[Tool, list[Migration]]:
    """A folder's tool and migrations in order. Raises FolderError for what the tool would not accept."""
    tool = of(folder)
    return tool, tool.read(folder)
