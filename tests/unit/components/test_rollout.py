"""The gates of a rollout, and the questions that the app has to answer."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from components.aws_api import AwsApi
from components.rollout import Rollout, RolloutArgs, server
from components.smoke import smoke
from tests.unit.components.registered import register


def test_a_rollout_is_two_gates_in_a_row() -> None:
    """The second records the first's value, once the app has answered for it."""
    made = register(
        lambda: Rollout(
            "kit",
            RolloutArgs(
                parameter_prefix="/kit/test",
                release_sha256="abc",
                auto_scaling_group="servers",
                launch_template_version="7",
                target_group_arn="arn:targets",
                max_healthy_percentage=150,
                instance_warmup=60,
                rollback_alarms=["alarm"],
                timeout=600,
                url="http://balancer.example",
                api=AwsApi(region="xx-1", endpoint=None),
            ),
        )
    )
    parameters = made.all("aws:ssm/parameter:Parameter")
    assert {name: (one["name"], one["insecureValue"]) for name, one in parameters.items()} == {
        "kit-release": ("/kit/test/release", "abc version 7"),
        "kit-verified": ("/kit/test/verified", "abc version 7"),
    }
    assert list(made.hooks) == ["kit-release-check", "kit-verified-check"]


def test_a_server_that_is_no_target_yet_is_unused() -> None:
    """The group puts it in service a moment before it registers it."""
    seen = server({"InstanceId": "i-1", "LaunchTemplate": {"Version": "7"}}, {})
    assert (seen.id, seen.version, seen.health, seen.reason) == ("i-1", "7", "unused", "")


class App(BaseHTTPRequestHandler):
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
    with ThreadingHTTPServer(("127.0.0.1", 0), App) as httpd:
        Thread(target=httpd.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def test_the_right_release_is_all_right(url: str) -> None:
    """Ready, and of this release."""
    App.answers = {"/readyz": (200, ""), "/healthz": (200, '{"release":"abc"}')}
    assert smoke(url, "abc") is None


def test_another_release_is_named(url: str) -> None:
    """An old server still answers, or the app doesn't say what it is."""
    App.answers = {"/readyz": (200, ""), "/healthz": (200, '{"release":"old"}')}
    assert smoke(url, "abc") == (
        f"GET {url}/healthz does not show release abc (environment variable RELEASE): " + '{"release":"old"}'
    )


def test_an_app_that_is_not_ready_is_not_asked_further(url: str) -> None:
    """The status says it."""
    App.answers = {"/readyz": (503, "database")}
    assert smoke(url, "abc") == f"GET {url}/readyz: HTTP Error 503: Service Unavailable"
