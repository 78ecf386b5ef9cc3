"""Steady writes by pgbench, PostgreSQL's own generator of load."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.migrations.database import CHURCHES, TABLE, uuid
from bench.migrations.latency import Write, read_log
from testkit.postgres_versions import SYSTEM

CLIENTS = 8
LONGEST = 3600  # seconds; `stop` comes long before
SCRIPT = f"""\
\\set id random(1, :rows)
\\set church random(0, {CHURCHES} - 1)
BEGIN;
INSERT INTO {TABLE} ("churchId", "firstName", "lastName", phone) VALUES ({uuid(":church")}, 'a', 'b', '+1');
UPDATE {TABLE} SET "optInSms" = NOT "optInSms", touched = touched + 1 WHERE id = {uuid(":id")};
COMMIT;
"""


class WritersFailed(Exception):
    """pgbench gave up; the message is its own."""


class TransactionWriters:
    """Transactions of one insert and one update each, `rate` a second, due at times of their own.

    A transaction that is due while all the clients wait keeps its time, so its latency has the whole wait.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], *, rows: int, rate: int) -> None:
        folder.mkdir()
        (folder / "script").write_text(SCRIPT)
        options = f"--no-vacuum --rate={rate} --client={CLIENTS} --time={LONGEST} --define=rows={rows}"
        files = ["--log", f"--log-prefix={folder}/log", f"--file={folder}/script"]
        self._folder, self._output = folder, folder / "output"
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [str(SYSTEM / "pgbench"), *options.split(), *files],
                env={**os.environ, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> TransactionWriters:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> tuple[list[Write], int]:
        """Lets each client finish, and returns what was acknowledged and how many failed.

        Raises WritersFailed.
        """
        self._process.send_signal(signal.SIGALRM)  # pgbench's own clock: its time is over
        if self._process.wait(60):
            raise WritersFailed(f"pgbench ended with {self._process.returncode}: {self._output.read_text()}")
        return read_log("".join(log.read_text() for log in self._folder.glob("log.*")))
