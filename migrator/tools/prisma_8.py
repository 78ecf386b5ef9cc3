"""Prisma 8: `<name>/ops.json` beside `migration.json`, each from the contract that the one before ends with.

Its tables are in the schema `prisma_contract`. Prisma runs all that is pending in one transaction, unasked
and with drops, between checks of its own (`precheck`, `postcheck`). Here each statement is judged and runs as
any other, without those checks. What a comment says in SQL is said by operation in `<name>/migrator.json`:
`{"dropColumn.User.name": ["allow drop-column because no release reads it"]}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from migrator.errors import FolderError
from migrator.folder import Migration, text
from migrator.plan import PlannedMigration
from migrator.tools.tool import Books, Summary, Tool

_EMPTY = "empty"
"""The contract of a database without one."""


def _leading_to(contract: str, migrations: Sequence[PlannedMigration]) -> list[str]:
    ends = [dict(migration.recorded)["to"] for migration in migrations]
    last = ends.index(contract) + 1 if contract in ends else 0
    return [migration.name for migration in migrations[:last]]


def _recognizes(folder: Path) -> bool:
    return any(folder.glob("*/ops.json"))


def _read(folder: Path) -> list[Migration]:
    packages = {path.parent.name: _json(path) for path in sorted(folder.glob("*/migration.json"))}
    return [_migration(folder / name, packages[name]) for name in _in_order(folder, packages)]


def _in_order(folder: Path, packages: dict[str, Any]) -> Iterator[str]:
    """From the one that begins where no other ends."""
    beginnings: dict[str, str] = {}
    for name, package in packages.items():
        begin = package["from"] or _EMPTY
        if beginnings.setdefault(begin, name) != name:
            raise FolderError(
                f"{folder}: {beginnings[begin]} and {name} both begin at the contract {begin[:12]}: "
                "plan the later one again, from where the other ends"
            )
    ends = {package["to"] for package in packages.values()}
    first = [begin for begin in beginnings if begin not in ends]
    if len(first) != 1:
        raise FolderError(f"{folder}: its migrations are no chain: `prisma migration graph` shows the gap")
    contract: str | None = first[0]
    while contract in beginnings:
        yield beginnings[contract]
        contract = packages[beginnings[contract]]["to"]


def _migration(folder: Path, package: dict[str, Any]) -> Migration:
    script, queries = folder / "ops.json", folder / "queries.sql"
    contract = text(folder.parents[1] / "snapshots" / package["to"] / "contract.json")
    return Migration(
        name=folder.name,
        sql=_sql(script, folder / "migrator.json"),
        file=f"{folder.name}/ops.json",
        source=text(script),
        queries=text(queries) if queries.exists() else "",
        recorded=(
            ("name", folder.name),
            ("hash", package["migrationHash"]),
            ("from", package["from"] or _EMPTY),
            ("to", package["to"]),
            ("profile", json.loads(contract)["profileHash"]),
            ("contract", contract),
            ("operations", text(script)),
            ("invariants", json.dumps(package["providedInvariants"])),
        ),
    )


def _sql(script: Path, comments: Path) -> str:
    """The statements of all operations, each with what is said of its operation before it."""
    from migrator.planning import parse  # needs pglast, which a zipapp has not

    said = _json(comments) if comments.exists() else {}
    lines = []
    for operation in _json(script):
        lines += [f"-- migrator: {comment}" for comment in said.pop(operation["id"], ())]
        lines += [
            f"{parse.with_parameters(step['sql'], step.get('params') or [])};"
            for step in operation["execute"]
        ]
    if said:
        raise FolderError(
            f"{comments} names {', '.join(said)}, which {script.name} has not: correct the name"
        )
    return "\n".join([*lines, ""])


def _json(path: Path) -> Any:
    try:
        return json.loads(text(path))
    except ValueError as error:
        raise FolderError(f"{path} is not JSON ({error}): restore it from version control") from None


PRISMA_8 = Tool(
    name="Prisma 8",
    scripts="*/ops.json",
    recognizes=_recognizes,
    read=_read,
    books=Books(
        table="prisma_contract.ledger",
        make="""CREATE SCHEMA IF NOT EXISTS prisma_contract;
            CREATE TABLE IF NOT EXISTS prisma_contract.contract (
                core_hash text PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(),
                contract_json jsonb NOT NULL);
            CREATE TABLE IF NOT EXISTS prisma_contract.ledger (
                id bigserial PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(), space text NOT NULL,
                migration_name text NOT NULL, migration_hash text NOT NULL, origin_core_hash text,
                origin_profile_hash text, destination_core_hash text NOT NULL, destination_profile_hash text,
                operations jsonb NOT NULL);
            CREATE TABLE IF NOT EXISTS prisma_contract.marker (
                space text PRIMARY KEY DEFAULT 'app', core_hash text NOT NULL, profile_hash text NOT NULL,
                contract_json jsonb, canonical_version integer, updated_at timestamptz NOT NULL DEFAULT now(),
                app_tag text, meta jsonb NOT NULL DEFAULT '{{}}',
                invariants text[] NOT NULL DEFAULT '{{}}')""",
        applied="SELECT migration_hash, NULL FROM prisma_contract.ledger WHERE space = 'app' ORDER BY id",
        record="""INSERT INTO prisma_contract.contract (core_hash, contract_json)
                VALUES (:to, CAST(:contract AS jsonb)) ON CONFLICT DO NOTHING;
            INSERT INTO prisma_contract.ledger (space, migration_name, migration_hash, origin_core_hash,
                destination_core_hash, operations)
                VALUES ('app', :name, :hash, :from, :to, CAST(:operations AS jsonb));
            INSERT INTO prisma_contract.marker AS marker (space, core_hash, profile_hash, invariants)
                VALUES ('app', :to, :profile,
                    ARRAY(SELECT jsonb_array_elements_text(CAST(:invariants AS jsonb))))
                ON CONFLICT (space) DO UPDATE SET core_hash = excluded.core_hash,
                    profile_hash = excluded.profile_hash, updated_at = now(), contract_json = NULL,
                    invariants = ARRAY(SELECT DISTINCT unnest(marker.invariants || excluded.invariants))""",
        key="hash",
        # `prisma db init` and `db sign` write the marker alone.
        summary=Summary(
            sql="SELECT core_hash FROM prisma_contract.marker WHERE space = 'app'", of=_leading_to
        ),
    ),
)
