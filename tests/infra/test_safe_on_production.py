"""What is not marked `disruptive` may be run on production at any time."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from migrator.settings import Server as Database
from pytest_evenkeel.app_user import ACCOUNT, Account, AppUser
from pytest_evenkeel.fixtures import NAMED
from pytest_evenkeel.log_in import LogIn
from pytest_evenkeel.server import ServingInstance
from pytest_evenkeel.stack import Stack
from testkit import access
from testkit.checkout import ROOT
from testkit.deployment import Deployment
from tests.infra import own_app

WRITES = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), -1) FROM pg_stat_user_tables"
"""Rows written since the database's start."""
REPORT_SECONDS = 11
"""Postgres' idle backends report what they wrote after 10 s (PGSTAT_IDLE_INTERVAL)."""
CHECKS = 34
"""At least so many checks are not disruptive where an account is given."""


@pytest.mark.long
def test_checks_that_are_not_disruptive_change_nothing(
    stack: Stack,
    log_in: LogIn,
    servers: list[ServingInstance],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    """Run as on a stack that is named by its outputs: nothing is written, no worker or server is another.

    An account is given, so those that log in are among them; its own rows show that written rows are seen.
    """
    if NAMED in request.config.stash:
        pytest.skip("only in rehearsal can the test look into the database")
    outputs = tmp_path / "outputs.json"
    deployment: Deployment = request.getfixturevalue("deployment")
    outputs.write_text(json.dumps(deployment.outputs))
    request.getfixturevalue("aws_environment")
    database = access.database(access.authority(deployment, tmp_path))

    def state() -> object:
        time.sleep(REPORT_SECONDS)
        sessions = servers[0].node("stores.cjs", {"key": None, "count": own_app.session_key("*")})[
            "sessions"
        ]["keys"]
        assert isinstance(sessions, int)
        return written(database), sessions, {server.id: server.pids() for server in servers}

    without_account = written(database)
    account = Account.new()
    AppUser(stack.url, log_in, account).sign_up()
    before = state()
    assert written(database) > without_account
    checks = [sys.executable, "-m", "pytest", "tests/infra", "-q", "-m", "not disruptive"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    shell = own | dict(zip(ACCOUNT, (account.email, account.password), strict=True))
    done = subprocess.run(
        [*checks, "-p", "no:cacheprovider", "--outputs", outputs],
        cwd=ROOT,
        env=shell,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) >= CHECKS, done.stdout
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
