"""One HAProxy: its process, its configuration file, and its runtime API."""

import csv
import io
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rehearsal.cloud.body import CloudContext
from rehearsal.cloud.elbv2.haproxy_config import SOCKET, HaproxyBalancer, ServerLine, render
from rehearsal.isolation.plan import NET_BIND_SERVICE
from rehearsal.processes import Child

_ANSWER = 2.0  # seconds for the runtime API
_TAKE_OVER = 10.0  # seconds for new workers to take over


class HaproxyError(RuntimeError):
    """HAProxy refuses its configuration, or does not come up with it."""


class Haproxy:
    """Runs in `folder`. A change of its configuration is a seamless reload: listeners pass to new workers."""

    def __init__(self, folder: Path, context: CloudContext, *, certificates: Path) -> None:
        """`certificates` is the folder that listeners' certificates lie in."""
        folder.mkdir()
        if context.user:
            os.chown(folder, context.user.uid, context.user.gid)
        self._folder = folder
        # A load balancer may listen on port 80.
        self._words = context.isolation.store(
            context.user, folder, shown=(certificates,), capabilities=(NET_BIND_SERVICE,)
        )
        self._log = folder / "haproxy.log"
        self._file = folder / "haproxy.cfg"
        self._generation = 0
        self._loaded_at = 0.0
        self.process: Child | None = None

    def load(self, balancer: HaproxyBalancer, servers: Mapping[str, Sequence[ServerLine]]) -> None:
        """Start with this configuration, or change to it; `settled` says when it is in force."""
        self._generation += 1
        self._file.write_text(render(balancer, servers, generation=self._generation))
        check = ["haproxy", "-c", "-f", self._file.name]
        checked = subprocess.run(check, cwd=self._folder, capture_output=True, text=True, check=False)
        if checked.returncode != 0:
            raise HaproxyError(checked.stderr.strip())
        self._loaded_at = time.monotonic()
        if self.process and self.process.alive:
            self.process.send(signal.SIGUSR2)
        else:
            command = [*self._words, "haproxy", "-W", "-f", self._file.name]
            self.process = Child(command, log=self._log, cwd=self._folder)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.alive

    @property
    def settled(self) -> bool:
        """Whether the last configuration is in force; HaproxyError when it does not get so far."""
        try:
            if f"\ndescription: {self._generation}\n" in self.ask("show info"):
                return True
        except OSError:
            pass  # it is not listening yet, or its workers change just now
        if not self.alive or time.monotonic() - self._loaded_at > _TAKE_OVER:
            tail = self._log.read_text(errors="replace").splitlines()[-5:]
            raise HaproxyError("\n".join(tail))
        return False

    def ask(self, command: str) -> str:
        """A command of the runtime API; OSError when nobody answers."""
        descriptor = os.open(self._folder, os.O_PATH)
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(_ANSWER)
                # By way of /proc, since a socket's path is limited to 107 characters.
                connection.connect(f"/proc/self/fd/{descriptor}/{SOCKET}")
                connection.sendall(f"{command}\n".encode())
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        finally:
            os.close(descriptor)

    def statistics(self) -> dict[tuple[str, str], dict[str, str]]:
        """`show stat` by proxy and server."""
        lines = self.ask("show stat").removeprefix("# ")
        return {(row["pxname"], row["svname"]): row for row in csv.DictReader(io.StringIO(lines))}
