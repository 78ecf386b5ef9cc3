"""One server of the stack: testinfra's host, and what PM2, systemd and the boot script say there."""

import json
import re
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from testinfra.host import Host

from testkit.waiting import eventually

PM2 = (
    "runuser -u app -- env HOME=/var/lib/app PM2_HOME=/var/lib/app/.pm2 "
    "/opt/app/current/node_modules/.bin/pm2"
)
"""PM2's command line, as the app's user."""
PICK = """
const names = JSON.parse(process.argv[1]);
const processes = JSON.parse(require("node:fs").readFileSync(0));
const [first] = require("/opt/app/current/ecosystem.config.js").apps;
console.log(JSON.stringify(processes.map((one) => ({
  ...Object.fromEntries(names.map((name) => [name, one[name] ?? one.pm2_env[name]])),
  serves: one.name === first.name,
}))));
"""
"""PM2 lists each process's whole environment, secrets too, and SSM keeps what a command prints."""
NODE = "node --env-file=/etc/evenkeel/app.env --experimental-websocket --no-warnings"
RESTART_SECONDS = 60
"""Within which PM2 has replaced workers that ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pm2Process:
    """What PM2 says of a process, under PM2's own names; times are milliseconds, sizes bytes."""

    name: str
    """Of its app in `ecosystem.config.js`."""
    serves: bool
    """Whether it is of the first app there, the one that serves HTTP."""
    pid: int
    """0 while PM2 waits to start it again."""
    pm_id: int
    status: str
    exec_mode: str
    kill_timeout: int
    listen_timeout: int
    wait_ready: bool
    max_memory_restart: int
    merge_logs: bool
    pm_out_log_path: str
    pm_err_log_path: str
    unstable_restarts: int


class ServingInstance:
    """An instance in service. What never changes is asked for once, what may change each time."""

    def __init__(self, instance_id: str, zone: str, host: Host) -> None:
        self.id, self.zone, self.host = instance_id, zone, host

    def __repr__(self) -> str:
        return self.id

    @cached_property
    def environment(self) -> dict[str, str]:
        """What the boot script wrote for the app, without the secrets."""
        public = "HOST|PORT|RELEASE|WEB_CONCURRENCY|COOKIE_SECURE|[A-Z_]+_MS"
        return _assigned(self.host.check_output(f"grep -E '^({public})=' /etc/evenkeel/app.env"))

    @cached_property
    def unit(self) -> dict[str, str]:
        """app.service's properties, as `systemctl show` names them."""
        return _assigned(self.host.check_output("systemctl show app.service"))

    @property
    def address(self) -> tuple[str, int]:
        """Where the app listens."""
        return self.environment["HOST"], int(self.environment["PORT"])

    @property
    def kill_seconds(self) -> float:
        """After so long PM2 kills a worker that was told to go."""
        return int(self.environment["KILL_TIMEOUT_MS"]) / 1000

    @property
    def drain_seconds(self) -> float:
        """So long a worker waits for its requests in flight, once its idle connections are closed."""
        return int(self.environment["DRAIN_TIMEOUT_MS"]) / 1000

    @cached_property
    def workers(self) -> list[Pm2Process]:
        """Those that served when the server was first asked."""
        return self.list_workers()

    def list_workers(self) -> list[Pm2Process]:
        """Those that serve, now."""
        return [one for one in self.list_processes() if one.serves]

    def list_processes(self) -> list[Pm2Process]:
        """PM2's list, now: the workers that serve, and what else the app runs."""
        names = [field.name for field in fields(Pm2Process) if field.name != "serves"]
        listed = self.host.check_output(
            f"{PM2} jlist --silent | node -e %s %s", PICK, json.dumps(names)
        ).splitlines()[-1]
        return [Pm2Process(**{"wait_ready": False, "merge_logs": False, **one}) for one in json.loads(listed)]

    def pids(self) -> set[int]:
        """Of the workers that run. Never 0, which as a pid means the whole group of whoever signals it."""
        return {one.pid for one in self.list_workers() if one.status == "online" and one.pid > 0}

    def wait_until_restarted(self, before: set[int]) -> None:
        """PM2 has put a new worker in the place of each of these, and the app is ready."""
        host, port = self.address
        ready = f"curl --silent --fail --max-time 2 --output /dev/null http://{host}:{port}/readyz"

        def restarted() -> bool:
            workers = self.list_workers()
            new = all(one.status == "online" and one.pid not in before for one in workers)
            return bool(workers) and new and bool(self.host.run(ready).succeeded)

        eventually(restarted, within=RESTART_SECONDS, poll=0.5, shown=self.list_workers)

    def node(self, script: str, arguments: Any) -> Any:
        """The JSON that a script of this folder prints, run by the server's Node in the app's environment."""
        source = Path(__file__).with_name(script).read_text()
        done = self.host.run(
            f"NODE_EXTRA_CA_CERTS=/etc/evenkeel/ca.pem {NODE} -e %s %s",
            source,
            json.dumps(arguments),
        )
        assert done.succeeded, f"{script} on {self.id}: {done.stderr}"
        return json.loads(done.stdout)


def _assigned(lines: str) -> dict[str, str]:
    """`NAME=value` lines."""
    return dict(line.split("=", 1) for line in lines.splitlines() if re.match(r"\w+=", line))
