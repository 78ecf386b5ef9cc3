"""An app as the RealWorld examples are: JSON in an envelope, a token instead of a cookie."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

from components.rollout.request import RequestTemplate
from components.rollout.session import SessionSettings

SESSION = SessionSettings(
    sign_up=RequestTemplate(
        path="/api/users",
        body={"user": {"email": "{email}", "password": "{password}", "username": "checks"}},
    ),
    log_in=RequestTemplate(
        path="/api/users/login",
        body={"user": {"email": "{email}", "password": "{password}"}},
        reads={"token": "user.token"},
    ),
    who_am_i=RequestTemplate(path="/api/user", method="GET", headers={"Authorization": "Token {token}"}),
)
"""How one logs in to it."""


class TokenApp(BaseHTTPRequestHandler):
    """Refuses an account that it does not know with 422, as many do."""

    accounts: ClassVar[dict[str, str]]
    takes_tokens: ClassVar[bool]

    def do_POST(self) -> None:
        user = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["user"]
        if self.path == "/api/users" and user["username"]:
            self.accounts[user["email"]] = user["password"]
            self.answer(201, {})
        elif self.path == "/api/users/login" and self.accounts.get(user["email"]) == user["password"]:
            self.answer(200, {"user": {"email": user["email"], "token": f"token-of-{user['email']}"}})
        else:
            self.answer(422, {})

    def do_GET(self) -> None:
        email = self.headers["Authorization"].removeprefix("Token token-of-")
        known = self.takes_tokens and email in self.accounts
        self.answer(200 if known else 401, {"user": {"email": email}} if known else {})

    def answer(self, status: int, body: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@contextmanager
def served() -> Iterator[str]:
    """Where it answers, as if just installed."""
    TokenApp.accounts, TokenApp.takes_tokens = {}, True
    with ThreadingHTTPServer(("127.0.0.1", 0), TokenApp) as httpd:
        Thread(target=httpd.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
