"""The slow writes of the load: what they ask, how long they last, and that they see what fails."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.load import Request
from tests.person import Person
from tests.writers import Writers

pytestmark = pytest.mark.quiet
LONGEST = 0.2


class App:
    """Answers as `fault` says: the number of a request in, its status out; None breaks the connection off."""

    def __init__(self, fault: Callable[[int], int | None]) -> None:
        self.connections = 0
        self.asked: list[tuple[str, dict[str, Any], float]] = []
        """Path, body, and for how many seconds it arrived."""
        app = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                app.connections += 1

            def do_POST(self) -> None:
                began = time.monotonic()
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                app.asked.append((self.path, body, time.monotonic() - began))
                status = fault(len(app.asked))
                if status is None:
                    self.close_connection = True
                    return
                answer = b'{"id": "m-1"}'
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"


@contextmanager
def serving(fault: Callable[[int], int | None] = lambda _: 201) -> Iterator[App]:
    app = App(fault)
    thread = threading.Thread(target=app.http.serve_forever, args=[0.01])
    thread.start()
    try:
        yield app
    finally:
        app.http.shutdown()
        thread.join()
        app.http.server_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.writers.EVERY", LONGEST)


def written(app: App, *, people: int = 1, requests: int = 4) -> list[Request]:
    writers = Writers(app.url, [Person(app.url) for _ in range(people)], longest=LONGEST)
    deadline = time.monotonic() + 60
    while len(app.asked) < requests:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return writers.stop()


def test_members_and_messages_are_written_slowly_on_one_connection_each() -> None:
    """In turn, by each of the people; the time that a body takes is the request's."""
    with serving() as app:
        done = written(app, people=2, requests=8)
    assert app.connections == 2
    assert {path for path, _, _ in app.asked} == {"/members", "/members/m-1/messages"}
    assert all(seconds > LONGEST / 20 for _, _, seconds in app.asked)
    assert len(done) == len(app.asked)
    assert {one.status for one in done} == {201}
    assert min(one.seconds for one in done) > LONGEST / 10


@pytest.mark.parametrize(("status", "seen"), [(503, 503), (None, 0)])
def test_a_bad_answer_and_a_broken_connection_are_seen(status: int | None, seen: int) -> None:
    """The twin; the next request is sent all the same, and none is sent again."""
    with serving(lambda number: status if number == 2 else 201) as app:
        done = written(app)
    assert len(done) == len(app.asked)
    assert [one.status for one in done if one.failed] == [seen]
