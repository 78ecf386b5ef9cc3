"""What is not marked `disruptive` may be run on production at any time."""

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from migrator.settings import Server as Database
from tests import access
from tests.checkout import ROOT
from tests.conftest import Deployment
from tests.infra.plugin import ACCOUNT, NAMED
from tests.infra.server import Server
from tests.infra.stack import Stack

WRITES = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), -1) FROM pg_stat_user_tables"
"""Rows written since the database's start."""


def test_checks_that_are_not_disruptive_change_nothing(
    stack: Stack, servers: list[Server], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Run as on a stack that is named by its outputs: no row is written, no worker or server is another."""
    if NAMED in request.config.stash:
        pytest.skip("only in rehearsal can the test look into the database")
    outputs = tmp_path / "outputs.json"
    named = [field.name for field in fields(Stack) if field.name != "environment"]
    outputs.write_text(json.dumps({name: getattr(stack, name) for name in named}))
    deployment: Deployment = request.getfixturevalue("deployment")
    request.getfixturevalue("aws_environment")
    database = access.database(access.authority(deployment, tmp_path))

    def state() -> object:
        return written(database), {server.id: server.pids() for server in servers}

    before = state()
    checks = [sys.executable, "-m", "pytest", "tests/infra", "-q", "-m", "not disruptive"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    shell = {name: value for name, value in own.items() if name not in ACCOUNT}
    done = subprocess.run(
        [*checks, "-p", "no:cacheprovider", "--outputs", outputs],
        cwd=ROOT,
        env=shell,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert state() == before


def written(database: Database) -> int:
    """How many rows were ever written into the app's tables."""
    connection = {
        "PGHOST": database.host,
        "PGPORT": str(database.port),
        "PGDATABASE": database.database,
        "PGUSER": database.user,
        "PGPASSWORD": database.password,
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(database.ca),
    }
    asked = ["psql", "--no-psqlrc", "--tuples-only", "--command", WRITES]
    done = subprocess.run(asked, env=os.environ | connection, capture_output=True, text=True, check=True)
    return int(done.stdout)
