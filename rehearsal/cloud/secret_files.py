"""Files that hold a secret: keys, passwords, configurations with a password in them."""

import os
from pathlib import Path

from rehearsal.processes import UnprivilegedUser


def write_private(path: Path, content: bytes, *, owner: UnprivilegedUser | None) -> None:
    """Write a file that only its owner can read, at no moment with a wider mode."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    if owner:
        os.chown(path, owner.uid, owner.gid)
