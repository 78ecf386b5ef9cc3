"""Steady load by `wrk`, which tries nothing twice: what the app's users would notice, it counts.

`wrk` was chosen because nobody here wrote it, and because a client that repeats what failed (as Go's and most
others do for GET) hides just the resets that are looked for here. Each connection has a thread of its own, so
that its script knows which answer belongs to which request, and notes both.
"""

import json
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

STEADY, ASKED = 100, 150
"""Requests/s: what the bars are for; and what is asked for, since a connection waits for each answer."""
LEAST = 50
"""Requests/s that a load has to reach in a test, whose servers, stores and load share a machine's cores with
other test processes. `make soak`, alone on its machine, demands STEADY."""
CONNECTIONS = 10
"""Of each of the two: kept alive, and new ones."""
ANSWER = 10
"""Seconds after which a request without an answer counts as failed; the balancer's own connect time-out."""
LONGEST = 3600
"""Seconds that a load runs when nobody stops it."""
GOOD_STATUS = range(200, 400)
"""A redirect is no failure."""
HEADROOM = 1.15
"""A connection waits after its answer, so that the answer's time comes on top of each pause."""
SCRIPT = """\
local ffi = require("ffi")
ffi.cdef("typedef struct { long s, us; } instant; int gettimeofday(instant *, void *);")
local instant = ffi.new("instant")
local function now()
  ffi.C.gettimeofday(instant, nil)
  return tonumber(instant.s) + tonumber(instant.us) / 1e6
end

local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

local cookies = %(cookies)s
local turn, began, sent, log = 0, false, nil, nil
function init()
  log = assert(io.open("%(log)s." .. number, "w"))
  turn = number
end

function delay()
  began = true
  return %(pause)d
end

function request()
  turn = turn + 1
  local headers = { Connection = "%(connection)s" }
  if #cookies > 0 then headers.Cookie = cookies[turn %% #cookies + 1] end
  -- One that is asked for before the first pause is only looked at by wrk.
  if began then
    if sent then log:write(string.format("%%.6f %%.6f 0\\n", sent, now() - sent)) end
    sent = now()
  end
  return wrk.format("GET", nil, headers)
end

function response(status, _, body)
  local words = status < 400 and "" or body:sub(1, 200):gsub("%%s+", " ")
  log:write(string.format("%%.6f %%.6f %%d %%s\\n", sent, now() - sent, status, words))
  log:flush()
  sent = nil
end
"""
"""For `wrk`: each connection waits `pause` ms after an answer; the cookies come in turn. Its log has a line a
request: when it was sent (epoch seconds), how long it took (seconds), its status, 0 where none came; of a
failed one the answer's beginning, by which the balancer's own (HTML) is told from the app's (JSON)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request; `sent`: epoch seconds, `seconds`: until its answer.

    Where none came `status` is 0, and `seconds` last until the connection's next request.
    """

    sent: float
    seconds: float
    status: int
    answer: str = ""
    """How a failed one's answer begins."""

    @property
    def failed(self) -> bool:
        """Whether no answer came, or an error."""
        return self.status not in GOOD_STATUS


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of the requests."""

    requests: int
    """Answered ones."""
    failed: int
    """Answers other than 2xx and 3xx, and connections that could not be made, broke, or were too slow."""
    seconds: float
    lines: tuple[str, ...]
    """`wrk`'s own words about the failures."""
    each: tuple[Request, ...] = field(default=(), repr=False)
    """By the time they were sent. One that was in flight at the end is not among them."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds

    @property
    def failures(self) -> str:
        """`wrk`'s words, and each failed request, for whoever has to find out why."""
        return "\n".join([*self.lines, *(str(request) for request in self.each if request.failed)])


class Load:
    """Requests for one path from now until `stop`, half of them on connections of their own.

    `with Load(...) as load:` ends it also where something raises before `stop`.
    """

    def __init__(
        self, url: str, *, rate: int = STEADY, cookies: Sequence[str] = (), path: str = "/me"
    ) -> None:
        """`rate` is of requests/s at least, both kinds together; each of `cookies` is a Cookie header."""
        self._folder = tempfile.TemporaryDirectory(prefix="evenkeel-load-")
        self._began = time.monotonic()
        pause = int(1000 * 2 * CONNECTIONS / (rate * HEADROOM))
        self._running = [
            self._start(f"{url}{path}", connection, pause, cookies) for connection in ("keep-alive", "close")
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def stop(self) -> Outcome:
        """Ends the load; both kinds' outcomes together."""
        seconds = time.monotonic() - self._began
        try:
            for wrk in self._running:
                wrk.send_signal(signal.SIGINT)
            printed = [wrk.communicate(timeout=2 * ANSWER)[0] for wrk in self._running]
            logs = Path(self._folder.name).glob("*.log.*")
            sent = [request for log in logs for request in noted(log.read_text())]
        finally:
            self._end()
        outcomes = [outcome(text, seconds) for text in printed]
        return Outcome(
            requests=sum(part.requests for part in outcomes),
            failed=sum(part.failed for part in outcomes),
            seconds=seconds,
            lines=tuple(line for part in outcomes for line in part.lines),
            each=tuple(sorted(sent, key=lambda request: request.sent)),
        )

    def _end(self) -> None:
        """Leaves neither a process nor a file, whatever came before."""
        for wrk in self._running:
            with wrk:
                wrk.kill()
        self._folder.cleanup()

    def _start(
        self, url: str, connection: str, pause: int, cookies: Sequence[str]
    ) -> "subprocess.Popen[str]":
        # The cookies are sessions: a file keeps them out of the list of processes.
        script = Path(self._folder.name, f"{connection}.lua")
        listed = "{" + ", ".join(json.dumps(cookie) for cookie in cookies) + "}"
        log = Path(self._folder.name, f"{connection}.log")
        values = {"cookies": listed, "pause": pause, "connection": connection, "log": log}
        script.write_text(SCRIPT % values)
        return subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "KILL"),  # a test that is killed leaves no load behind
                *("wrk", "--threads", str(CONNECTIONS), "--connections", str(CONNECTIONS)),
                *("--duration", f"{LONGEST}s", "--timeout", f"{ANSWER}s", "--script", str(script), url),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )


def outcome(printed: str, seconds: float) -> Outcome:
    """What `wrk`'s summary says; an AssertionError where there is none."""
    answered = re.search(r"(\d+) requests in ", printed)
    assert answered, f"wrk ended without a summary: {printed}"
    lines = re.findall(r"(?:Non-2xx or 3xx responses|Socket errors): .*", printed)
    counts = [re.findall(r"\d+", line.partition(": ")[2]) for line in lines]
    return Outcome(
        requests=int(answered[1]),
        failed=sum(int(number) for numbers in counts for number in numbers),
        seconds=seconds,
        lines=tuple(lines),
    )


def noted(log: str) -> list[Request]:
    """The requests that a connection noted."""
    lines = (line.split(maxsplit=3) for line in log.splitlines())
    return [
        Request(sent=float(sent), seconds=float(seconds), status=int(status), answer="".join(answer))
        for sent, seconds, status, *answer in lines
    ]
