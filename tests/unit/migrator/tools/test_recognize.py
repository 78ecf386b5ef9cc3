"""Whose a folder is, the order of its migrations, and what each tool would not accept either."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.errors import FolderError
from migrator.tools import recognize

UP = "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n"
JOURNAL = {"dialect": "postgresql", "entries": [{"tag": "0001_b", "when": 2}, {"tag": "0000_a", "when": 3}]}
FOLDERS = {
    "Prisma": {"1_a/migration.sql": "", "2_b/migration.sql": ""},
    "Drizzle": {"meta/_journal.json": json.dumps(JOURNAL), "0000_a.sql": "", "0001_b.sql": ""},
    "Flyway": {"V2__b.sql": "", "V10__c.sql": "", "V1_1__a.sql": "", "R__z.sql": "", "U2__b.sql": ""},
    "dbmate": {"20260101_a.sql": UP, "20260102_b.sql": UP, "README.md": ""},
    "node-pg-migrate": {"9_a.sql": "-- Up Migration\n", "10_b.ts": "pgm.sql()", ".hidden.sql": ""},
    "Knex": {"1_a.js": "exports.up = (knex) => {}", "2_b.sql": "SELECT 1"},
    "plain SQL": {"9_a.sql": "SELECT 1", "10_b.sql": "SELECT 2", "10_a.sql": ""},
}
ORDERS = {
    "Prisma": ["1_a", "2_b"],
    "Drizzle": ["0001_b", "0000_a"],
    "Flyway": ["V1_1__a", "V2__b", "V10__c", "R__z"],
    "dbmate": ["20260101_a", "20260102_b"],
    "node-pg-migrate": ["9_a", "10_b"],
    "Knex": ["1_a", "2_b"],
    "plain SQL": ["9_a", "10_a", "10_b"],
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize("tool", FOLDERS)
def test_a_folder_is_recognized_and_read_in_its_tools_order(tool: str, tmp_path: Path) -> None:
    write(tmp_path, FOLDERS[tool])
    found, migrations = recognize.read(tmp_path)
    assert (found.name, [migration.name for migration in migrations]) == (tool, ORDERS[tool])
    assert all((tmp_path / migration.file).is_file() for migration in migrations)


def test_only_the_up_part_runs_and_lines_stay(tmp_path: Path) -> None:
    """Wherever the down part stands: an error names the line of the file."""
    first = "-- Down Migration\nDROP TABLE a;\n-- Up Migration\nCREATE TABLE a ();\n"
    write(
        tmp_path, {"1_a.sql": first, "2_b.sql": "-- Up Migration\nSELECT 1;\n--- down migration\nSELECT 2;\n"}
    )
    _, (a, b) = recognize.read(tmp_path)
    assert a.sql == "\n\n-- Up Migration\nCREATE TABLE a ();\n"
    assert b.sql == "-- Up Migration\nSELECT 1;\n\n\n"
    assert a.source == first


def test_a_breakpoint_of_drizzle_ends_a_statement(tmp_path: Path) -> None:
    """Without a semicolon too, and the text keeps its places."""
    text = "SELECT 1\n--> statement-breakpoint\nSELECT 2;--> statement-breakpoint\nSELECT 3"
    write(tmp_path, {**FOLDERS["Drizzle"], "0000_a.sql": text})
    sql = recognize.read(tmp_path)[1][1].sql
    assert (len(sql), sql.split()) == (len(text), ["SELECT", "1", ";", "SELECT", "2;;", "SELECT", "3"])


def test_named_queries_lie_beside_a_script(tmp_path: Path) -> None:
    write(tmp_path, {"1_a.sql": "SELECT 1", "queries/1_a.queries": "-- query: x\nSELECT 1;"})
    assert recognize.read(tmp_path)[1][0].queries == "-- query: x\nSELECT 1;"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"V1__a.sql": "", "V1.0__b.sql": ""}, "V1__a.sql has the version of V1.0__b.sql"),
        ({"V1__a.sql": "", "b.sql": ""}, "b.sql has no name that Flyway knows"),
        ({"V1__a.sql": "", "V__b.sql": ""}, "V__b.sql has no name that Flyway knows"),
        ({"V1__a.sql": "", "afterMigrate.sql": ""}, "afterMigrate.sql is a callback, which is not run here"),
        ({"V1__a.sql": "\nSELECT '${b}'"}, "V1__a.sql, line 2: ${b} is a placeholder, which Flyway fills in"),
        ({"1_a.sql": UP, "2_b.sql": ""}, "2_b.sql has no `-- migrate:up`, as dbmate wants it"),
        ({"meta/_journal.json": "{}"}, "_journal.json is not Drizzle's (KeyError('entries'))"),
        (
            {"meta/_journal.json": json.dumps({**JOURNAL, "dialect": "mysql"})},
            'has "dialect": "mysql": only "postgresql" migrations can be applied',
        ),
        (
            {"meta/_journal.json": json.dumps(JOURNAL)},
            "0001_b.sql is in meta/_journal.json and does not exist",
        ),
    ],
)
def test_what_the_tool_would_not_accept_is_told(files: dict[str, str], message: str, tmp_path: Path) -> None:
    write(tmp_path, files)
    with pytest.raises(FolderError) as error:
        recognize.read(tmp_path)
    assert message in str(error.value)
