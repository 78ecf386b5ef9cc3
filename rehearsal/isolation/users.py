"""The user namespace of servers and tasks: root in there is an id that owns nothing on this machine."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

from rehearsal.isolation.plan import FIRST_ID

_IDS = 1_000_000_000


class NoUserNamespaceError(RuntimeError):
    """The kernel makes none: it was built without, or this machine forbids it."""


def new_user_namespace() -> int:
    """A descriptor of a new user namespace, which lasts as long as it is open."""
    with subprocess.Popen(
        ["unshare", "--user", "cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        with suppress(BrokenPipeError):
            process.stdin.write(b".")
        if not process.stdout.read(1):  # what `cat` gives back, it does inside
            raise NoUserNamespaceError(process.stderr.read().decode().strip())
        for ids in ("uid_map", "gid_map"):
            Path(f"/proc/{process.pid}/{ids}").write_text(f"0 {FIRST_ID} {_IDS}\n")
        return os.open(f"/proc/{process.pid}/ns/user", os.O_RDONLY)
