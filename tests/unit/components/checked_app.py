"""An app that the `verified` gate's check logs in to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

FIELDS = {"churchName": "Checks"}
"""What it asks for to sign up."""
FAILURES = 3
"""So many failed log-ins close it to all here, as they have one address; the check's don't count."""


class CheckedApp(BaseHTTPRequestHandler):
    """Signs up, logs in, knows who is logged in; forgets when told to."""

    token: ClassVar[str | None]
    """CHECK_TOKEN in its environment."""
    accounts: ClassVar[dict[str, str]]
    failures: ClassVar[int]
    keeps_sessions: ClassVar[bool]
    shows: ClassVar[str]
    """What `/me` answers to who is logged in."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_check = self.token is not None and self.headers["X-Check-Token"] == self.token
        if not is_check and CheckedApp.failures >= FAILURES:
            self.answer(429)
        elif self.path == "/register" and body.items() >= FIELDS.items():
            self.accounts[body["email"]] = body["password"]
            self.answer(201)
        elif self.path != "/login":
            self.answer(404)
        elif self.accounts.get(body["email"]) == body["password"]:
            self.answer(200, cookie="sid=1; Path=/; HttpOnly")
        else:
            CheckedApp.failures += not is_check
            self.answer(401)

    def do_GET(self) -> None:
        if self.path != "/me":
            self.answer(200, body='{"release": "abc"}')
        elif self.keeps_sessions and self.headers["Cookie"] == "sid=1":
            self.answer(200, body=self.shows)
        else:
            self.answer(401)

    def answer(self, status: int, cookie: str | None = None, body: str = "") -> None:
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@contextmanager
def served(token: str, email: str) -> Iterator[str]:
    """Where the app answers, as if just installed, for a check with this token and account."""
    CheckedApp.token, CheckedApp.accounts, CheckedApp.failures, CheckedApp.keeps_sessions = token, {}, 0, True
    CheckedApp.shows = json.dumps({"email": email})
    with ThreadingHTTPServer(("127.0.0.1", 0), CheckedApp) as httpd:
        Thread(target=httpd.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
