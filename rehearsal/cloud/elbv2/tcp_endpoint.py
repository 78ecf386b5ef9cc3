"""An address that stays while the servers behind it change: HAProxy in TCP mode."""

import os
from collections.abc import Sequence
from pathlib import Path

from rehearsal.cloud.body import CloudContext
from rehearsal.processes import Child

Target = tuple[str, int]


class TcpEndpoint:
    """Connections to `address:port` reach one of the targets; when these change, open connections are cut."""

    def __init__(self, folder: Path, context: CloudContext, address: str, port: int) -> None:
        self.address, self.port = address, port
        self._folder, self._context = folder, context
        folder.mkdir()
        if context.user:
            os.chown(folder, context.user.uid, context.user.gid)
        self._targets: list[Target] = []
        self._process: Child | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.alive else None

    def lead_to(self, targets: Sequence[Target]) -> None:
        """Serve these targets, and start again if it died; nothing happens when that is so already."""
        if list(targets) == self._targets and self.pid:
            return
        self.stop()
        self._targets = list(targets)
        configuration = self._folder / "haproxy.cfg"
        configuration.write_text(render(self.address, self.port, targets))
        self._process = Child(
            [*self._context.as_user(self._folder), "haproxy", "-db", "-f", configuration],
            log=self._folder / "haproxy.log",
            cwd=self._folder,
        )

    def stop(self) -> None:
        """Close it."""
        if self._process:
            self._process.end(within=1)
            self._process = None


def render(address: str, port: int, targets: Sequence[Target]) -> str:
    """The configuration file."""
    # A store's connections idle for long; the timeouts are only there because HAProxy warns without.
    servers = "".join(f"    server s{number} {host}:{at}\n" for number, (host, at) in enumerate(targets))
    return f"""\
global
    nbthread 1
defaults
    mode tcp
    timeout connect 2s
    timeout client 1d
    timeout server 1d
listen store
    bind {address}:{port}
    balance leastconn
{servers}"""
