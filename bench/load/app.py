"""The reference app as one of the variants, one process or PM2 and its workers; and its SMS gateway."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import requests

from bench.load import processes
from bench.load.stores import APP
from bench.load.variants import PARTS, QUEUE, WORKERS, Variant
from rehearsal.processes import Child
from testkit.ports import free_ports

HERE = Path(__file__).parent
PM2 = APP / "node_modules" / ".bin" / "pm2"
START, STOP = 60, 15  # seconds
SECRET = secrets.token_urlsafe(32)  # of every variant: sessions outlast them


T = TypeVar("T")


class AppFailed(Exception):
    """The app did not start; its log is in the message."""


class Gateway:
    """Delivers nothing, in a real gateway's time; ended with the block."""

    def __init__(self, folder: Path) -> None:
        log = folder / "gateway.log"
        self._process = Child(["node", HERE / "gateway.js"], log=log)
        self.url = _until(
            lambda: next(iter(re.findall(r"^(http\S+)$", log.read_text(), re.MULTILINE)), None), log
        )

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.end(within=STOP)

    @property
    def pids(self) -> dict[str, list[int]]:
        """By the name that the report gives its cores."""
        return {"SMS gateway": [self._process.pid]}


class App:
    """A running variant; ended with the block. `workers`: how many, where there is more than one process."""

    def __init__(
        self, folder: Path, variant: Variant, environment: Mapping[str, str], *, workers: int
    ) -> None:
        folder.mkdir()
        port = free_ports(workers + 2)
        self._metrics_port = port + 2  # the queue's worker has the one below
        self.url = f"http://127.0.0.1:{port}"
        self.workers = workers if WORKERS in variant.parts else 1
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PM2_HOME": str(folder),
            "LOG_DIR": str(folder),
            "NODE_ENV": "production",
            "COOKIE_SECURE": "false",  # the load balancer's part, TLS with the users, is left out
            "SESSION_SECRET": SECRET,
            "PORT": str(port),
            "METRICS_PORT": str(self._metrics_port),
            "WEB_CONCURRENCY": str(self.workers),
            # One machine is everyone here, and a church writes for a thousand.
            **dict.fromkeys(
                (
                    "LOG_IN_FAILURE_LIMIT",
                    "LOG_IN_LIMIT",
                    "SESSION_LIMIT",
                    "MESSAGE_LIMIT",
                    "DAILY_MESSAGE_LIMIT",
                    "MEMBER_LIMIT",
                    "READ_LIMIT",
                ),
                "1000000",
            ),
            "WITHOUT": " ".join(variant.without),
            **environment,
        }
        self._processes = (
            self._with_pm2(folder, variant) if WORKERS in variant.parts else self._plain(folder, variant)
        )
        try:
            _until(self._serves, folder / "app.log")
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> App:
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    @property
    def pids(self) -> dict[str, list[int]]:
        """Each of the app's processes, by what it is called."""
        found: dict[str, list[int]] = {}
        for root in self._processes:
            for pid in processes.family(root.pid):
                command = processes.command(pid)
                if "server.js" in command:
                    found[f"worker {len([name for name in found if name.startswith('worker')]) + 1}"] = [pid]
                else:
                    found["queue's worker" if "worker.js" in command else "PM2"] = [pid]
        return found

    def metrics(self) -> list[str]:
        """What each process of the app says of itself, in Prometheus' format."""
        ports = range(self._metrics_port, self._metrics_port + self.workers)
        return [requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text for port in ports]

    def _plain(self, folder: Path, variant: Variant) -> list[Child]:
        log = folder / "app.log"
        command: list[str | Path] = ["node", "--require", HERE / "as_it_was.js", APP / "src" / "server.js"]
        running = [Child(command, log=log, env=self._environment, cwd=APP)]
        if QUEUE in variant.parts:
            running.append(
                Child(["node", APP / "src" / "worker.js"], log=log, env=self._environment, cwd=APP)
            )
        return running

    def _with_pm2(self, folder: Path, variant: Variant) -> list[Child]:
        """All parts are the file that ships; else its first app begins with what is replaced."""
        ecosystem = APP / "ecosystem.config.js"
        if variant.parts != set(PARTS):
            own = folder / "ecosystem.config.js"
            first = f"{{ ...apps[0], node_args: ['--require', {json.dumps(str(HERE / 'as_it_was.js'))}] }}"
            others = "...apps.slice(1)" if QUEUE in variant.parts else ""
            own.write_text(
                f"const {{ apps }} = require({json.dumps(str(ecosystem))});\n"
                f"module.exports = {{ apps: [{first}, {others}] }};\n"
            )
            ecosystem = own
        command: list[str | Path] = [PM2, "start", ecosystem, "--no-daemon"]
        return [Child(command, log=folder / "app.log", env=self._environment, cwd=APP)]

    def _serves(self) -> bool:
        """Whether each worker has answered and is ready."""
        if not all(process.alive for process in self._processes):
            raise AppFailed(self._processes[0].log.read_text()[-4000:])
        seen = set()
        for _ in range(4 * self.workers):  # each time a new connection, which the next worker gets
            with suppress(requests.RequestException):
                answer = requests.get(f"{self.url}/readyz", headers={"Connection": "close"}, timeout=5)
                if answer.ok:
                    seen.add(answer.json()["pid"])
        return len(seen) == self.workers

    def _end(self) -> None:
        for process in self._processes:
            process.end(within=STOP)


def _until(attempt: Callable[[], T | None], log: Path) -> T:
    """The first value that is one; AppFailed with the log when there is none in time."""
    deadline = time.monotonic() + START
    while not (value := attempt()):
        if time.monotonic() > deadline:
            raise AppFailed(f"not ready within {START} s:\n{log.read_text()[-4000:]}")
        time.sleep(0.1)
    return value
