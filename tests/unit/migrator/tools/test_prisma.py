"""Prisma's folder format."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from migrator.errors import FolderError
from migrator.folder import checksum, same_script
from migrator.tools import recognize

LOCK = 'provider = "postgresql"\n'


def write(root: Path, name: str, sql: str | bytes) -> None:
    (root / name).mkdir()
    (root / name / "migration.sql").write_bytes(sql.encode() if isinstance(sql, str) else sql)


def test_migrations_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Files beside them are not migrations; line endings and umlauts are kept."""
    (tmp_path / "migration_lock.toml").write_text(LOCK)
    write(tmp_path, "20251204_b", "SELECT 'ü';\r\n")
    write(tmp_path, "20251201_a", "SELECT 1;")
    assert [(migration.name, migration.sql) for migration in recognize.read(tmp_path)[1]] == [
        ("20251201_a", "SELECT 1;"),
        ("20251204_b", "SELECT 'ü';\r\n"),
    ]


def test_the_checksum_is_prismas() -> None:
    """SHA-256 of the script's bytes; another platform's line endings are no change."""
    script = "SELECT 'ü';\nSELECT 2;\n"
    assert checksum(script) == sha256(script.encode()).hexdigest()
    assert same_script(script, checksum(script.replace("\n", "\r\n")))
    assert same_script(script.replace("\n", "\r\n"), checksum(script))
    assert not same_script(script, checksum(script + " "))


def test_each_mistake_in_a_folder_is_named(tmp_path: Path) -> None:
    """What it is, where, and the remedy."""
    with pytest.raises(FolderError) as error:
        recognize.read(tmp_path / "none")
    assert str(error.value) == (
        f"migrations folder {tmp_path}/none does not exist: give the folder that holds the migrations"
    )

    (tmp_path / "1_empty").mkdir()
    with pytest.raises(FolderError) as error:
        recognize.read(tmp_path)
    assert str(error.value) == (
        "migration 1_empty has no migration.sql: "
        f"restore {tmp_path}/1_empty/migration.sql or remove the folder"
    )

    (tmp_path / "1_empty" / "migration.sql").write_bytes(b"SELECT '\xff'")
    with pytest.raises(FolderError) as error:
        recognize.read(tmp_path)
    assert str(error.value) == f"{tmp_path}/1_empty/migration.sql is not UTF-8 (byte 8): save it as UTF-8"

    (tmp_path / "migration_lock.toml").write_text('provider = "mysql"')
    with pytest.raises(FolderError) as error:
        recognize.read(tmp_path)
    assert str(error.value) == (
        f'{tmp_path}/migration_lock.toml has provider = "mysql": only "postgresql" migrations can be applied'
    )
