"""Writers that insert one row after another, as an app would, and remember what the server acknowledged."""

import threading
import time
from itertools import count

from migrator.errors import ConnectionFailed
from migrator.postgres import PostgresError, Session
from migrator.settings import Server

WRITERS = 2
CRASH_SHUTDOWN = "57P02"
PAUSE = 0.01
"""Seconds between two rows of a writer: enough rows to be hit, and processor time left for what is tested."""


class WriteLoad:
    """Rows with numbers from 1 on go into a table, each committed by itself."""

    def __init__(self, server: Server, table: str) -> None:
        self._server, self._table = server, table
        self._numbers = count(1)
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]
        self.acknowledged: set[int] = set()
        self.slowest = 0.0  # seconds that an acknowledged row took
        self.errors: list[str] = []
        self.broken: list[str] = []  # connections that were lost or not to be had

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Each writer ends when its row is acknowledged or refused."""
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        """Connects again until it may stop, as an app's pool does."""
        while not self._done.is_set():
            try:
                with Session(self._server) as session:
                    self._insert(session)
            except (ConnectionFailed, PostgresError) as error:
                lost = isinstance(error, ConnectionFailed) or error.code == CRASH_SHUTDOWN
                (self.broken if lost else self.errors).append(str(error))
                self._done.wait(PAUSE)

    def _insert(self, session: Session) -> None:
        while not self._done.wait(PAUSE):
            number = next(self._numbers)
            started = time.monotonic()
            session.run(f"INSERT INTO {self._table} VALUES ({number})")
            self.slowest = max(self.slowest, time.monotonic() - started)
            self.acknowledged.add(number)
