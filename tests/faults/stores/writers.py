"""People who write through the balancer, one member after the other, and keep what they were answered."""

import threading
import time
from collections.abc import Sequence
from itertools import count

import requests

from testkit.person import Person
from tests.faults.stores.record import WriteAnswer

PAUSE = 0.05
"""Seconds between two writes of a person."""
ANSWER = 15
"""Seconds after which a write counts as not answered."""


class StoreWriters:
    """From `start` until `stop`; no write is tried twice."""

    def __init__(self, url: str, people: Sequence[Person]) -> None:
        self._url = url
        self._done = threading.Event()
        self._numbers = count(time.time_ns() // 1_000_000)  # others than any run's before
        self._threads = [threading.Thread(target=self._write, args=[person.cookie]) for person in people]
        self.answers: list[WriteAnswer] = []

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _write(self, cookie: str) -> None:
        with requests.Session() as browser:
            while not self._done.wait(PAUSE):
                phone = f"+4{next(self._numbers)}"
                member = {"firstName": "A", "lastName": "B", "phone": phone}
                began = time.monotonic()
                try:
                    status = browser.post(
                        f"{self._url}/members", json=member, headers={"Cookie": cookie}, timeout=ANSWER
                    ).status_code
                except requests.RequestException:
                    status = 0
                now = time.monotonic()
                self.answers.append(WriteAnswer(at=now, seconds=now - began, status=status, phone=phone))
