"""Where a task's containers get the credentials of its role: an address, and a token that only they know.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
On Fargate the address is 169.254.170.2 in the task's own network; here it is one of the cloud's.
"""

import hmac
import json
import secrets
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rehearsal.cloud.iam.role_session import RoleSession


@dataclass(frozen=True, kw_only=True, slots=True)
class _Grant:
    token: str
    session: RoleSession
    is_own: Callable[[socket.socket], bool]


class TaskCredentials:
    """Answers in a thread until `close`."""

    def __init__(self, address: str) -> None:
        self._server = _CredentialsServer((address, 0))
        threading.Thread(target=self._server.serve_forever, name="task credentials", daemon=True).start()

    def grant(self, session: RoleSession, is_own: Callable[[socket.socket], bool]) -> "Granted":
        """A place of a task's own; `is_own` tells whether a connection is one of its containers'."""
        path, token = f"/v2/credentials/{uuid.uuid4()}", secrets.token_urlsafe(40)
        self._server.grants[path] = _Grant(token=token, session=session, is_own=is_own)
        host, port = self._server.server_address[:2]
        return Granted(path=path, url=f"http://{host!s}:{port}{path}", token=token)

    def revoke(self, granted: "Granted") -> None:
        """The task has stopped."""
        self._server.grants.pop(granted.path, None)

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Granted:
    """What a task has to know."""

    path: str
    url: str
    token: str

    def environment(self) -> dict[str, str]:
        """The variables by which AWS's SDKs find the credentials."""
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": self.url,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self.token,
        }


class _CredentialsServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _CredentialsHandler)
        self.grants: dict[str, _Grant] = {}


class _CredentialsHandler(BaseHTTPRequestHandler):
    server: _CredentialsServer

    def do_GET(self) -> None:
        """The credentials, for a process of the task that has its token."""
        grant = self.server.grants.get(self.path)
        given = self.headers.get("Authorization", "").encode()
        if grant is None:
            return self._answer(404, {})
        if not hmac.compare_digest(grant.token.encode(), given) or not grant.is_own(self.connection):
            return self._answer(403, {})
        session = grant.session
        return self._answer(200, {"RoleArn": session.role_arn, **session.credentials()})

    def _answer(self, status: int, content: dict[str, str]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the rehearsal's log is for what goes wrong."""
