"""The native modules of a release: would the servers' Node.js load them? Judged from the files themselves.

npm installs and compiles for the machine that it runs on, which need not be like the servers.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

SUFFIX = ".node"
GLIBC = 34
"""Amazon Linux 2023 has glibc 2.34."""
MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}
"""`e_machine` of an ELF header."""
NOT_ELF = {b"\xcf\xfa\xed\xfe": "macOS", b"\xca\xfe\xba\xbe": "macOS", b"MZ": "Windows"}
PACKAGE = re.compile(r"(?:.*/)?node_modules/(?:@[^/]+/)?[^/]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Servers:
    """What has to load the modules."""

    architecture: Literal["arm64", "x86_64"]
    node: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NativeModule:
    """One compiled file, by what it was compiled for."""

    name: str
    """Its path in the release."""
    system: str
    """`Linux`, or another that servers are not."""
    architecture: str = ""
    musl: bool = False
    glibc: int = 0
    """The newest minor version of glibc 2 that it needs."""
    node_api: bool = False
    """It loads in every major version of Node.js."""

    @property
    def package(self) -> str:
        """The folder of the package that it is in."""
        match = PACKAGE.match(self.name)
        return match[0] if match else self.name

    def misfit(self, servers: Servers, built_with: int) -> str:
        """Why servers could not load what this major version of Node.js compiled; empty if they can."""
        if self.system != "Linux":
            return f"is for {self.system}"
        if self.architecture != servers.architecture:
            return f"is for {self.architecture}, and the servers are {servers.architecture}"
        if self.musl:
            return "is for musl, and the servers have glibc"
        if self.glibc > GLIBC:
            return f"needs glibc 2.{self.glibc}, and the servers have 2.{GLIBC}"
        if not self.node_api and built_with != servers.node:
            return f"was built with Node.js {built_with}, and the servers have {servers.node}"
        return ""


def read(name: str, content: bytes) -> NativeModule:
    """What a file was compiled for."""
    if content[:4] != b"\x7fELF":
        system = next(
            (system for magic, system in NOT_ELF.items() if content.startswith(magic)), "no known system"
        )
        return NativeModule(name=name, system=system)
    order: Literal["little", "big"] = "little" if content[5] == 1 else "big"
    machine = int.from_bytes(content[18:20], order)
    return NativeModule(
        name=name,
        system="Linux",
        architecture=MACHINES.get(machine, f"machine {machine:#x}"),
        musl=b"libc.musl-" in content,
        glibc=max((int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", content)), default=0),
        node_api=b"napi_" in content,
    )


def misfits(modules: Iterable[NativeModule], servers: Servers, built_with: int) -> Iterator[str]:
    """A line for each package of which the servers could load no module.

    A package may bring modules for many systems, of which it takes the one that fits.
    """
    by_package = sorted(modules, key=lambda module: (module.package, module.name))
    for _, group in groupby(by_package, key=lambda module: module.package):
        reasons = {module.name: module.misfit(servers, built_with) for module in group}
        if all(reasons.values()):
            name, why = next(iter(reasons.items()))
            yield f"{name} {why}"
