"""The migrator by itself: a wheel without the kit, whose command judges, applies and bundles."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.migrator.conftest import REPOSITORY, OwnedDatabase


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel would put into site-packages."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    shutil.copytree(REPOSITORY / "migrator", source / "migrator")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*pip, "--wheel-dir", folder, source], check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(site: Path, *arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, where nothing of the kit can be imported."""
    (metadata,) = site.glob("*.dist-info")
    assert "migrator = migrator.__main__:run" in (metadata / "entry_points.txt").read_text()
    return subprocess.run(
        [sys.executable, "-c", "import sys; from migrator.__main__ import run; sys.exit(run())", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(site), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_works_without_the_kit(unpacked: Path, database: OwnedDatabase) -> None:
    """Check, apply, and bundle, of which plain Python runs the result."""
    assert sorted(path.name for path in unpacked.iterdir() if path.is_dir() and "." not in path.name) == [
        "migrator"
    ]
    database.write("1", "CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a);")
    database.write("2", "ALTER TABLE t DROP COLUMN b;")
    flags = ("--migrations", str(database.folder))
    refused = run(
        unpacked, "check", *flags, str(database.folder / "2" / "migration.sql"), folder=database.folder
    )
    assert (refused.returncode, "2/migration.sql:1: refused (drop-column)" in refused.stdout) == (1, True)
    applied = run(unpacked, "apply", *flags, folder=database.folder, **database.environment)
    assert (applied.returncode, applied.stderr) == (0, "")
    bundled = run(unpacked, "bundle", *flags, "--output", str(unpacked / "out"), folder=database.folder)
    zipapp = bundled.stdout.splitlines()[-1]
    status = subprocess.run(
        [sys.executable, "-I", zipapp, "status"],
        env={**os.environ, **database.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split()[:2] for line in status.stdout.splitlines()] == [["1", "applied"], ["2", "applied"]]
