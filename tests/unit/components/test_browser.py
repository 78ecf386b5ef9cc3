"""The app is asked under its name, through a balancer to which the name need not lead."""

import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.error import URLError

import pytest

from components.browser import browser
from components.rollout.smoke import smoke
from rehearsal.cloud.certificates import CertificateAuthority

NAME = "app.nowhere.invalid"


class EchoingBalancer(BaseHTTPRequestHandler):
    """Answers with the name that it was asked for."""

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", f"https://other.invalid:{self.headers['Host'].partition(':')[2]}/")
        else:
            self.send_response(200)
        self.end_headers()
        self.wfile.write(f"abc {self.headers['Host']}".encode())

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where a balancer answers on 127.0.0.1, with a certificate for `NAME` alone."""
    authority = CertificateAuthority(tmp_path)
    issued = authority.issue(tmp_path, addresses=[], names=[NAME])
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    with ThreadingHTTPServer(("127.0.0.1", 0), EchoingBalancer) as httpd:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(issued.certificate, issued.key)
        httpd.socket = tls.wrap_socket(httpd.socket, server_side=True)
        Thread(target=httpd.serve_forever, args=[0.01], daemon=True).start()
        yield httpd.server_port
        httpd.shutdown()


def test_the_name_is_asked_for_at_the_balancer(port: int) -> None:
    """The certificate and the Host header are the name's."""
    url = f"https://{NAME}:{port}"
    with browser(url, "127.0.0.1").open(url + "/healthz", timeout=10) as answer:
        assert answer.read().decode() == f"abc {NAME}:{port}"
    assert smoke(url, "abc", ["/readyz"], through="127.0.0.1") is None


def test_without_the_balancers_name_the_apps_has_to_lead_there(port: int) -> None:
    """The twin: it does not."""
    with pytest.raises(URLError):
        browser(f"https://{NAME}:{port}", None).open(f"https://{NAME}:{port}/", timeout=10)


def test_a_certificate_for_another_name_is_refused(port: int) -> None:
    """As a user's browser would."""
    url = f"https://other.invalid:{port}"
    with pytest.raises(URLError, match="certificate is not valid for"):
        browser(url, "127.0.0.1").open(url + "/", timeout=10)


def test_another_host_is_not_looked_for_at_the_balancer(port: int) -> None:
    """Where the app sends one on."""
    url = f"https://{NAME}:{port}"
    with pytest.raises(URLError) as refused:
        browser(url, "127.0.0.1").open(url + "/away", timeout=10)
    assert isinstance(refused.value.reason, socket.gaierror)
