"""The questions that the app has to answer."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from components.rollout.smoke import smoke


class ScriptedApp(BaseHTTPRequestHandler):
    """Answers what the test says."""

    answers: dict[str, tuple[int, str]]

    def do_GET(self) -> None:
        status, body = self.answers[self.path]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    """Where the app answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), ScriptedApp) as httpd:
        Thread(target=httpd.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def test_the_right_release_is_all_right(url: str) -> None:
    """Ready, and of this release."""
    ScriptedApp.answers = {"/readyz": (200, ""), "/healthz": (200, '{"release":"abc"}')}
    assert smoke(url, "abc", ["/readyz"]) is None


def test_another_release_is_named(url: str) -> None:
    """An old server still answers, or the app doesn't say what it is."""
    ScriptedApp.answers = {"/readyz": (200, ""), "/healthz": (200, '{"release":"old"}')}
    assert smoke(url, "abc", ["/readyz"]) == (
        f"GET {url}/healthz does not show release abc (environment variable RELEASE): " + '{"release":"old"}'
    )


def test_an_app_that_is_not_ready_is_not_asked_further(url: str) -> None:
    """The status says it."""
    ScriptedApp.answers = {"/readyz": (503, "database")}
    assert smoke(url, "abc", ["/readyz"]) == f"GET {url}/readyz: HTTP Error 503: Service Unavailable"
