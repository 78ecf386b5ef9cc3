"""The files of an app that a release is made of, and what names them all."""

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from components.tarball import mode

NEVER_PACKED = {".git", "node_modules"}


def source_files(root: Path) -> list[Path]:
    """What git tracks or would track, relative to the folder; without git everything but dependencies."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        names = [Path(name) for name in listing.stdout.decode().split("\0") if name]
    else:
        names = list(walk(root))
    # A tracked file that was deleted is still listed.
    return sorted(name for name in set(names) if os.path.lexists(root / name))


def walk(folder: Path) -> Iterator[Path]:
    """Every file and link below, relative; no dependencies, no history."""
    for place, folders, files in os.walk(folder):
        here = Path(place)
        links = {name for name in folders if (here / name).is_symlink()}
        folders[:] = [name for name in folders if name not in NEVER_PACKED | links]
        yield from ((here / name).relative_to(folder) for name in (*files, *links))


def digest(root: Path, files: Iterable[Path], also: Iterable[str]) -> str:
    """Names the files' contents and modes, and what else a build depends on."""
    found = hashlib.sha256()
    for part in also:
        found.update(part.encode() + b"\0")
    for name in files:
        path = root / name
        content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        found.update(f"{name}\0{mode(path):o}\0{len(content)}\0".encode() + content)
    return found.hexdigest()
