"""Whose process is at the other end of a TCP connection, as the kernel knows it.

Servers, tasks and all users of the machine share its loopback: an address says nothing about who calls.
"""

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def comes_from(connection: socket.socket, holder: int) -> bool:
    """Whether a process of the pid namespace that process `holder` made for its children is the peer.

    False also where `holder` has made none: whoever shares the machine's own namespace is anybody.
    """
    try:
        namespace = Path(f"/proc/{holder}/ns/pid_for_children").readlink()
    except OSError:
        return False  # it has ended
    if namespace == Path("/proc/self/ns/pid").readlink():
        return False
    inode = _inode(local=connection.getpeername(), remote=connection.getsockname())
    return inode is not None and any(_holds(process, inode) for process in _members(namespace))


def _inode(*, local: tuple[str, int], remote: tuple[str, int]) -> str | None:
    """Of the socket with these two ends."""
    ends = [_hexadecimal(*local), _hexadecimal(*remote)]
    with Path("/proc/net/tcp").open() as table:
        return next((fields[9] for line in table if (fields := line.split())[1:3] == ends), None)


def _hexadecimal(address: str, port: int) -> str:
    """As /proc/net/tcp writes them: the address' four bytes as one number of this machine's byte order."""
    return f"{int.from_bytes(socket.inet_aton(address), 'little'):08X}:{port:04X}"


def _members(namespace: Path) -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            if (process / "ns" / "pid").readlink() == namespace:
                yield process


def _holds(process: Path, inode: str) -> bool:
    with suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                if str(descriptor.readlink()) == f"socket:[{inode}]":
                    return True
    return False
