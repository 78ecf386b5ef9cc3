"""Which migrations a change adds, edits and takes away, as git tells."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from migrator.errors import FolderError, SettingsError
from migrator.tools import recognize


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """Scripts, as paths below the folder; those of `edited` and `removed` were there before."""

    added: frozenset[str]
    edited: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


def since(migrations: Path, reference: str) -> Changes:
    """What the working tree has besides the last commit that it shares with a branch, tag or commit.

    Files that git does not track yet are new. Raises SettingsError where git does not know the reference, and
    FolderError where the folder is in no repository.
    """
    if not migrations.is_dir():
        raise FolderError(f"migrations folder {migrations} does not exist: give --migrations the right one")
    _git(migrations, "rev-parse", "--show-toplevel")
    try:
        base = _git(migrations, "merge-base", reference, "HEAD").strip()
    except FolderError as error:
        raise SettingsError(
            f"--since is {reference!r}, which shares no commit with this branch ({error}). "
            "In CI fetch it first, with its history: "
            "git fetch --unshallow origin, or actions/checkout's fetch-depth: 0"
        ) from None
    pattern = recognize.of(migrations).scripts
    before = _scripts(_git(migrations, "ls-tree", "-r", "-z", "--name-only", base, "."), pattern)
    edited = _scripts(_git(migrations, "diff", "--relative", "-z", "--name-only", base, "--", "."), pattern)
    now = {script.relative_to(migrations).as_posix() for script in migrations.glob(pattern)}
    return Changes(
        added=frozenset(now - before),
        edited=frozenset(edited & before & now),
        removed=frozenset(before - now),
    )


def of_files(migrations: Path, files: Sequence[Path]) -> Changes:
    """The migrations that these files belong to, all as new. Raises SettingsError for a file of none.

    A file beside a script in its folder belongs to it, as `queries.sql` does.
    """
    pattern = recognize.of(migrations).scripts
    known = {script.resolve(): script.relative_to(migrations) for script in migrations.glob(pattern)}
    folders = {script.parent: path for script, path in known.items() if "/" in pattern}
    added = []
    for file in files:
        path = known.get(file.resolve()) or folders.get(file.resolve().parent)
        if path is None:
            raise SettingsError(f"{file} is no file of a migration in {migrations}: leave it out")
        added.append(path.as_posix())
    return Changes(added=frozenset(added))


def _scripts(paths: str, pattern: str) -> set[str]:
    """The scripts of migrations among what git lists with zeros between."""
    return {path for path in paths.split("\0") if PurePosixPath(path).match(pattern)}


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
        )
    except FileNotFoundError:
        raise FolderError("git is not installed: --since asks it what is new. Or name the files") from None
    except subprocess.CalledProcessError as error:
        raise FolderError(f"git {arguments[0]}: {error.stderr.strip() or error}") from None
    return done.stdout
