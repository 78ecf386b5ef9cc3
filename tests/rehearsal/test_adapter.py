"""An app that knows nothing of the kit, run by Node.js with the adapter that a release brings."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.adoption import ADAPTER
from testkit.ports import free_port
from testkit.waiting import eventually

APP = r"""
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';

const server = createServer((request, response) => {
  if (request.url === '/slow') return void setTimeout(() => response.end('done'), 1000);
  if (request.url === '/events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    return void response.write('data: 1\n\n');
  }
  response.end(`its own ${request.url}`);
});
server.on('upgrade', (request, socket) => {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
  socket.on('data', () => socket.end());
});
process.on('SIGTERM', () => { console.log('closing what is mine'); process.exit(143); });
server.listen(process.env.PORT, '0.0.0.0');
"""
HOST = "127.0.0.3"
"""A server's own address: others of the machine use the same port at theirs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AdoptedWorker:
    """The worker, and where it answers."""

    process: subprocess.Popen[str]
    port: int

    def get(self, path: str, timeout: float = 10) -> tuple[int, str]:
        """Status and text."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}{path}", timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def connect(self, request: str) -> socket.socket:
        """A connection that has sent a request."""
        connection = socket.create_connection((HOST, self.port), timeout=10)
        connection.sendall(f"{request}\r\nHost: app\r\n\r\n".encode())
        return connection

    def leave(self) -> tuple[int, list[dict[str, Any]], str]:
        """Exit code, the adapter's lines and the app's, after SIGTERM."""
        said, _ = self.process.communicate(timeout=20)
        lines = said.splitlines()
        own = [json.loads(line) for line in lines if line.startswith("{")]
        return self.process.returncode, own, "\n".join(line for line in lines if not line.startswith("{"))


@contextmanager
def started(folder: Path, *, adapted: bool = True) -> Iterator[AdoptedWorker]:
    """The app as a process that is ended whatever happens."""
    (folder / "app.mjs").write_text(APP)
    port = free_port()
    flags = ["--require", str(ADAPTER / "adapter.cjs")] if adapted else []
    environment = {
        "HOST": HOST,
        "PORT": str(port),
        "RELEASE": "abc",
        "SERVER_ID": "i-1",
        "PATH": os.environ["PATH"],
    }
    with subprocess.Popen(
        ["node", *flags, "app.mjs"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            eventually(lambda: listens(HOST if adapted else "127.0.0.1", port), within=3, poll=0.05)
            yield AdoptedWorker(process=process, port=port)
        finally:
            process.kill()


def listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[AdoptedWorker]:
    with started(tmp_path) as worker:
        yield worker


def test_the_kits_two_paths_are_answered_and_all_else_is_the_apps(worker: AdoptedWorker) -> None:
    """At the server's own address alone, though the app asks for all."""
    assert worker.get("/readyz")[0] == 200
    status, text = worker.get("/healthz")
    assert (status, json.loads(text)["release"]) == (200, "abc")
    assert worker.get("/other") == (200, "its own /other")
    assert not listens("127.0.0.1", worker.port)


def test_it_leaves_in_order_and_the_apps_own_handler_runs_last(worker: AdoptedWorker) -> None:
    """A request in flight is answered, a WebSocket and a stream are told, and the exit code is 0, not 143."""
    slow = worker.connect("GET /slow HTTP/1.1")
    events = worker.connect("GET /events HTTP/1.1")
    web = worker.connect(
        "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGVzdA=="
    )
    idle = worker.connect("GET /readyz HTTP/1.1")
    for connection in (events, web, idle):
        assert connection.recv(4096).startswith(b"HTTP/1.1 ")
    worker.process.send_signal(signal.SIGTERM)
    assert web.recv(16) == b"\x88\x02\x03\xe9"
    web.sendall(b"\x88\x80\x00\x00\x00\x00")
    idle.sendall(b"GET /readyz HTTP/1.1\r\nHost: app\r\n\r\n")
    assert idle.recv(4096).startswith(b"HTTP/1.1 503 ")
    assert read_to_end(events).endswith(b"0\r\n\r\n")
    answer = read_to_end(slow)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"done")
    code, lines, said = worker.leave()
    assert (code, said) == (0, "closing what is mine")
    assert [(line["message"], line.get("cutOff")) for line in lines] == [("shutting down", None), ("exit", 0)]


def test_without_the_adapter_the_same_request_is_cut_off(tmp_path: Path) -> None:
    """The twin: the app's handler ends everything at once."""
    with started(tmp_path, adapted=False) as worker:
        connection = socket.create_connection(("127.0.0.1", worker.port), timeout=10)
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: app\r\n\r\n")
        time.sleep(0.2)  # on loopback long enough to be read
        worker.process.send_signal(signal.SIGTERM)
        assert read_to_end(connection) == b""
        assert worker.process.wait(timeout=10) == 143


def read_to_end(connection: socket.socket) -> bytes:
    """All that comes before the other side closes."""
    received = b""
    try:
        while chunk := connection.recv(4096):
            received += chunk
    except ConnectionResetError:
        pass
    return received
