"""A server: mount and pid namespaces over an overlay of this machine's root, with an init of its own."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from rehearsal.processes import Child

_SCRIPT = Path(__file__).with_name("server.sh")
_CHECKOUT = Path(__file__).parents[2]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Its init knows only the units that were there when it started: the others are stopped by name.
# Before server.sh has changed the root, what these words would stop is not the server's.
_SHUT_DOWN = """
[ -e /.server ] || exit 0
for unit in /etc/systemd/system/multi-user.target.wants/*.service; do
  case $unit in */cloud-init.service) ;; *) systemctl stop "${unit##*/}" ;; esac
done
kill -TERM 1
"""


class Server:
    """Boots at once. Everything in it ends when its init ends, and its init when the cloud ends.

    `boot` is the script that init runs; `environment` becomes /etc/environment, which `boot` and `run` carry.
    """

    def __init__(
        self, folder: Path, *, boot: str, environment: Mapping[str, str], hidden: Path, log: Path
    ) -> None:
        self._environment = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/root", **environment}
        self._shutdown: Child | None = None
        self._log = log
        self.console = folder / "console.log"
        (folder / "root").mkdir(parents=True, exist_ok=True)
        (folder / "cloud-init.sh").write_text(boot)
        (folder / "environment").write_text("".join(f"{k}={v}\n" for k, v in environment.items()))
        self.console.touch()
        self._namespace = Child(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", _SCRIPT, folder],
            log=log,
            env={
                "PATH": f"{os.environ['PATH']}:{PATH}",
                "LANG": "C.UTF-8",
                "VENV": sys.prefix,
                "PYTHON_HOME": sys.base_prefix,
                "HIDDEN": f"{_CHECKOUT}:{hidden}",
            },
            cwd=folder,
        )

    @property
    def alive(self) -> bool:
        """Whether its init runs."""
        return self._namespace.alive

    @property
    def namespace(self) -> Child:
        """The process that holds the namespaces; killing it ends everything in the server."""
        return self._namespace

    @property
    def init(self) -> int | None:
        """Process id of its PID 1 as this machine counts; None before it is there and after it has ended."""
        children = Path(f"/proc/{self._namespace.pid}/task/{self._namespace.pid}/children")
        try:
            return int(children.read_text().split()[0])
        except (OSError, IndexError):
            return None

    def shut_down(self) -> None:
        """Have every service stopped, then init; one that has not begun to boot hears it at a later call."""
        if self.init is not None and (self._shutdown is None or not self._shutdown.alive):
            self._shutdown = self.run(_SHUT_DOWN, log=self._log)

    def path(self, inside: str) -> Path:
        """Where a file of the server lies for this machine."""
        return Path(f"/proc/{self.init}/root") / inside.lstrip("/")

    def run(self, script: str, *arguments: str, log: Path) -> Child:
        """A shell script inside, as root, in the server's own environment."""
        return Child(
            [
                *("nsenter", "--target", str(self.init), "--mount", "--pid", "--root", "--wd"),
                *("/bin/sh", "-c", script, "sh", *arguments),
            ],
            log=log,
            env=self._environment,
        )
