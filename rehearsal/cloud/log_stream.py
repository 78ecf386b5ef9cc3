"""A stream of CloudWatch Logs that what a process prints is copied to, line by line."""

import time
from pathlib import Path

from moto.logs.models import logs_backends

_MILLISECONDS = 1000


class LogStream:
    """Follows a file; raises moto's ResourceNotFoundException when the log group does not exist."""

    def __init__(self, file: Path, *, account: str, region: str, group: str, name: str) -> None:
        self._file, self._read = file, 0
        self._backend = logs_backends[account][region]
        self._group, self._name = group, name
        self._backend.create_log_stream(group, name)

    def forward(self, *, ended: bool) -> None:
        """Send the lines that came since; with `ended` also a last one without its end."""
        with self._file.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        whole = new if ended else new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        group = self._backend.groups.get(self._group)
        if whole and group:  # who deletes the group wants no more of its lines
            if self._name not in group.streams:
                group.create_log_stream(self._name)
            now = int(time.time() * _MILLISECONDS)
            lines = whole.decode(errors="replace").splitlines()
            self._backend.put_log_events(
                self._group, self._name, [{"timestamp": now, "message": line} for line in lines]
            )
