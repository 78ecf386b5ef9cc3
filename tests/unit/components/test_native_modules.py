"""Which native modules the servers could load."""

import dataclasses
import struct
from typing import Any

import pytest

from components.native_modules import NativeModule, Servers, misfits, read

SERVERS = Servers(architecture="x86_64", node=22)
FITS = NativeModule(name="a.node", system="Linux", architecture="x86_64", glibc=34, node_api=True)


def elf(machine: int, *symbols: bytes) -> bytes:
    """The header of a little-endian 64-bit shared object, and names from its symbol table."""
    header = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9) + struct.pack("<HH", 3, machine)
    return header + bytes(44) + b"\0".join(symbols)


def test_an_elf_file_says_what_it_was_compiled_for() -> None:
    """Machine, C library and its version, and whether it is bound to one Node.js."""
    assert read("a.node", elf(0x3E, b"GLIBC_2.2.5", b"GLIBC_2.34", b"napi_create_function")) == FITS
    assert read("a.node", elf(0xB7, b"GLIBC_2.17")) == NativeModule(
        name="a.node", system="Linux", architecture="arm64", glibc=17
    )
    assert read("a.node", elf(0x3E, b"libc.musl-x86_64.so.1")).musl
    assert read("a.node", elf(0xF3)).architecture == "machine 0xf3"


@pytest.mark.parametrize(
    ("start", "system"),
    [
        (b"\xcf\xfa\xed\xfe", "macOS"),
        (b"MZ", "Windows"),
        (b"text", "no known system"),
        (b"", "no known system"),
    ],
)
def test_other_systems_files_are_known(start: bytes, system: str) -> None:
    """By their first bytes."""
    assert read("a.node", start).system == system


@pytest.mark.parametrize(
    ("difference", "why"),
    [
        ({"system": "macOS"}, "is for macOS"),
        ({"architecture": "arm64"}, "is for arm64, and the servers are x86_64"),
        ({"musl": True}, "is for musl, and the servers have glibc"),
        ({"glibc": 38}, "needs glibc 2.38, and the servers have 2.34"),
        ({"node_api": False}, "was built with Node.js 24, and the servers have 22"),
    ],
)
def test_each_difference_is_a_misfit(difference: dict[str, Any], why: str) -> None:
    """In words that name it; and none where there is no difference."""
    assert list(misfits([dataclasses.replace(FITS, **difference)], SERVERS, 24)) == [f"a.node {why}"]
    assert list(misfits([FITS], SERVERS, 24)) == []


def test_a_module_of_the_same_nodejs_fits() -> None:
    """Bound to it or not."""
    assert list(misfits([dataclasses.replace(FITS, node_api=False)], SERVERS, 22)) == []


def test_a_package_with_modules_for_many_systems_takes_the_one_that_fits() -> None:
    """Another package's does not help."""
    names = ["node_modules/@x/a/prebuilds/linux/a.node", "node_modules/@x/a/prebuilds/darwin/a.node"]
    fits, darwin = (dataclasses.replace(FITS, name=name) for name in names)
    darwin = dataclasses.replace(darwin, system="macOS")
    assert list(misfits([fits, darwin], SERVERS, 22)) == []
    other = dataclasses.replace(darwin, name="node_modules/@x/a/node_modules/b/b.node")
    assert list(misfits([fits, other], SERVERS, 22)) == [f"{other.name} is for macOS"]
