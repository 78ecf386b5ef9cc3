"""One server of the stack: testinfra's host, and what PM2, systemd and the boot script say there."""

import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from testinfra.host import Host

from pytest_evenkeel.survey import Question, ServerAnswer, Survey
from pytest_evenkeel.waiting import eventually

STARTED = "sed -nE 's#^ExecStart=(.+)-runtime start (.+)$#\\{part}#p' /etc/systemd/system/app.service"
"""app.service starts PM2 from where this app has it, with the settings that this app has or was given."""
PM2 = f'runuser -u app -- env HOME=/var/lib/app PM2_HOME=/var/lib/app/.pm2 "$({STARTED.format(part=1)})"'
"""PM2's command line, as the app's user."""
ECOSYSTEM = f'"$({STARTED.format(part=2)})"'
"""The file with PM2's settings, as a word of shell."""
PICK = """
const [, names, ecosystem] = process.argv;
const processes = JSON.parse(require("node:fs").readFileSync(0));
const [first] = require(ecosystem).apps;
console.log(JSON.stringify(processes.map((one) => ({
  ...Object.fromEntries(JSON.parse(names).map((name) => [name, one[name] ?? one.pm2_env[name]])),
  serves: one.name === first.name,
}))));
"""
"""PM2 lists each process's whole environment, secrets too, and SSM keeps what a command prints."""
NODE = "node --env-file=/etc/evenkeel/app.env --experimental-websocket --no-warnings"
CHECKS = Path(__file__).with_name("checks")
PUBLIC = "HOST|PORT|RELEASE|WEB_CONCURRENCY|COOKIE_SECURE|[A-Z_]+_MS"
RESTART_SECONDS = 60
"""Within which PM2 has replaced workers that ended."""
ENVIRONMENT = Question(f"grep -E '^({PUBLIC})=' /etc/evenkeel/app.env")
UNIT = Question("systemctl show app.service")


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
    exit_code: int | None = None
    """Of the process that this one replaced; None where it is the first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LastWords:
    """What a worker wrote into its log when it ended, by the kit's `shutdown.js`."""

    code: int
    reason: str
    cut_off: int = 0
    """Requests that the drain did not wait for any longer."""
    hard_stop: bool = False
    """Whether it left because of the last deadline before PM2's SIGKILL."""


class ServingInstance:
    """An instance in service. Of what its survey says no check has to ask again."""

    def __init__(self, instance_id: str, zone: str, host: Host, survey: Survey) -> None:
        self.id, self.zone, self.host, self._survey = instance_id, zone, host, survey

    def __repr__(self) -> str:
        return self.id

    def answer(self, question: Question) -> ServerAnswer:
        """How the question's command ended."""
        return self._survey.answer(self.id, question)

    def told(self, question: Question) -> str:
        """What the question's command printed, without the last line's end; AssertionError if it failed."""
        answer = self.answer(question)
        assert answer.status == 0, f"`{question.command}` on {self.id}: {answer.stderr}"
        return answer.stdout.removesuffix("\n")

    @cached_property
    def environment(self) -> dict[str, str]:
        """What the boot script wrote for the app, without the secrets."""
        return assigned(self.told(ENVIRONMENT))

    @cached_property
    def unit(self) -> dict[str, str]:
        """app.service's properties, as `systemctl show` names them."""
        return assigned(self.told(UNIT))

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
    def processes(self) -> list[Pm2Process]:
        """PM2's list: the workers that serve, and what else the app runs."""
        return listed(self.told(PROCESSES))

    @property
    def workers(self) -> list[Pm2Process]:
        """The processes that serve."""
        return [one for one in self.processes if one.serves]

    def list_workers(self) -> list[Pm2Process]:
        """Those that serve, now."""
        return [one for one in listed(self.host.check_output(PROCESSES.command)) if one.serves]

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
        """The JSON that a script of `checks/` prints, run by the server's Node in the app's environment."""
        done = self.host.run(node(script, arguments))
        assert done.succeeded, f"{script} on {self.id}: {done.stderr}"
        return json.loads(done.stdout)

    def last_words(self, pids: Iterable[int]) -> dict[int, LastWords]:
        """Of those of the workers that wrote any: nothing of one that was killed, or shuts down by itself."""
        # grep fails where no worker has said anything yet.
        lines = self.host.run('grep -h \'"message":"exit"\' /var/log/app/out.log').stdout.splitlines()
        said = {line["pid"]: line for line in map(json.loads, lines)}
        return {
            pid: LastWords(
                code=said[pid]["code"],
                reason=said[pid]["reason"],
                cut_off=said[pid].get("cutOff", 0),
                hard_stop=said[pid].get("hardStop", False),
            )
            for pid in pids
            if pid in said
        }


def node(script: str, arguments: Any) -> str:
    """The command line."""
    source = (CHECKS / script).read_text()
    run = f"NODE_EXTRA_CA_CERTS=/etc/evenkeel/ca.pem {NODE} -e"
    return f"{run} {shlex.quote(source)} {shlex.quote(json.dumps(arguments))}"


def listed(text: str) -> list[Pm2Process]:
    """What `PROCESSES` prints. PM2 may say something before."""
    found = json.loads(text.splitlines()[-1])
    return [Pm2Process(**{"wait_ready": False, "merge_logs": False, **one}) for one in found]


def assigned(lines: str) -> dict[str, str]:
    """`NAME=value` lines."""
    return dict(line.split("=", 1) for line in lines.splitlines() if re.match(r"\w+=", line))


PROCESSES = Question(
    f"{PM2} jlist --silent | node -e %s %s {ECOSYSTEM}",
    (PICK, json.dumps([field.name for field in fields(Pm2Process) if field.name != "serves"])),
)
"""PM2's list, and what of it the checks look at."""
