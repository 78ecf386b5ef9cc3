"""Packs the runner, its driver and a planned folder into one zipapp: same input, same bytes, anywhere."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from io import BytesIO
from pathlib import Path

from migrator.plan import Plan
from migrator.planning import planner
from migrator.tools import recognize

PLAN = "plan.json"
DRIVER = "pg8000"
_NAME = re.compile(r"[\w.-]+")
PACKAGE = Path(__file__).parents[1]
START = b"""\
import sys

if sys.version_info < (3, 11):
    sys.exit("the migrator needs Python 3.11 or newer, this is %d.%d" % sys.version_info[:2])

from migrator.__main__ import run

sys.exit(run())
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """A zipapp, its SHA-256, and the plan inside it."""

    path: Path
    sha256: str
    plan: Plan


def build(migrations: Path, output: Path) -> Bundle:
    """Writes `output/migrator-<sha256>.pyz`. Raises FolderError, SyntaxMistake, AllowanceError."""
    tool, found = recognize.read(migrations)
    plan = planner.make(found, tool=tool.name)
    content = _zip(dict(_files(plan)))
    digest = sha256(content).hexdigest()
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"migrator-{digest}.pyz"
    path.write_bytes(content)
    return Bundle(path=path, sha256=digest, plan=plan)


def _files(plan: Plan) -> Iterator[tuple[str, bytes]]:
    yield "__main__.py", START
    yield f"migrator/{PLAN}", plan.to_json().encode()
    for module in PACKAGE.rglob("*.py"):
        # What plans stays behind: it needs pglast, a C extension.
        if not module.is_relative_to(Path(__file__).parent):
            yield f"migrator/{module.relative_to(PACKAGE).as_posix()}", module.read_bytes()
    for installed in _with_what_it_needs(DRIVER).values():
        for file in installed.files or ():
            if file.suffix == ".py" or "LICENSE" in file.name:
                yield file.as_posix(), file.read_binary()


def _with_what_it_needs(name: str) -> dict[str, Distribution]:
    """An installed package and all that it needs here, by name; not what an extra of it needs."""
    found: dict[str, Distribution] = {}
    left = [name]
    while left:
        package = left.pop()
        if package in found:
            continue
        try:
            found[package] = distribution(package)
        except PackageNotFoundError:
            continue
        needed = (line for line in found[package].requires or () if "extra ==" not in line)
        left += [match[0].lower() for line in needed if (match := _NAME.match(line))]
    return found


def _zip(files: dict[str, bytes]) -> bytes:
    """Sorted, stored (compressors differ between machines), with one date and mode for all."""
    buffer = BytesIO(b"")
    buffer.write(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, files[name])
    return buffer.getvalue()
