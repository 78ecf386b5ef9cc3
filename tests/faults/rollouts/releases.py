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
    """What is wrong with it, and how the deployment tells: never that its time is over."""

    promise: str
    module: str
    reason: str
    says: str
    """Of the server's own log."""
    warmup: int = 15
    """Seconds: `app_servers.instance_warmup`, which is how long the old servers outlast a healthy new one."""

    @property
    def node_options(self) -> str:
        """A value for an environment file: neither blanks nor quotes."""
        return f"--import=data:text/javascript;base64,{base64.b64encode(self.module.encode()).decode()}"


BAD = (
    BadRelease(
        promise="that-crashes-at-start",
        module=CRASH,
        reason="launches of version",
        says="this release crashes at start",
    ),
    BadRelease(
        promise="that-never-gets-ready",
        module=NOT_READY % 0,
        reason="launches of version",
        says="/readyz answered 503",
    ),
    BadRelease(
        promise="that-gets-ready-and-then-is-not",
        module=NOT_READY % 14_000,
        reason="was healthy, then failed its health checks",
        says="The end of i-",
        warmup=40,
    ),
)
