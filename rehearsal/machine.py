"""What a rehearsal asks of the machine, and who holds a port of it."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

from rehearsal.errors import MachineError
from rehearsal.lock import command_line

PROGRAMS = {
    "initdb": "postgresql",
    "redis-server": "redis-server",
    "haproxy": "haproxy",
    "setpriv": "util-linux",
    "unshare": "util-linux",
    "node": "nodejs",
    "npm": "npm",
}
"""The programs that the cloud and the release run, and Debian's packages that carry them."""
_LISTEN = "0A"  # the state in /proc/net/tcp


def check(path: str) -> None:
    """Raises `MachineError` with every program that is missing."""
    missing = {
        package: name
        for name, package in PROGRAMS.items()
        if not shutil.which(name, path=with_postgres(path))
    }
    if missing:
        raise MachineError(
            f"These programs are missing: {', '.join(missing.values())}. Run: "
            f"sudo apt-get install {' '.join(missing)}"
        )
    if os.geteuid() != 0 and not shutil.which("sudo"):
        raise MachineError(
            "The rehearsal's servers are namespaces of this machine, which takes root. Run this as root, or "
            "install sudo."
        )


def with_postgres(path: str) -> str:
    """A PATH with what Debian keeps beside it: system programs, and each PostgreSQL's own."""
    return os.pathsep.join([path, "/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))])


def check_node(node: int, path: str) -> None:
    """Raises `MachineError` where this machine's Node.js, which servers run, is of another major version."""
    version = node_version(path)
    if version is None or version.partition(".")[0] != f"v{node}":
        raise MachineError(
            f"evenkeel:app.node of stack local is {node}, and this machine, whose Node.js the rehearsal's "
            f"servers run, has {version or 'none'}. Set the setting to its major version, or put Node.js "
            f"{node} on PATH."
        )


def node_version(path: str) -> str | None:
    """Such as `v22.19.0`; None where there is none."""
    program = shutil.which("node", path=path)
    if program is None:
        return None
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.strip()


def as_root() -> list[str]:
    """What to put before a command that needs root."""
    return [] if os.geteuid() == 0 else ["sudo"]


def check_port(port: int) -> None:
    """Raises `MachineError` when something listens on the port, naming it as far as this user may see."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise MachineError(
            f"Port {port} of 127.0.0.1 can't be used: {listener(port) or error.strerror}. End that, or write "
            "another port into evenkeel:aws.endpoint of stacks/Pulumi.local.yaml."
        ) from error


def listener(port: int) -> str | None:
    """Who listens on the port, as `process 123 (…) listens there`; None when this user may not see it."""
    sockets = {
        f"socket:[{fields[9]}]"
        for table in ("tcp", "tcp6")
        for fields in map(str.split, Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port
    }
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(file.readlink()) in sockets for file in (process / "fd").iterdir()):
                return f"process {process.name} ({command_line(int(process.name))}) listens there"
        except OSError:
            continue  # it ended meanwhile, or is another user's
    return None
