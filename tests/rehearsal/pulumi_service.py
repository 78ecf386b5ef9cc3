"""As much of Pulumi Cloud as the CLI asks for when a stack is made and a secret is set."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class PulumiService(ThreadingHTTPServer):
    """Keeps the stacks that are made; encrypts by turning a text around."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ServiceAnswer)
        self.stacks: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: list[str], asked: dict[str, Any]) -> dict[str, Any] | None:
        """None is 404."""
        match path:
            case ["user"]:
                return {"githubLogin": "me", "name": "me", "organizations": []}
            case ["capabilities"]:
                return {"capabilities": []}
            case ["stacks", "me", "evenkeel"]:
                self.stacks.add(asked["stackName"])
                return {}
            case ["stacks", "me", "evenkeel", stack] if stack in self.stacks:
                return {
                    "orgName": "me",
                    "projectName": "evenkeel",
                    "stackName": stack,
                    "tags": {},
                    "version": 0,
                }
            case ["stacks", "me", "evenkeel", _, "encrypt"]:
                return {"ciphertext": asked["plaintext"][::-1]}
            case ["stacks", "me", "evenkeel", _, "decrypt"]:
                return {"plaintext": asked["ciphertext"][::-1]}
        return None


class ServiceAnswer(BaseHTTPRequestHandler):
    """One request."""

    server: PulumiService

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0].removeprefix("/api/").split("/")
        said = self.server.answer(path, json.loads(body) if body else {})
        text = json.dumps({"code": 404, "message": "Not Found"} if said is None else said).encode()
        self.send_response(404 if said is None else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the CLI shows what went wrong."""


@contextmanager
def serving() -> Iterator[PulumiService]:
    """Answers until the block ends."""
    service = PulumiService()
    thread = threading.Thread(target=service.serve_forever)
    thread.start()
    try:
        yield service
    finally:
        service.shutdown()
        thread.join()
        service.server_close()
