"""Isolate what the cloud runs: the words that come before a command."""

import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rehearsal.isolation.plan import IsolationPlan, of_a_server
from rehearsal.isolation.users import NoUserNamespaceError, new_user_namespace
from rehearsal.processes import UnprivilegedUser

CHOICE = "EVENKEEL_ISOLATION"
"""The environment variable that asks for one of `WAYS`; without it the first that works here is taken."""
USER_NAMESPACES, CAPABILITIES = WAYS = ("user-namespaces", "capabilities")
_CHECKOUT = Path(__file__).parents[2]
# Scripts name the folder that the environment was made in, which a link may stand for.
_PYTHON = tuple(dict.fromkeys((sys.prefix, os.path.realpath(sys.prefix), sys.base_prefix)))
# Without anything of the user's, nor of site-packages, which would take most of the time that a launch takes.
_LAUNCHER = [
    *(sys.executable, "-ISc"),
    f"import sys; sys.path.insert(0, {str(_CHECKOUT)!r})\n"
    "from rehearsal.isolation.__main__ import main; main(sys.argv[1:])",
]
_NOBODY = 65534
log = logging.getLogger(__name__)


def has_begun(pid: int) -> bool:
    """Whether a process that was to be isolated is, and runs its command; OSError when it has ended."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:2] != [_LAUNCHER[1].encode()]


class CannotIsolateError(RuntimeError):
    """The way that was asked for is none, or does not work on this machine."""


class Isolation:
    """One for a cloud. Where the cloud is not root it isolates nothing, and there are no servers."""

    def __init__(self, stage: Path) -> None:
        """`stage` is an empty folder to build views over. Raises CannotIsolateError."""
        self._stage = str(stage)
        self._is_root = os.geteuid() == 0
        self._users: int | None = None
        wanted = os.environ.get(CHOICE)
        if wanted not in (None, *WAYS):
            raise CannotIsolateError(f"{CHOICE} is {wanted!r}: use {' or '.join(WAYS)}, or leave it out")
        if not self._is_root or wanted == CAPABILITIES:
            return
        try:
            self._users = new_user_namespace()
            self._try()
        except NoUserNamespaceError as error:
            if wanted:
                raise CannotIsolateError(f"this machine has no {USER_NAMESPACES}: {error}") from error
            log.warning("servers and tasks run without a user namespace, with few capabilities: %s", error)
            self._users = None

    def server(
        self, *, files: Mapping[str, tuple[Path, int]], console: Path, shown: tuple[Path, ...]
    ) -> list[str]:
        """Process 1 of a server, root of its own files. `files`: path inside, original, mode."""
        return self._start(
            user=0,
            group=0,
            capabilities=of_a_server(own_users=self.has_users),
            users=self._users_path,
            own_programs=True,
            shown=(*_PYTHON, *map(str, shown)),
            files={inside: (str(original), mode) for inside, (original, mode) in files.items()},
            console=str(console),
        )

    def enter(self, init: int) -> list[str]:
        """Root of the server whose process 1 this is."""
        return [*_LAUNCHER, "enter", str(init), "--"]

    def task(self, folder: Path) -> list[str]:
        """A container: nobody, in a folder of its own that is gone with it."""
        return self._start(
            user=_NOBODY, group=_NOBODY, users=self._users_path, shown=_PYTHON, folder=str(folder)
        )

    def store(
        self,
        user: UnprivilegedUser | None,
        folder: Path,
        *,
        shown: tuple[Path, ...],
        capabilities: tuple[int, ...] = (),
    ) -> list[str]:
        """A database or a balancer, which keeps its files in `folder` of this machine."""
        if user is None:
            return []
        return self._start(
            user=user.uid,
            group=user.gid,
            own_processes=False,  # Postgres writes its process id down, and the cloud reads it
            capabilities=capabilities,
            shown=tuple(map(str, shown)),
            writable=(str(folder),),
            folder=str(folder),
        )

    @property
    def has_users(self) -> bool:
        """Whether servers and tasks have a user namespace."""
        return self._users is not None

    @property
    def _users_path(self) -> str | None:
        return None if self._users is None else f"/proc/{os.getpid()}/fd/{self._users}"

    def _start(self, **plan: object) -> list[str]:
        if not self._is_root:
            return []
        return [*_LAUNCHER, "start", IsolationPlan(stage=self._stage, **plan).to_json(), "--"]  # type: ignore[arg-type]

    def _try(self) -> None:
        """Older kernels and some file systems have no mounts or overlays that follow the ids of one."""
        words = self._start(user=0, group=0, users=self._users_path, own_programs=True, shown=_PYTHON)
        trial = [*words, "sh", "-c", "touch /usr/trial && exec \"$0\" -c ''", sys.executable]
        done = subprocess.run(trial, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise NoUserNamespaceError(lines[-1])
