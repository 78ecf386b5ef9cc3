"""The kit's program that starts jobs, as several servers run it: on one record, in the rehearsal's S3."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from components.adoption import ADAPTER
from rehearsal.cloud.ec2.imds import MetadataServer
from testkit.npm_packages import installed

JOB = """\
const { appendFileSync } = require("node:fs");
const [journal, milliseconds] = process.argv.slice(2);
const note = (event) => {
  appendFileSync(journal, `${JSON.stringify({ event, pid: process.pid, at: Date.now() })}\\n`);
};
process.on("SIGINT", () => { note("told"); process.exit(3); });
note("begin");
setTimeout(() => note("end"), Number(milliseconds));
"""


def adapter(folder: Path) -> Path:
    """The kit's part of a release, with its packages."""
    manifest = folder / "manifest"
    manifest.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ADAPTER / name, manifest)
    packages = installed(manifest, name="adapter", what="what the kit adds to a release")
    own = folder / "own"
    own.mkdir()
    (own / "node_modules").symlink_to(packages / "node_modules")
    for file in ADAPTER.glob("*.cjs"):
        shutil.copy(file, own)
    return own


class Metadata:
    """The instance metadata of servers that all have one role.

    They go on once each has seen what is due, one after the other: so all ask for the same run.
    """

    def __init__(self, credentials: Mapping[str, str], *, servers: int) -> None:
        self._credentials = {
            "AccessKeyId": credentials["AccessKeyId"],
            "SecretAccessKey": credentials["SecretAccessKey"],
            "Token": credentials["SessionToken"],
        }
        self._all = threading.Barrier(servers)
        self._together = True
        self.lifecycle_state = "InService"
        self._server = MetadataServer("127.0.0.1", self._look_up, lambda _: True, tokens_required=True)
        self.endpoint = self._server.endpoint

    def close(self) -> None:
        """Answer no more."""
        self.alone()
        self._server.close()

    def alone(self) -> None:
        """From now on nobody waits for others."""
        self._together = False
        self._all.abort()

    def _look_up(self, path: str) -> str | None:
        match path.removeprefix("meta-data/"):
            case "iam/security-credentials":
                return "server"
            case "iam/security-credentials/server":
                return json.dumps(self._credentials)
            case "autoscaling/target-lifecycle-state":
                self._meet()
                return self.lifecycle_state
        return None

    def _meet(self) -> None:
        """One after the other once all are there; without those that do not come in time."""
        try:
            time.sleep(0.3 * self._all.wait(timeout=2))
        except threading.BrokenBarrierError:
            if self._together:
                self._all.reset()


@dataclass(frozen=True, kw_only=True, slots=True)
class CronProgram:
    """One server's process."""

    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, own: Path, name: str, environment: Mapping[str, str]) -> CronProgram:
        """With a log of its own beside the program."""
        log = own / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "node", "cron.cjs"],
                cwd=own,
                env={"PATH": os.environ["PATH"], "SERVER_ID": name, "RELEASE": "r1", **environment},
                stdout=output,
                stderr=output,
            )
        return cls(process=process, log=log)

    def lines(self, message: str = "") -> list[dict[str, Any]]:
        """What it said."""
        said = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in said if not message or line["message"] == message]

    def end(self, by: signal.Signals = signal.SIGINT) -> int:
        """As PM2 does, or a crash."""
        self.process.send_signal(by)
        return self.process.wait(timeout=20)


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRun:
    """A run by the job's own journal: milliseconds since the epoch."""

    pid: int
    began: int
    ended: int | None


def runs(journal: Path) -> list[JobRun]:
    """In the order of their beginnings."""
    events = [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []
    ends = {event["pid"]: event["at"] for event in events if event["event"] != "begin"}
    return [
        JobRun(pid=event["pid"], began=event["at"], ended=ends.get(event["pid"]))
        for event in events
        if event["event"] == "begin"
    ]


def overlapping(found: Sequence[JobRun]) -> list[tuple[JobRun, JobRun]]:
    """Runs that began before the one before them had ended."""
    return [(one, next_) for one, next_ in pairwise(found) if one.ended is None or next_.began < one.ended]
