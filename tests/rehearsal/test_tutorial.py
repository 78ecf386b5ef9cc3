"""docs/own-repository.md from an empty folder, followed to the letter: what it says and nothing else."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from testkit import orphans
from testkit.checkout import ROOT
from testkit.own_repository import wheels

PUBLISHED = (
    '"evenkeel[rehearsal] @ git+https://github.com/OWNER/evenkeel@v0.2.0#subdirectory=packaging/evenkeel"'
)
MOST_COMMANDS = 6
MOST_SECONDS = 600
"""With a full cache."""
SERVER = """\
const { createServer } = require('node:http');
createServer((request, response) => response.end('the shop')).listen(process.env.PORT);
"""
LOCK = {"name": "shop", "lockfileVersion": 3, "packages": {"": {"name": "shop"}}}


def commands() -> list[str]:
    """The page's first block."""
    page = (ROOT / "docs" / "own-repository.md").read_text()
    block = re.search(r"```sh\n(.*?)```", page, re.DOTALL)
    assert block
    return block[1].splitlines()


@pytest.mark.long
def test_a_few_commands_lead_from_an_empty_folder_to_a_page(tmp_path: Path) -> None:
    """The kit comes from a wheel in place of its publisher's repository, which nobody has yet."""
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "package.json").write_text(json.dumps({"name": "shop", "scripts": {"start": "node server.js"}}))
    (shop / "package-lock.json").write_text(json.dumps(LOCK))
    (shop / "server.js").write_text(SERVER)
    (shop / "prisma/migrations/1_orders").mkdir(parents=True)
    (shop / "prisma/migrations/1_orders/migration.sql").write_text("CREATE TABLE orders (id bigint);\n")
    built = wheels(tmp_path, version="0.2.99")
    lines = commands()
    assert len(lines) <= MOST_COMMANDS
    script = "\n".join(lines).replace(
        f"pipx run --spec {PUBLISHED}",
        f"{sys.prefix}/bin/uv tool run --quiet --from 'evenkeel[rehearsal] @ file://{built}'",
    )
    assert "OWNER" not in script
    orphans.own(tmp_path / "shop-infra" / ".rehearsal")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))
    }
    try:
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        said = re.search(r"The app answers at (\S+)", done.stdout)
        assert said, done.stdout[-3000:]
        assert requests.get(said[1], timeout=10).text == "the shop"
    finally:
        subprocess.run(["make", "down"], cwd=tmp_path / "shop-infra", env=environment, check=True)
