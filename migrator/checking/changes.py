"""Which migrations a change adds, edits and takes away, as git tells."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from migrator.errors import FolderError, SettingsError


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """Names of migrations; those of `added` are new, those of `edited` and `removed` were there before."""

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
    before = _names(_git(migrations, "ls-tree", "-r", "-z", "--name-only", base, ".").split("\0"))
    now = {script.parent.name for script in migrations.glob("*/migration.sql")}
    edited = _names(_git(migrations, "diff", "--relative", "-z", "--name-only", base, "--", ".").split("\0"))
    return Changes(
        added=frozenset(now - before),
        edited=frozenset(edited & before & now),
        removed=frozenset(before - now),
    )


def of_files(migrations: Path, files: Sequence[Path]) -> Changes:
    """The migrations that these files belong to, all as new. Raises SettingsError for a file of none."""
    known = {script.parent.resolve() for script in migrations.glob("*/migration.sql")}
    for file in files:
        if file.resolve().parent not in known:
            raise SettingsError(f"{file} is no file of a migration in {migrations}: leave it out")
    return Changes(added=frozenset(file.resolve().parent.name for file in files))


def _names(paths: Sequence[str]) -> set[str]:
    """The migrations that have a script among paths relative to the folder."""
    return {folder for folder, _, file in (path.partition("/") for path in paths) if file == "migration.sql"}


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
