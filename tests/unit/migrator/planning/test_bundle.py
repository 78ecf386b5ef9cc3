"""The zipapp."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

from migrator import preview
from migrator.planning import bundle


def folder(root: Path, sql: str = "CREATE INDEX i ON t (a);") -> Path:
    (root / "1_index").mkdir(parents=True)
    (root / "1_index" / "migration.sql").write_text(sql)
    return root


def test_the_same_input_is_the_same_file(tmp_path: Path) -> None:
    """Wherever it lies and whenever it is built; it is named by its digest."""
    first = bundle.build(folder(tmp_path / "a"), tmp_path / "out")
    for file in (tmp_path / "a").rglob("*"):
        os.utime(file, (1, 1))
    second = bundle.build(tmp_path / "a", tmp_path / "elsewhere" / "out")
    assert first.sha256 == second.sha256 == sha256(second.path.read_bytes()).hexdigest()
    assert second.path == tmp_path / "elsewhere" / "out" / f"migrator-{first.sha256}.pyz"
    other = bundle.build(folder(tmp_path / "b", "CREATE INDEX j ON t (a);"), tmp_path / "out")
    assert other.sha256 != first.sha256


def test_it_holds_the_runner_and_no_parser(tmp_path: Path) -> None:
    """No C extension, nothing of the deployer's side; licences of what is shipped."""
    names = zipfile.ZipFile(bundle.build(folder(tmp_path / "a"), tmp_path).path).namelist()
    assert {Path(name).suffix for name in names} <= {".py", ".json", ""}
    assert "migrator/plan.json" in names
    assert not {"migrator/planner.py", "migrator/parse.py", "migrator/checks.py"} & set(names)
    assert {name.partition("/")[0] for name in names if "LICENSE" in name} == {
        "asn1crypto-1.5.1.dist-info",
        "pg8000-1.31.6.dist-info",
        "python_dateutil-2.9.0.post0.dist-info",
        "scramp-1.5.0.dist-info",
        "six-1.17.0.dist-info",
    }


def test_it_runs_by_itself(tmp_path: Path) -> None:
    """Isolated from this environment it shows the plan that it holds."""
    built = bundle.build(folder(tmp_path / "a"), tmp_path)
    python = Path(sys.base_prefix) / "bin" / "python3"
    shown = subprocess.run(
        [python, "-I", "-S", built.path, "plan"], capture_output=True, text=True, check=True
    )
    assert shown.stdout == preview.report(built.plan, sizes={}, spared=0, everything=False) + "\n"


def test_what_it_holds_needs_no_parser(tmp_path: Path) -> None:
    """Whatever imports pglast lies in the folder that stays behind, and nothing else does."""
    archive = zipfile.ZipFile(bundle.build(folder(tmp_path / "a"), tmp_path).path)
    modules = [name for name in archive.namelist() if name.startswith("migrator/") and name.endswith(".py")]
    needs = {name: re.search(r"^(from|import) pglast", archive.read(name).decode(), re.M) for name in modules}
    assert [name for name, found in needs.items() if found] == []
    assert not [name for name in modules if "/planning/" in name]
    assert "migrator/applying/apply.py" in modules
