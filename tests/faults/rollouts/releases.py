"""Releases that are bad, made without a build: the app's own, with a module that Node loads before it."""

import base64
from dataclasses import dataclass

CRASH = """import http from 'node:http';
http.createServer = () => { throw new Error('this release crashes at start'); };
"""
NOT_READY = """import http from 'node:http';
const emit = http.Server.prototype.emit;
let first;
http.Server.prototype.emit = function (event, request, response) {
  if (event !== 'request' || request.url !== '/readyz') return emit.apply(this, arguments);
  first ??= Date.now();
  if (Date.now() - first < %d) return emit.apply(this, arguments);
  response.writeHead(503).end('this release is not ready');
};
"""
"""Readiness alone fails, so many milliseconds after it was first asked for: the rest serves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BadRelease:
    """What is wrong with it, and how the deployment tells."""

    promise: str
    module: str
    within: int
    """Seconds in which the deployment has failed: what its servers are given, and as much for all else."""
    reason: str
    says: str
    """Of the server's own log."""
    warmup: int = 10
    """Seconds: `app_servers.instance_warmup`, which is how long the old servers outlast a healthy new one."""

    @property
    def node_options(self) -> str:
        """A value for an environment file: neither blanks nor quotes."""
        return f"--import=data:text/javascript;base64,{base64.b64encode(self.module.encode()).decode()}"


START_TIME = 60
"""Seconds: `app_servers.start_time` of stack `local`."""
BAD = (
    BadRelease(
        promise="that-crashes-at-start",
        module=CRASH,
        within=2 * START_TIME,
        reason="launches of version",
        says="this release crashes at start",
    ),
    BadRelease(
        promise="that-never-gets-ready",
        module=NOT_READY % 0,
        within=4 * START_TIME,
        reason="launches of version",
        says="/readyz did not answer 200",
    ),
    BadRelease(
        promise="that-gets-ready-and-then-is-not",
        module=NOT_READY % 14_000,
        within=4 * START_TIME,
        reason="was healthy, then failed its health checks",
        says="The end of i-",
        warmup=40,
    ),
)
