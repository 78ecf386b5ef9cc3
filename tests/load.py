"""Steady load by `wrk`, which tries nothing twice: what the app's users would notice, it counts.

`wrk` was chosen because nobody here wrote it, and because a client that repeats what failed (as Go's and most
others do for GET) hides just the resets that are looked for here.
"""

import json
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 10
"""Of each of the two: kept alive, and new ones."""
ANSWER = 10
"""Seconds after which a request without an answer counts as failed; the balancer's own connect time-out."""
LONGEST = 3600
"""Seconds that a load runs when nobody stops it."""
HEADROOM = 1.15
"""A connection waits after its answer, so that the answer's time comes on top of each pause."""
SCRIPT = """\
local cookies = %(cookies)s
local turn = 0
function delay() return %(pause)d end
function request()
  turn = turn + 1
  local headers = { Connection = "%(connection)s" }
  if #cookies > 0 then headers.Cookie = cookies[turn %% #cookies + 1] end
  return wrk.format("GET", nil, headers)
end
"""
"""For `wrk`: each connection waits `pause` ms after an answer; the cookies come in turn."""


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

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


class Load:
    """Requests for one path from now until `stop`, half of them on connections of their own."""

    def __init__(self, url: str, *, rate: int = 100, cookies: Sequence[str] = (), path: str = "/me") -> None:
        """`rate` is of requests/s at least, both kinds together; each of `cookies` is a Cookie header."""
        self._folder = tempfile.TemporaryDirectory(prefix="evenkeel-load-")
        self._began = time.monotonic()
        pause = int(1000 * 2 * CONNECTIONS / (rate * HEADROOM))
        self._running = [
            self._start(f"{url}{path}", connection, pause, cookies) for connection in ("keep-alive", "close")
        ]

    def stop(self) -> Outcome:
        """Ends the load; both kinds' outcomes together."""
        seconds = time.monotonic() - self._began
        for wrk in self._running:
            wrk.send_signal(signal.SIGINT)
        printed = [wrk.communicate(timeout=2 * ANSWER)[0] for wrk in self._running]
        self._folder.cleanup()
        outcomes = [outcome(text, seconds) for text in printed]
        return Outcome(
            requests=sum(one.requests for one in outcomes),
            failed=sum(one.failed for one in outcomes),
            seconds=seconds,
            lines=tuple(line for one in outcomes for line in one.lines),
        )

    def _start(
        self, url: str, connection: str, pause: int, cookies: Sequence[str]
    ) -> "subprocess.Popen[str]":
        # The cookies are sessions: a file keeps them out of the list of processes.
        script = Path(self._folder.name, f"{connection}.lua")
        listed = "{" + ", ".join(json.dumps(cookie) for cookie in cookies) + "}"
        script.write_text(SCRIPT % {"cookies": listed, "pause": pause, "connection": connection})
        return subprocess.Popen(
            [
                *("wrk", "--threads", "1", "--connections", str(CONNECTIONS)),
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
