"""A stream of CloudWatch Logs that what a process prints is copied to, line by line."""

import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from moto.logs.exceptions import ResourceAlreadyExistsException, ResourceNotFoundException
from moto.logs.models import logs_backends

_MILLISECONDS = 1000
_KEPT = 20_000  # events a stream: CloudWatch keeps all, and the rehearsal's are in memory
_BLOCK = 1024 * 1024  # bytes read at a time: one reconcile of a body is to be short


class LogStream:
    """Follows a file, open or not there yet.

    Raises moto's ResourceNotFoundException when the log group does not exist.

    Once it was there the file is kept open: it can be read when it was renamed or its folder has gone.
    """

    def __init__(self, file: Path | IO[bytes], *, account: str, region: str, group: str, name: str) -> None:
        self._path = file if isinstance(file, Path) else None
        self._file = None if isinstance(file, Path) else file
        self._rest = b""
        self._backend = logs_backends[account][region]
        self._group, self._name = group, name
        with suppress(ResourceAlreadyExistsException):
            self._backend.create_log_stream(group, name)

    def forward(self, *, ended: bool) -> None:
        """Send the lines that came since; with `ended` also a last one without its end, then no more."""
        self._file = self._file or self._open()
        if self._file is None or self._file.closed:
            return
        new = self._rest + (self._file.read() if ended else self._file.read(_BLOCK))
        end = len(new) if ended else new.rfind(b"\n") + 1
        self._rest = new[end:]
        if ended:
            self._file.close()
        self._send([line for line in new[:end].decode(errors="replace").split("\n") if line])

    def _open(self) -> IO[bytes] | None:
        with suppress(OSError):  # not there yet, or a folder
            return self._path.open("rb") if self._path else None
        return None

    def _send(self, lines: list[str]) -> None:
        group = self._backend.groups.get(self._group)
        if not lines or not group:  # who deletes the group wants no more of its lines
            return
        if self._name not in group.streams:
            group.create_log_stream(self._name)
        del group.streams[self._name].events[:-_KEPT]
        now = int(time.time() * _MILLISECONDS)
        events = [{"timestamp": now, "message": line} for line in lines]
        with suppress(ResourceNotFoundException):  # it went in between
            self._backend.put_log_events(self._group, self._name, events)
