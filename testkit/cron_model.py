"""Servers that start one job, and the S3 between them, as a model whose steps come in any order.

The decisions are the real ones, of due.cjs. Requests arrive late, in any order, and unanswered; servers die;
the clocks of S3's own machines differ. Times are milliseconds.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DECIDE = """
const { decide, lease } = require(process.argv[1]);
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { self, seen, longest } = JSON.parse(line);
  const said = longest ? { lease: lease(longest) } : decide(self, seen);
  console.log(JSON.stringify(said));
});
"""
LONGEST = 35_000
"""That a run may take, with its end."""
Decide = Callable[[dict[str, Any]], dict[str, Any]]


@contextmanager
def decisions(own: Path) -> Iterator[Decide]:
    """Asks due.cjs in a process of its own."""
    command = ["node", "-e", DECIDE, str(own / "due.cjs")]
    with subprocess.Popen(
        command, cwd=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:

        def decide(asked: dict[str, Any]) -> dict[str, Any]:
            assert process.stdin
            assert process.stdout
            process.stdin.write(f"{json.dumps(asked)}\n")
            said: dict[str, Any] = json.loads(process.stdout.readline())
            return said

        try:
            yield decide
        finally:
            process.kill()


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelRun:
    """A run that began; it is over at `ends` at the latest, whatever becomes of its server."""

    due: int
    began: int
    ends: int


@dataclass(kw_only=True, slots=True)
class ModelServer:
    """What a server's process knows."""

    name: str
    since: int
    begun: int | None = None
    seen: tuple[dict[str, Any], int, int] | None = None
    """The decision, the ETag it rests on, and when it was asked for."""
    run: ModelRun | None = None
    held: int = 0
    """The ETag that its run rests on."""


@dataclass(kw_only=True, slots=True)
class Model:
    """S3 and the servers."""

    decide: Decide
    schedule: str
    now: int
    is_conditional: bool = True
    servers: list[ModelServer] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)
    etag: int = 0
    modified: int = 0
    sent: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    """Requests under way: the ETag of the condition, and the record."""
    runs: list[ModelRun] = field(default_factory=list)
    _lease: int = 0

    @classmethod
    def of(cls, count: int, decide: Decide, *, schedule: str, is_conditional: bool = True) -> Model:
        """So many servers, and a job that was seen first a moment ago."""
        now = 1_800_000_000_000
        model = cls(decide=decide, schedule=schedule, now=now, is_conditional=is_conditional)
        model.record = {"due": now - 1000, "schedule": schedule, "state": "waiting"}
        model.servers = [ModelServer(name=f"s{number}", since=now) for number in range(count)]
        model._lease = decide({"longest": LONGEST})["lease"]
        return model

    def look(self, server: ModelServer, skew: int) -> None:
        """Reads the record from a machine of S3's whose clock is ahead."""
        itself = {"holder": server.name, "schedule": self.schedule, "since": server.since}
        if server.begun is not None:
            itself["begun"] = server.begun
        seen = {"record": self.record, "modified": self.modified, "now": whole_seconds(self.now + skew)}
        if server.run is None:
            server.seen = (self.decide({"self": itself, "seen": seen}), self.etag, self.now)

    def act(self, server: ModelServer) -> None:
        """Does what it decided when it looked; once."""
        if server.seen is None:
            return
        (decision, etag, asked), server.seen = server.seen, None
        match decision["kind"]:
            case "ask":
                taken = {"holder": server.name, "schedule": self.schedule, "due": decision["due"]}
                self.sent.append((etag, {**taken, "state": "running", "lease": self._lease}))
            case "start":
                server.begun = decision["due"]
                server.held = etag
                if self.now - asked < decision["within"]:
                    self._start(server, decision["due"])
                else:
                    self.end(server)

    def arrive(self, which: int, skew: int) -> None:
        """One of the requests under way reaches S3; nobody is told."""
        if self.sent:
            etag, record = self.sent.pop(which % len(self.sent))
            if etag == self.etag or not self.is_conditional:
                self.record, self.etag = record, self.etag + 1
                self.modified = whole_seconds(self.now + skew)

    def take(self, server: ModelServer, skew: int) -> None:
        """All that it takes to start a run, where nothing comes between."""
        self.look(server, skew)
        self.act(server)
        self.arrive(-1, skew)
        self.look(server, skew)
        self.act(server)

    def end(self, server: ModelServer) -> None:
        """Its run, or what it holds and did not start."""
        if server.run:
            self.runs[self.runs.index(server.run)] = ModelRun(
                due=server.run.due, began=server.run.began, ends=min(server.run.ends, self.now)
            )
            server.run = None
        self.sent.append((server.held, {**self.record, "state": "ended"}))

    def crash(self, server: ModelServer) -> None:
        """Another process takes its place; its run goes on."""
        index = self.servers.index(server)
        self.servers[index] = ModelServer(name=f"{server.name}'", since=self.now)

    def wait(self, milliseconds: int) -> None:
        """Time passes; `timeout` ends what takes too long."""
        self.now += milliseconds
        for server in self.servers:
            if server.run and server.run.ends <= self.now:
                self.end(server)

    def _start(self, server: ModelServer, due: int) -> None:
        for run in self.runs:
            assert run.due != due, f"{due} began again at {self.now}: {self.runs}"
            assert run.ends <= self.now, f"{due} began at {self.now} beside {run}"
        server.run = ModelRun(due=due, began=self.now, ends=self.now + LONGEST)
        self.runs.append(server.run)


def whole_seconds(milliseconds: int) -> int:
    """As HTTP's headers have a time."""
    return milliseconds // 1000 * 1000
