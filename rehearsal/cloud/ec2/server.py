"""A server: isolated processes of this machine (rehearsal/isolation), with an init of their own."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from rehearsal.cloud.ec2.server_files import ServerFiles
from rehearsal.cloud.secret_files import write_private
from rehearsal.isolation.isolation import Isolation, has_begun
from rehearsal.processes import Child

_SCRIPT = Path(__file__).with_name("server.sh")
_NOTHING = Path(os.devnull)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Its init knows only the units that were there when it started: the others are stopped by name.
_SHUT_DOWN = """
for unit in /etc/systemd/system/multi-user.target.wants/*.service; do
  case $unit in */cloud-init.service) ;; *) systemctl stop "${unit##*/}" ;; esac
done
kill -TERM 1
"""


class InstanceServer:
    """Boots at once. Everything in it ends when its init ends, and its init when the cloud ends.

    `boot` is the script that init runs; `environment` becomes /etc/environment, which `boot` and `run` carry.
    """

    def __init__(
        self,
        folder: Path,
        isolation: Isolation,
        *,
        boot: str,
        environment: Mapping[str, str],
        log: Path,
    ) -> None:
        self._isolation = isolation
        self._environment = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/root", **environment}
        self._shutdown: Child | None = None
        self._log = log
        self.console = folder / "console.log"
        folder.mkdir(parents=True, exist_ok=True)
        variables = "".join(f"{k}={v}\n" for k, v in environment.items())
        write_private(folder / "cloud-init.sh", boot.encode(), owner=None)
        write_private(folder / "environment", variables.encode(), owner=None)
        self.console.touch()
        node = Path(os.path.realpath(shutil.which("node") or "/usr/bin/node"))
        words = isolation.server(
            files={
                "/var/lib/cloud/cloud-init.sh": (folder / "cloud-init.sh", 0o755),
                "/etc/environment": (folder / "environment", 0o644),
            },
            console=self.console,
            shown=(node,),
        )
        self._namespace = Child(
            [*words, "/bin/bash", "-c", _SCRIPT.read_text(), "init"],
            log=log,
            env={"PATH": PATH, "LANG": "C.UTF-8", "VENV": sys.prefix, "NODE": str(node)},
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
        """Its PID 1 as this machine counts; None before it is isolated and after it has ended."""
        children = Path(f"/proc/{self._namespace.pid}/task/{self._namespace.pid}/children")
        try:
            init = int(children.read_text().split()[0])
            return init if has_begun(init) else None
        except (OSError, IndexError):
            return None

    def shut_down(self) -> None:
        """Have every service stopped, then init; one that has not begun to boot hears it at a later call."""
        if self.init is not None and (self._shutdown is None or not self._shutdown.alive):
            self._shutdown = self.run(_SHUT_DOWN, log=self._log)

    @property
    def files(self) -> ServerFiles:
        """What lies in it now; OSError where it has ended."""
        return ServerFiles(Path(f"/proc/{self.init}/root"))

    def run(
        self, script: str, *arguments: str, log: Path, errors: Path | None = None, stdin: Path = _NOTHING
    ) -> Child:
        """A shell script inside, as root, in the server's own environment."""
        assert self.init is not None, "it does not run"
        words = self._isolation.enter(self.init)
        return Child(
            [*words, "/bin/sh", "-c", script, "sh", *arguments],
            log=log,
            errors=errors,
            stdin=stdin,
            env=self._environment,
        )
