"""The files of a server, to read from outside, as the cloud's root.

Root in the server may put symbolic links, pipes and the like wherever it wants: none of them leads the cloud
to another file of this machine, or keeps it waiting.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rehearsal.isolation import kernel


@dataclass(frozen=True, slots=True)
class ServerFiles:
    """Paths are the server's own, and so are the places that symbolic links lead to."""

    root: Path
    """Where its `/` lies for this machine."""

    def open(self, path: str) -> IO[bytes]:
        """A plain file, to read; OSError where there is none."""
        descriptor = self._open(path, os.O_NONBLOCK)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return os.fdopen(descriptor, "rb")
        os.close(descriptor)
        raise OSError(f"{path} is no plain file")

    def matching(self, pattern: str) -> Iterator[IO[bytes]]:
        """The plain files that a glob matches, or the one that it names, opened one after the other."""
        for path in self._paths(pattern):
            try:
                file = self.open(path)
            except OSError:
                continue  # it went meanwhile, or is none
            yield file

    def _paths(self, pattern: str) -> list[str]:
        folder, wild = _split(pattern)
        if not wild:
            return [pattern]
        descriptor = self._open(folder, os.O_DIRECTORY)
        try:
            base = Path(f"/proc/self/fd/{descriptor}")
            return [f"{folder}/{path.relative_to(base)}" for path in base.glob(wild)]
        finally:
            os.close(descriptor)

    def _open(self, path: str, flags: int) -> int:
        return kernel.open_beneath(self.root, path, os.O_RDONLY | flags)


def _split(pattern: str) -> tuple[str, str]:
    """The folder that is named without a wildcard, and the rest; nothing where there is no wildcard."""
    parts = pattern.strip("/").split("/")
    plain = next((index for index, part in enumerate(parts) if set(part) & set("*?[")), len(parts))
    return "/" + "/".join(parts[:plain]), "/".join(parts[plain:])
