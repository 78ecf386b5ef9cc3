"""What a rehearsal needs of this machine and what is here, each with the remedy."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rehearsal import daemon, deployment, machine
from rehearsal.engine import cli
from rehearsal.engine.environment import Rehearsal
from rehearsal.errors import MachineError

MEMORY_GIB = 2
"""A rehearsal of the reference app takes 0.9 GiB, the engine and a build of a release 0.7."""
DISK_GIB = 4
"""What a build of the Pulumi CLI takes, where it can't be fetched; a rehearsal itself writes 0.3 GiB."""
_GIB = 2**30


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineNeed:
    """One need of the rehearsal."""

    need: str
    found: str
    remedy: str = ""
    """What to do; empty where nothing is missing."""

    @property
    def row(self) -> tuple[str, str, str]:
        """Of the table."""
        return (self.need, self.found, self.remedy or "ok")


def examine(rehearsal: Rehearsal) -> Iterator[MachineNeed]:
    """All needs, one after another; nothing is changed."""
    path = rehearsal.search_path(os.environ["PATH"])
    system = _system()
    yield system
    if system.remedy:
        return
    yield _root()
    yield from _programs(path)
    yield _node(rehearsal, path)
    yield _memory()
    yield _disk(rehearsal.root)
    yield _port(rehearsal)
    yield _pulumi(path)


def _system() -> MachineNeed:
    kernel = f"{platform.system()} {platform.release()}"
    remedy = "" if sys.platform == "linux" else "Use Linux, or a virtual machine with it"
    return MachineNeed(need="Linux", found=kernel, remedy=remedy)


def _root() -> MachineNeed:
    if os.geteuid() == 0:
        return MachineNeed(need="root", found="root")
    if sudo := shutil.which("sudo"):
        return MachineNeed(need="root", found=sudo)
    return MachineNeed(need="root", found="none", remedy="Run as root, or install sudo")


def _programs(path: str) -> Iterator[MachineNeed]:
    for name, package in machine.PROGRAMS.items():
        found = shutil.which(name, path=machine.with_postgres(path))
        yield MachineNeed(
            need=name, found=found or "none", remedy="" if found else f"sudo apt-get install {package}"
        )


def _node(rehearsal: Rehearsal, path: str) -> MachineNeed:
    node = deployment.node(rehearsal)
    need = f"Node.js {node}"
    try:
        machine.check_node(node, path)
    except MachineError as error:
        return MachineNeed(need=need, found=machine.node_version(path) or "none", remedy=str(error))
    return MachineNeed(need=need, found=machine.node_version(path) or "")


def _memory() -> MachineNeed:
    text = Path("/proc/meminfo").read_text()
    available = int(re.findall(r"MemAvailable: +(\d+) kB", text)[0]) * 1024 / _GIB
    remedy = "" if available >= MEMORY_GIB else "End something, or take a larger machine"
    return MachineNeed(need=f"{MEMORY_GIB} GiB of memory", found=f"{available:.1f} GiB free", remedy=remedy)


def _disk(folder: Path) -> MachineNeed:
    free = shutil.disk_usage(folder).free / _GIB
    remedy = "" if free >= DISK_GIB else f"Free some space below {folder}"
    return MachineNeed(need=f"{DISK_GIB} GiB of disk", found=f"{free:.1f} GiB free", remedy=remedy)


def _port(rehearsal: Rehearsal) -> MachineNeed:
    need = f"port {rehearsal.port}"
    if daemon.find(rehearsal.state):
        return MachineNeed(need=need, found="this rehearsal, which runs")
    try:
        machine.check_port(rehearsal.port)
    except MachineError as error:
        return MachineNeed(need=need, found="taken", remedy=str(error))
    return MachineNeed(need=need, found="free")


def _pulumi(path: str) -> MachineNeed:
    need = f"pulumi {cli.PINNED}"
    there = cli.there(path)
    return MachineNeed(need=need, found=str(there) if there else "none yet: `make up` installs or builds it")
