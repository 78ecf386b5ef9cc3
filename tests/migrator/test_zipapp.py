"""The bundle, as the deployment's task runs it: plain Python, no environment, TLS."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from migrator import preview
from migrator.planning import bundle
from tests.migrator.conftest import REPOSITORY, OwnedDatabase

SYSTEM_PYTHON = shutil.which("python3", path="/usr/bin")
REFERENCE = REPOSITORY / "app" / "prisma" / "migrations"


def run(zipapp: Path, command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SYSTEM_PYTHON), "-I", str(zipapp), command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_plain_python_applies_the_reference_apps_migrations(database: OwnedDatabase, tmp_path: Path) -> None:
    """Nothing but the zipapp and the environment: apply, status, verify, plan."""
    built = bundle.build(REFERENCE, tmp_path)
    applied = run(built.path, "apply", database.environment)
    assert (applied.returncode, applied.stderr) == (0, "")
    assert re.search(r'CREATE INDEX .*"ConversationMessage_direction.*committed', applied.stdout)
    assert "20251204_add_critical_indices  applied " in run(built.path, "status", database.environment).stdout
    assert run(built.path, "verify", database.environment).returncode == 0
    shown = preview.report(built.plan, sizes={}, spared=0, everything=False)
    assert run(built.path, "plan", {}).stdout == f"{shown}\n"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"PGSSLROOTCERT": "/nowhere"}, "PGSSLROOTCERT /nowhere does not exist: give the CA bundle's path"),
        ({"PGHOST": "127.1"}, "certificate verify failed: Hostname mismatch"),
        ({"PGPASSWORD": "wrong-secret"}, "password authentication failed"),
        ({"PGPORT": "1"}, "Connection refused"),
    ],
)
def test_a_connection_that_cannot_be_trusted_is_refused(
    database: OwnedDatabase, tmp_path: Path, change: dict[str, str], message: str
) -> None:
    """The certificate, the host name and the password are checked; no password is shown."""
    built = bundle.build(REFERENCE, tmp_path)
    refused = run(built.path, "apply", {**database.environment, **change})
    assert refused.returncode == 5
    assert message in refused.stderr
    assert "wrong-secret" not in refused.stderr


def test_a_server_of_another_authority_is_refused(database: OwnedDatabase, tmp_path: Path) -> None:
    """Without PGSSLROOTCERT the system's authorities count, and they did not sign this server."""
    built = bundle.build(REFERENCE, tmp_path)
    environment = {name: value for name, value in database.environment.items() if name != "PGSSLROOTCERT"}
    refused = run(built.path, "apply", environment)
    assert refused.returncode == 5
    assert "certificate verify failed" in refused.stderr
