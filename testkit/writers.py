"""People who write, slowly: members are added and sent an SMS each, on kept-alive connections, nothing twice.

A request lasts as long as its body takes to arrive, and is in flight at a server for all of that time.
"""

import json
import random
import threading
import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from testkit.load import ANSWER, Request
from testkit.person import Person

EVERY = 2.5
"""Seconds at least from one request of a person to the next: short ones come no more often than long ones."""


class Writers:
    """One request of each of them after the other, of up to `longest` seconds, from now until `stop`."""

    def __init__(self, url: str, people: Sequence[Person], *, longest: float) -> None:
        self._over = threading.Event()
        self._longest = longest
        self._writers = [_Writer(url, person, longest, number) for number, person in enumerate(people)]
        self._threads = [
            threading.Thread(target=writer.write_until, args=[self._over], daemon=True)
            for writer in self._writers
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> list[Request]:
        """Ends them, once each has its answer; all of their requests."""
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=self._longest + 2 * ANSWER)
            assert not thread.is_alive(), "a request has neither an answer nor an error"
        return [request for writer in self._writers for request in writer.requests]


class _Writer:
    def __init__(self, url: str, person: Person, longest: float, number: int) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=ANSWER)
        self._cookie = person.cookie
        self._longest = longest
        self._random = random.Random(number)
        # The church may have members from before.
        self._phones = iter(range(time.time_ns() // 10**6, 10**15))
        self.requests: list[Request] = []

    def write_until(self, over: threading.Event) -> None:
        member: str | None = None
        while not over.is_set():
            if member is None:
                phone = f"+{next(self._phones)}"
                added = self._post(
                    "/members", {"firstName": "Ada", "lastName": "Test", "phone": phone, "optInSms": True}
                )
                member = added and added["id"]
            else:
                self._post(f"/members/{member}/messages", {"body": "Is anybody there?"})
                member = None
        self._connection.close()

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON that is answered; None where the request failed."""
        data = json.dumps(body).encode()
        first, rest = data[: len(data) // 2], data[len(data) // 2 :]
        sent, began = time.time(), time.monotonic()
        try:
            self._connection.putrequest("POST", path)
            self._connection.putheader("Cookie", self._cookie)
            self._connection.putheader("Content-Type", "application/json")
            self._connection.putheader("Content-Length", str(len(data)))
            self._connection.endheaders(first)
            time.sleep(self._random.uniform(self._longest / 10, self._longest))
            self._connection.send(rest)
            answer = self._connection.getresponse()
            status, text = answer.status, answer.read().decode()
        except (OSError, HTTPException) as error:
            self._connection.close()
            status, text = 0, f"{type(error).__name__}: {error}"
        request = Request(sent=sent, seconds=time.monotonic() - began, status=status, answer=text[:200])
        self.requests.append(request)
        time.sleep(max(0, began + EVERY - time.monotonic()))
        return None if request.failed else json.loads(text)
