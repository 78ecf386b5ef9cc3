"""A server that fails when a test says so."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A request."""

    path: str
    cookie: str | None
    body: bytes
    seconds: float
    """Until its body had arrived."""


class Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Faulty:
    """Answers as `fault` says: the number of a request in, its status out; None breaks the connection off."""

    def __init__(self, fault: Callable[[int], int | None], body: str) -> None:
        self.connections = 0
        self.asked: list[Asked] = []
        faulty = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                faulty.connections += 1

            def do_GET(self) -> None:
                began = time.monotonic()
                sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                seconds = time.monotonic() - began
                faulty.asked.append(
                    Asked(path=self.path, cookie=self.headers["Cookie"], body=sent, seconds=seconds)
                )
                status = fault(len(faulty.asked))
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if self.close_connection:
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self.http = Http(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"


@contextmanager
def serving(fault: Callable[[int], int | None], body: str) -> Iterator[Faulty]:
    """One that serves for the block, `body` each time."""
    server = Faulty(fault, body)
    thread = threading.Thread(target=server.http.serve_forever, args=[0.01])
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        thread.join()
        server.http.server_close()
