"""How a release is built: a copy of the app, its packages, its build script, and what of it is packed."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from components import adoption, sources, writable
from components.adoption import AdoptionError, ProcessSettings
from components.app_layout import OWN, AppLayout
from components.package_manager import NPM, package_json
from components.tarball import pack
from components.writable import WritableError

BUILD = "build"
LAST_LINES = 50
"""Of a command's output, in an error: it ends with its usage."""
CACHES = {".cache", ".modules.yaml", ".yarn-integrity", ".yarn-state.yml", ".vite", ".turbo"}
"""In `node_modules`: what tools keep there for themselves, with times and paths of the machine in it."""
STATE = re.compile(r"\.pnpm-workspace-state.*\.json")
PROSE = re.compile(r"(readme|changelog|changes|history)(\..*)?", re.IGNORECASE)
"""What npm packs whatever `files` says, and no server reads."""
PLAIN = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
"""So that no build depends on whose shell it runs in."""
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildSettings:
    """How an app is built, and what runs of it."""

    scripts: tuple[str, ...] = (BUILD,)
    """Of package.json, in their order; without `build` where there is none."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Of the scripts."""
    all_files: bool = False
    """Whether `files` of package.json is not asked."""
    writable: tuple[str, ...] = ()
    """Folders that the app writes to."""
    processes: Mapping[str, ProcessSettings] = field(default_factory=dict)
    """Of an app without PM2 settings of its own."""


class ArtifactError(Exception):
    """The app can't be made into a release; the message says why, and what to do about it."""


def make(
    layout: AppLayout,
    files: Iterable[Path],
    settings: BuildSettings,
    scratch: Path,
    say: Say,
) -> tuple[Path, str]:
    """Builds in `scratch` and packs the result there: the tarball and its SHA-256. Raises `ArtifactError`."""
    tree = scratch / "app"
    for name in files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(layout.root / name, tree / name, follow_symlinks=False)
    manager, member = layout.manager, layout.workspace_name
    run(tree, manager.install(), say, manager.environment)
    for script, of_member in scripts(layout, settings):
        command = manager.run(script, member if of_member else None)
        run(tree, command, say, {**manager.environment, **settings.environment})
    run(tree, manager.prune(member), say, manager.environment)
    if layout.adopted or not layout.brings_pm2:
        adoption.bring(tree)
    if layout.adopted:
        try:
            adoption.adopt(layout, settings.processes, tree)
        except AdoptionError as error:
            raise ArtifactError(str(error)) from error
    if not layout.brings_pm2 or any(process.is_job for process in settings.processes.values()):
        run(tree / OWN, NPM.install(), say, {})
    names = [*packed(layout, tree, all_files=settings.all_files), *written(layout, settings, tree)]
    if layout.ecosystem not in names:
        raise ArtifactError(
            f'{layout.folder / "package.json"}: "files" leaves out {layout.ecosystem}: add it'
        )
    tarball = scratch / "release.tar.gz"
    return tarball, pack(tree, names, tarball)


def written(layout: AppLayout, settings: BuildSettings, tree: Path) -> Iterator[Path]:
    """The links in place of the folders that the app writes to. Raises `ArtifactError`."""
    try:
        yield from writable.link(tree, layout.member, settings.writable)
    except WritableError as error:
        raise ArtifactError(str(error)) from error


def scripts(layout: AppLayout, settings: BuildSettings) -> Iterator[tuple[str, bool]]:
    """Each script, and whether it is the workspace member's or the root's. Raises `ArtifactError`."""
    of_app, of_root = (package_json(folder).get("scripts", {}) for folder in (layout.folder, layout.root))
    for script in settings.scripts:
        if script in of_app:
            yield script, True
        elif script in of_root:
            yield script, False
        elif script != BUILD:
            raise ArtifactError(f'evenkeel:app.build: package.json has no script "{script}"')


def run(tree: Path, command: Sequence[str], say: Say, environment: dict[str, str]) -> str:
    """Runs a command in the copy and returns its stdout; its last lines are the error."""
    shown = " ".join(command)
    say(f"building the release: {shown}")
    # With NODE_ENV=production package managers would leave out what the build needs.
    kept = {name: value for name, value in os.environ.items() if name != "NODE_ENV"}
    done = subprocess.run(
        command,
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        env={**kept, **PLAIN, **environment},
        umask=0o022,
    )
    if done.returncode != 0:
        lines = f"{done.stdout}\n{done.stderr}".strip().splitlines()[-LAST_LINES:]
        raise ArtifactError("\n".join([f"{shown} failed in a copy of the app:", *lines]))
    return done.stdout


def packed(layout: AppLayout, tree: Path, *, all_files: bool) -> Iterator[Path]:
    """What the release has: the app's own part, then all that was installed."""
    folder = tree / layout.member
    if layout.member == Path() and "files" in package_json(folder) and not all_files:
        yield from (name for name in named_files(tree) if not PROSE.fullmatch(str(name)))
    else:
        yield from (name for name in sources.walk(tree) if name.parts[0] != OWN and not is_cached(name))
    for place, folders, _ in os.walk(tree):
        if "node_modules" in folders:
            folders.remove("node_modules")
            installed = Path(place, "node_modules")
            yield from (installed.relative_to(tree) / name for name in walk_installed(installed))
    own = tree / OWN
    yield from (Path(OWN) / name for name in sources.walk(own))


def is_cached(name: Path) -> bool:
    """Whether a tool of the build keeps the file for its next run: Next.js, Turborepo and others."""
    return ".turbo" in name.parts or "/.next/cache/" in f"/{name.as_posix()}"


def named_files(tree: Path) -> list[Path]:
    """What `files` of package.json names, by npm's own rules."""
    listing = json.loads(
        run(tree, ["npm", "pack", "--dry-run", "--json", "--ignore-scripts"], lambda _: None, {})
    )
    return [Path(file["path"]) for file in listing[0]["files"]]


def walk_installed(folder: Path) -> Iterator[Path]:
    """Every file and link below, relative, but caches: packages may have packages of their own."""
    for place, folders, files in os.walk(folder):
        here = Path(place)
        links = [name for name in folders if (here / name).is_symlink()]
        if here == folder:
            folders[:] = [name for name in folders if name not in CACHES]
        for name in (*files, *links):
            if here != folder or not (name in CACHES or STATE.fullmatch(name)):
                yield (here / name).relative_to(folder)
