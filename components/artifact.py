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
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from components import app_layout, native_modules, release_build, sources
from components.adoption import ADAPTER
from components.app_layout import ECOSYSTEMS
from components.native_modules import NativeModule
from components.release_build import ArtifactError, BuildSettings, Say

KEPT = 20
"""Releases of the cache, of all projects of a user: those that were used last."""
FORMAT = "2"
"""Moves when another build of the same source would have other bytes."""
SCRATCH = Path("/tmp")
"""Where builds are made. Some write the path into what they make: it is the same on every machine."""


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
        with scratch(digest, say) as folder:
            if not is_kept(releases, known):  # who had the folder before may have built it
                packed, sha256 = release_build.make(layout, files, settings, folder, say)
                put(packed, tarball(releases, sha256))
                note(known, sha256)
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


def put(packed: Path, path: Path) -> None:
    """Moves a tarball to its place, from whatever file system; nothing half done is found there."""
    part = path.with_suffix(".part")
    shutil.move(packed, part)
    part.rename(path)


def note(path: Path, text: str) -> None:
    """Writes a small file; nothing half done is found there."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.rename(path)


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
    noted = noted_natives(release)
    if not noted.exists():
        with tarfile.open(release) as archive:
            modules = [
                native_modules.read(entry.name, content.read())
                for entry in archive
                if entry.name.endswith(native_modules.SUFFIX) and (content := archive.extractfile(entry))
            ]
        note(noted, json.dumps([asdict(module) for module in modules]))
    return [NativeModule(**module) for module in json.loads(noted.read_text())]


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
def scratch(digest: str, say: Say) -> Iterator[Path]:
    """An empty folder for one build at a time, whose path follows from its source; gone afterwards.

    Who builds the same source waits, whatever its cache. Raises `ArtifactError` where the folder is another
    user's.
    """
    folder = SCRATCH / f"evenkeel-{digest[:32]}"
    with ExitStack() as held:
        try:
            while not hold(folder, held, say):
                pass  # who had it before has removed it
            for left in folder.iterdir():  # by a build that was killed
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        except OSError as error:
            raise ArtifactError(f"{folder} can't be used: {error}") from error
        held.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


def hold(folder: Path, held: ExitStack, say: Say) -> bool:
    """Locks a folder of one's own, which ends with the process at the latest; whether it is there still."""
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    held.callback(os.close, descriptor)
    if os.fstat(descriptor).st_uid != os.geteuid():
        raise ArtifactError(f"{folder} is another user's, who builds the same release: wait for that")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("waiting for another build of the same release to end")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return folder.exists() and os.path.samestat(os.fstat(descriptor), folder.lstat())
