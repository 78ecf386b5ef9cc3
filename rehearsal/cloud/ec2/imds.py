"""The instance metadata service, version 2: one small HTTP server an instance, at an address of its own.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
A hop limit means nothing on loopback; it is only described. The role's credentials are for processes of the
server alone.
"""

import secrets
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_TOKEN_TTL = "X-aws-ec2-metadata-token-ttl-seconds"
_TOKEN = "X-aws-ec2-metadata-token"
_MAX_TTL = 21_600  # seconds: six hours, EC2's own limit
_PREFIX = "/latest/"
_CREDENTIALS = f"{_PREFIX}meta-data/iam/security-credentials/"


class MetadataServer:
    """Answers `GET /latest/…` with what `look_up` has for the path, in a thread until `close`.

    `is_own` tells whether a connection is one of the server's.
    """

    def __init__(
        self,
        address: str,
        look_up: Callable[[str], str | None],
        is_own: Callable[[socket.socket], bool],
        *,
        tokens_required: bool,
    ) -> None:
        self._server = _ImdsServer((address, 0), look_up, is_own, tokens_required)
        self.endpoint = f"http://{address}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, name=f"imds {address}", daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


class _ImdsServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        look_up: Callable[[str], str | None],
        is_own: Callable[[socket.socket], bool],
        tokens_required: bool,
    ) -> None:
        super().__init__(address, _ImdsHandler)
        self.look_up = look_up
        self.is_own = is_own
        self.tokens_required = tokens_required
        self.tokens: set[str] = set()


class _ImdsHandler(BaseHTTPRequestHandler):
    server: _ImdsServer

    def do_PUT(self) -> None:
        """A session token, for a client that says how long it wants one."""
        if self.path != f"{_PREFIX}api/token":
            return self._answer(404)
        if not 1 <= int(self.headers.get(_TOKEN_TTL) or 0) <= _MAX_TTL:
            return self._answer(400)
        token = secrets.token_urlsafe(40)
        self.server.tokens.add(token)
        return self._answer(200, token)

    def do_GET(self) -> None:
        """Metadata, for a client with a token (or without, where tokens are optional)."""
        token = self.headers.get(_TOKEN)
        if self.server.tokens_required if token is None else token not in self.server.tokens:
            return self._answer(401)
        if self.path.startswith(_CREDENTIALS) and not self.server.is_own(self.connection):
            return self._answer(403)
        value = self.server.look_up(self.path.removeprefix(_PREFIX).rstrip("/"))
        return self._answer(404) if value is None else self._answer(200, value)

    def _answer(self, status: int, body: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: servers poll."""
