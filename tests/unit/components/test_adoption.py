"""How the processes of an app without PM2 settings are started."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components import app_layout
from components.adoption import (
    CRON,
    AdoptionError,
    NodeCommand,
    ProcessSettings,
    adopt,
    bring,
    start,
)

SCRIPTS = {
    "start": "NODE_ENV=production node dist/main",
    "start:prod": "npm run start -- --port 1",
    "worker": "cross-env NODE_ENV=production node -r dotenv/config --enable-source-maps dist/worker.js all",
    "serve": "next start",
    "migrate": "prisma migrate deploy && node dist/main.js",
    "piped": "node dist/main.js | pino-pretty",
    "own": "SECRET_FLAG=1 node dist/main.js",
    "binary": "./server",
    "round": "npm run round",
    "shell": "shelly serve",
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A built app, with two programs of dependencies."""
    (tmp_path / "package.json").write_text(json.dumps({"scripts": SCRIPTS}))
    for name, text in {
        "dist/main.js": "",
        "dist/worker.js": "",
        "node_modules/next/dist/bin/next": "#!/usr/bin/env node\n",
        "node_modules/shelly/run.sh": "#!/bin/sh\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    bin_folder = tmp_path / "node_modules/.bin"
    bin_folder.mkdir()
    (bin_folder / "next").symlink_to("../next/dist/bin/next")
    (bin_folder / "shelly").symlink_to("../shelly/run.sh")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "started"),
    [
        ("npm start", NodeCommand(script="dist/main.js")),
        ("yarn start", NodeCommand(script="dist/main.js")),
        ("pnpm run serve", NodeCommand(script="node_modules/next/dist/bin/next", args=["start"])),
        (
            "npm run worker",
            NodeCommand(
                script="dist/worker.js",
                args=["all"],
                node_args=["-r", "dotenv/config", "--enable-source-maps"],
            ),
        ),
        (
            "next start -H 0.0.0.0",
            NodeCommand(script="node_modules/next/dist/bin/next", args=["start", "-H", "0.0.0.0"]),
        ),
        ("node dist/worker.js", NodeCommand(script="dist/worker.js")),
    ],
)
def test_a_command_is_a_script_that_node_runs(app: Path, command: str, started: NodeCommand) -> None:
    """Directly: a shell or npm between PM2 and the app would swallow its signals."""
    found = start(command, app)
    assert (found.script, list(found.args), list(found.node_args)) == (
        started.script,
        list(started.args),
        list(started.node_args),
    )


def test_a_members_program_may_be_the_workspaces(app: Path) -> None:
    """Where a package manager puts it that shares packages among members."""
    member = app / "apps/web"
    member.mkdir(parents=True)
    (member / "package.json").write_text('{"scripts": {"start": "next start"}}')
    assert start("npm start", member) == NodeCommand(
        script="../../node_modules/next/dist/bin/next", args=["start"]
    )


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("npm run migrate", "takes a shell"),
        ("npm run piped", "takes a shell"),
        ("npm run own", r"set SECRET_FLAG in evenkeel:app\.environment"),
        ("npm run binary", "neither node nor a program of a production dependency"),
        ("npm run round", 'has no script "round"'),
        ("npm run nothing", 'has no script "nothing"'),
        ("node dist/absent.js", r"no dist/absent\.js once the app is built"),
        ("node", "no script once the app is built"),
        ("shelly serve", r"no script of Node\.js"),
    ],
)
def test_what_cannot_be_run_so_is_refused_with_a_way_out(app: Path, command: str, words: str) -> None:
    """At the build, not on a server."""
    with pytest.raises(AdoptionError, match=words):
        start(command, app)


def test_what_has_a_schedule_is_a_job_and_no_process_of_pm2s(app: Path) -> None:
    """One process starts all of them: PM2 tells it alone, and it tells a run."""
    (app / "package-lock.json").write_text("{}")
    bring(app)
    processes = {
        "web": ProcessSettings(command="node dist/main.js"),
        "mailer": ProcessSettings(command="node dist/worker.js mail", instances=2),
        "digest": ProcessSettings(
            command="node --enable-source-maps dist/worker.js digest", schedule="0 6 * * *", timeout=600
        ),
    }
    adopt(app_layout.of(app), processes, app)
    written = json.loads((app / ".evenkeel/jobs.json").read_text())
    assert written == {
        "digest": {
            "schedule": "0 6 * * *",
            "timeout": 600,
            "script": "dist/worker.js",
            "args": ["digest"],
            "node_args": ["--enable-source-maps"],
        }
    }
    web, mailer, cron = ecosystem(app)
    assert (web["name"], web["exec_mode"]) == ("app", "cluster")
    assert (mailer["name"], mailer["script"]) == ("mailer", str(app / "dist/worker.js"))
    assert (cron["name"], cron["script"]) == (CRON, str(app / ".evenkeel/cron.cjs"))
    assert (cron["instances"], cron["treekill"], cron["cwd"]) == (1, False, str(app))
    assert "treekill" not in mailer


def test_without_a_schedule_nothing_starts_jobs(app: Path) -> None:
    """It would cost each server 50 MB."""
    (app / "package-lock.json").write_text("{}")
    bring(app)
    adopt(app_layout.of(app), {"web": ProcessSettings(command="node dist/main.js")}, app)
    assert [one["name"] for one in ecosystem(app)] == ["app"]
    assert not (app / ".evenkeel/jobs.json").exists()


def ecosystem(app: Path) -> list[dict[str, Any]]:
    """The apps of PM2's settings, as Node.js reads them."""
    script = "console.log(JSON.stringify(require(process.argv[1]).apps))"
    command = ["node", "-e", script, str(app / ".evenkeel/ecosystem.config.js")]
    said = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "APP_DIR": ""}
    )
    apps: list[dict[str, Any]] = json.loads(said.stdout)
    return apps
