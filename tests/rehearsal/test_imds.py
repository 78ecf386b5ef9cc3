"""The metadata service throttles: what it refuses for a moment is asked for again."""

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.boot import user_data

SCRIPT = Path(user_data.__file__).parent / "imds.sh"


class Handler(BaseHTTPRequestHandler):
    """Refuses the first request for a path with 503; knows the instance's id alone."""

    def do_GET(self) -> None:
        asked = self.server.asked  # type: ignore[attr-defined] # set by the fixture
        asked.append(self.path)
        known = self.path.endswith(("/instance-id", "/token"))
        status = 503 if asked.count(self.path) == 1 else 200 if known else 404
        self.send_response(status)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"i-1")

    do_PUT = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []  # type: ignore[attr-defined] # the handler's
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.asked  # type: ignore[attr-defined] # the handler's
    server.shutdown()
    server.server_close()


def imds(path: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", f'. "{SCRIPT}" && imds "$1"', "imds", path]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_throttled_request_is_made_again(asked: list[str]) -> None:
    """Of the token and of the value."""
    assert imds("instance-id").stdout == "i-1"
    assert asked == ["/latest/api/token"] * 2 + ["/latest/meta-data/instance-id"] * 2


def test_what_is_not_there_is_not_asked_for_again(asked: list[str]) -> None:
    """Most servers have no Spot notice, and they look every few seconds."""
    done = imds("spot/instance-action")
    assert (done.returncode, done.stdout) == (22, "")
    assert asked.count("/latest/meta-data/spot/instance-action") == 2
