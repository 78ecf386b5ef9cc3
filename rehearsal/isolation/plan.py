"""What an isolated process is to be: a server, a task of ECS, or a store. Plain data for the launcher."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

# Capabilities by their numbers in linux/capability.h.
CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, NET_BIND_SERVICE = 0, 1, 3, 4, 5, 6, 7, 10
SYS_PTRACE = 19
FIRST_ID = 2_000_000_000
"""Who root of a user namespace is here: above all ids that login.defs and systemd hand out."""


def of_a_server(*, own_users: bool) -> tuple[int, ...]:
    """What root in a server may do to the server's own files, processes and users, and to nothing else.

    Only in a user namespace, where the right ends, may it look into its users' processes, as `ss -p` does.
    """
    always = (CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, NET_BIND_SERVICE)
    return (*always, SYS_PTRACE) if own_users else always


@dataclass(frozen=True, kw_only=True, slots=True)
class IsolationPlan:
    """One isolated process. Paths are absolute; each stands where it stands on this machine."""

    stage: str
    """An empty folder of this machine, over which the view is built in a mount namespace of its own."""
    user: int
    group: int
    capabilities: tuple[int, ...] = ()
    users: str | None = None
    """The user namespace that it is in, as a path; None for the machine's own."""
    own_processes: bool = True
    """Whether it is process 1 of a process namespace."""
    own_programs: bool = False
    """Whether it can change /usr, for itself."""
    shown: tuple[str, ...] = ()
    """Files and folders that it can read."""
    writable: tuple[str, ...] = ()
    """Folders that it can write."""
    files: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Copies that it gets: by their path inside, the original's path and the mode."""
    console: str | None = None
    """The file that is its /dev/console."""
    folder: str = "/"
    """Where it starts."""

    def to_json(self) -> str:
        """As the launcher's argument; whoever may list processes may read it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "IsolationPlan":
        """What `to_json` gave."""
        return cls(**json.loads(text))
