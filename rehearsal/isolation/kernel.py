"""The system calls that isolation is made of, which Python's own library lacks.

Numbers are given where the C library may be older than the call; from 424 on all architectures share them.
"""

import ctypes
import errno
import os
import struct
from pathlib import Path

NEW_MOUNTS, NEW_IPC, NEW_USERS, NEW_PROCESSES = 0x0002_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC = 1, 2, 4, 8
REMOUNT, BIND, RECURSIVE, PRIVATE = 0x20, 0x1000, 0x4000, 1 << 18
_DETACH = 2

_OPEN_TREE, _MOVE_MOUNT, _OPENAT2, _MOUNT_SETATTR = 428, 429, 437, 442
_AT_FDCWD, _AT_EMPTY_PATH = -100, 0x1000
_CLONE_TREE = 1
_MOVE_FROM_EMPTY_PATH = 4
_IDMAP = 0x0010_0000
_RESOLVE_NO_MAGICLINKS, _RESOLVE_IN_ROOT = 0x02, 0x10

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_KEEPCAPS, _PR_SET_NO_NEW_PRIVS = 1, 4, 8, 38
_PR_CAPBSET_DROP, _PR_CAP_AMBIENT = 24, 47
_CAP_AMBIENT_RAISE, _CAP_AMBIENT_CLEAR_ALL = 2, 4
_CAPABILITY_VERSION = 0x2008_0522

# What no server, task or store needs: the keys of whoever started the rehearsal, and calls that are known
# above all for the kernel's flaws that were reached by them.
_DENIED = {
    "x86_64": (0xC000_003E, (250, 248, 249, 298, 321, 323, 425, 426, 427)),
    "aarch64": (0xC000_00B7, (219, 217, 218, 241, 280, 282, 425, 426, 427)),
}
"""By machine: its number, then keyctl, add_key, request_key, perf_event_open, bpf, userfaultfd, io_uring_…"""
_KEYCTL_JOIN_SESSION_KEYRING = 1
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # instructions of classic BPF
_ALLOW, _REFUSE = 0x7FFF_0000, 0x0005_0000 | errno.EPERM
_FOREIGN_CALLS = 0x4000_0000  # from here on: x32's, the same calls by other numbers

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: Path, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Mounts `source` at `target`; raises `OSError`. The parameters are those of `man 2 mount`."""
    _check(
        _libc.mount(
            source.encode(), bytes(target), kind.encode(), ctypes.c_ulong(flags), data.encode() or None
        ),
        target,
    )


def swap_root_for_current_folder() -> None:
    """The current folder, a mount, becomes the root of this mount namespace; the old root is gone."""
    _check(_libc.pivot_root(b".", b"."))
    _check(_libc.umount2(b".", _DETACH))


def unshare(flags: int) -> None:
    """Moves this process into namespaces of its own; the flags are those of `man 2 unshare`."""
    _check(_libc.unshare(flags))


def join(namespace: int) -> None:
    """setns(2) with the descriptor of a namespace."""
    _check(_libc.setns(namespace, 0))


def bind_mapped(source: Path, target: Path, users: int) -> None:
    """Bind-mount a folder so that the ids on disk are the ids inside the user namespace `users`."""
    tree = _libc.syscall(_OPEN_TREE, _AT_FDCWD, bytes(source), _CLONE_TREE | os.O_CLOEXEC)
    _check(tree, source)
    try:
        attributes = struct.pack("QQQQ", _IDMAP, 0, 0, users)
        done = _libc.syscall(_MOUNT_SETATTR, tree, b"", _AT_EMPTY_PATH, attributes, len(attributes))
        _check(done, source)
        moved = _libc.syscall(_MOVE_MOUNT, tree, b"", _AT_FDCWD, bytes(target), _MOVE_FROM_EMPTY_PATH)
        _check(moved, target)
    finally:
        os.close(tree)


def open_beneath(root: Path, inside: str, flags: int) -> int:
    """Open a path with `root` as its `/`: no symbolic link on the way leads anywhere else."""
    folder = os.open(root, os.O_PATH | os.O_DIRECTORY)
    try:
        how = struct.pack("QQQ", flags | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
        opened = _libc.syscall(_OPENAT2, folder, os.fsencode(inside), how, len(how))
        _check(opened, inside)
        return int(opened)
    finally:
        os.close(folder)


def die_with_parent(signal: int) -> None:
    """Get this signal when the parent ends; a change of the user forgets it."""
    _prctl(_PR_SET_PDEATHSIG, signal)


def hide_from_debuggers() -> None:
    """Let nobody without CAP_SYS_PTRACE in the machine's own user namespace look into this process."""
    _prctl(_PR_SET_DUMPABLE, 0)


def gain_nothing_by_exec() -> None:
    """No program that this process or its children start gets more rights than they have."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def limit_capabilities(kept: frozenset[int]) -> None:
    """No program that is started from here on can have another capability."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in set(range(last + 1)) - kept:
        _prctl(_PR_CAPBSET_DROP, capability)


def become(user: int, group: int, kept: frozenset[int]) -> None:
    """Change to this user, keeping of the capabilities only these; the programs it starts have them too."""
    _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    bits = sum(1 << capability for capability in kept)
    low, high = bits & 0xFFFF_FFFF, bits >> 32
    inherited = (low, high) if user else (0, 0)  # what root starts has them as it is
    data = struct.pack("6I", low, low, inherited[0], high, high, inherited[1])
    _check(_libc.capset(struct.pack("Ii", _CAPABILITY_VERSION, 0), data))
    _prctl(_PR_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL)
    for capability in kept if user else ():
        _prctl(_PR_CAP_AMBIENT, _CAP_AMBIENT_RAISE, capability)


def leave_keyring() -> None:
    """Start with an empty session keyring instead of the parent's."""
    if os.uname().machine in _DENIED:
        _, (keyctl, *_) = _DENIED[os.uname().machine]
        _libc.syscall(keyctl, _KEYCTL_JOIN_SESSION_KEYRING, None)  # fails where the kernel keeps no keys


def deny_system_calls() -> None:
    """Answer those of `_DENIED` with EPERM from now on, and every call of a foreign architecture."""
    if os.uname().machine not in _DENIED:
        return
    machine, calls = _DENIED[os.uname().machine]
    count = len(calls)
    program = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_JUMP_EQUAL, 0, count + 3, machine),
        (_LOAD, 0, 0, 0),  # the call
        (_JUMP_AT_LEAST, count + 1, 0, _FOREIGN_CALLS),
        *((_JUMP_EQUAL, count - index, 0, call) for index, call in enumerate(calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *instruction) for instruction in program))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    _check(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0))


def _prctl(option: int, *arguments: int) -> None:
    words = [ctypes.c_ulong(word) for word in (*arguments, 0, 0, 0, 0)[:4]]
    _check(_libc.prctl(option, *words))


def _check(result: int, path: object = None) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path and str(path))
