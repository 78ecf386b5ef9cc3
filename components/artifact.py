"""The release: an app with its production dependencies as one tarball, the same bytes for the same source.

Built in a scratch copy, never in the user's tree. A finished build is kept in `~/.cache/evenkeel/releases`
under a digest of what went into it, so that an unchanged app needs no package manager.
"""

import fcntl
import json
import os
import platform
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from components import app_layout, native_modules, release_build, sources
from components.adoption import ADAPTER
from components.app_layout import ECOSYSTEMS
from components.native_modules import NativeModule
from components.release_build import ArtifactError, BuildSettings

KEPT = 20
"""Releases of the cache, of all projects of a user: those that were used last."""
FORMAT = "2"
"""Moves when another build of the same source would have other bytes."""
SCRATCH = Path("/tmp")
"""Where builds are made. Some write the path into what they make: it is the same on every machine."""
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """A tarball, its SHA-256, where PM2 and its settings are in it, and what only some machines can load."""

    path: Path
    sha256: str
    ecosystem: str = ECOSYSTEMS[0]
    """PM2's settings, in the release."""
    pm2: str = "node_modules/.bin"
    """The folder of PM2's programs, in the release."""
    native_modules: Sequence[NativeModule] = ()


def build(app: Path, say: Say, cache: Path | None = None, settings: BuildSettings | None = None) -> Artifact:
    """The release of the app in a folder; `say` hears of each slow step. Raises `ArtifactError`.

    Without `settings` it is built by its script `build`, if it has one.
    """
    settings = settings or BuildSettings()
    releases = cache or cache_folder("releases")
    releases.mkdir(parents=True, exist_ok=True)
    try:
        layout = app_layout.of(app)
    except app_layout.LayoutError as error:
        raise ArtifactError(str(error)) from error
    if shutil.which("npm") is None:
        raise ArtifactError("npm is not on PATH: the release is built with it; install Node.js")
    if settings.processes and not layout.adopted:
        raise ArtifactError(
            f"evenkeel:app.processes and {layout.folder / layout.ecosystem.name} both say what runs: take "
            "out one of them"
        )
    files = sources.source_files(layout.root)
    digest = sources.digest(layout.root, files, [*machine(), str(layout.member), repr(settings)])
    known = releases / f"{digest}.sha256"
    if not is_kept(releases, known):
        with locked(releases / f"{digest}.lock", say):
            if not is_kept(releases, known):
                with scratch(digest) as folder:
                    packed, sha256 = release_build.make(layout, files, settings, folder, say)
                    shutil.move(packed, tarball(releases, sha256))
                written = known.with_suffix(".part")
                written.write_text(sha256)
                written.rename(known)
                prune(releases)
    sha256 = known.read_text()
    path = tarball(releases, sha256)
    path.touch()
    return Artifact(
        path=path,
        sha256=sha256,
        ecosystem=layout.ecosystem.as_posix(),
        pm2=layout.pm2.as_posix(),
        native_modules=natives(path),
    )


def is_kept(releases: Path, known: Path) -> bool:
    """Whether a build of before can be had."""
    return known.exists() and tarball(releases, known.read_text()).exists()


def prune(releases: Path) -> None:
    """Removes all but the releases that were used last, and what is noted of them."""
    by_use = sorted(releases.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in by_use[KEPT:]:
        path.unlink(missing_ok=True)
        noted_natives(path).unlink(missing_ok=True)
    for known in releases.glob("*.sha256"):
        if not is_kept(releases, known):
            known.unlink(missing_ok=True)


def cache_folder(name: str) -> Path:
    """`~/.cache/evenkeel/<name>`, or below XDG_CACHE_HOME."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "evenkeel", name)


def tarball(releases: Path, sha256: str) -> Path:
    """Where a finished release lies."""
    return releases / f"{sha256}.tar.gz"


def natives(release: Path) -> list[NativeModule]:
    """The native modules in a finished release: noted beside it, since to unpack it takes a second."""
    note = noted_natives(release)
    if not note.exists():
        with tarfile.open(release) as archive:
            modules = [
                native_modules.read(entry.name, content.read())
                for entry in archive
                if entry.name.endswith(native_modules.SUFFIX) and (content := archive.extractfile(entry))
            ]
        written = note.with_suffix(".part")
        written.write_text(json.dumps([asdict(module) for module in modules]))
        written.rename(note)
    return [NativeModule(**module) for module in json.loads(note.read_text())]


def noted_natives(release: Path) -> Path:
    """Where the native modules of a release are noted."""
    return release.with_name(release.name.removesuffix(".tar.gz") + ".native.json")


def machine() -> list[str]:
    """The Node and system that packages are installed for, this module's format, and the kit's own files."""
    kit = [file.read_text() for file in sorted(ADAPTER.iterdir()) if file.is_file()]
    libc = "".join(platform.libc_ver())
    return [FORMAT, node_version(), platform.system(), platform.machine(), libc, *kit]


def node_version() -> str:
    """The major version that packages are built for: `v20`."""
    try:
        version = subprocess.run(["node", "--version"], capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ArtifactError(f"node can't be run ({error}): install Node.js") from error
    return version.partition(".")[0]


@contextmanager
def locked(path: Path, say: Say) -> Iterator[None]:
    """One build of the same source at a time on this machine; the lock ends with its process."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another build of the same release to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def scratch(digest: str) -> Iterator[Path]:
    """An empty folder for a build, whose path follows from its source; gone afterwards.

    Raises `ArtifactError` where another user has it.
    """
    folder = SCRATCH / f"evenkeel-{digest[:32]}"
    try:
        if folder.exists():
            if folder.lstat().st_uid != os.geteuid():
                raise ArtifactError(f"{folder} is another user's, who builds the same release: wait for that")
            shutil.rmtree(folder)  # left by a build that was killed
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise ArtifactError(f"{folder} can't be made: {error}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
