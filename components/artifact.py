"""The release: the app with its production dependencies as one tarball, the same bytes for the same source.

Built in a scratch copy, never in the user's tree, with the npm that is on PATH. A finished build is kept in
`~/.cache/evenkeel/releases` under a digest of what went into it, so that an unchanged app needs no npm.
"""

import fcntl
import gzip
import hashlib
import json
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from components import native_modules
from components.native_modules import NativeModule

FORMAT = b"1"
"""Moves when this module would make other bytes of the same source."""
NEVER_PACKED = {".git", "node_modules"}
LAST_LINES = 50
"""Of npm's output, in an error: it ends with its usage."""
Say = Callable[[str], None]


class ArtifactError(Exception):
    """The app can't be made into a release; the message says why, and what to do about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """A tarball, its SHA-256, and what in it only some machines can load."""

    path: Path
    sha256: str
    native_modules: Sequence[NativeModule] = ()


def build(app: Path, say: Say, cache: Path | None = None) -> Artifact:
    """The release of the app in folder `app`; `say` hears of each slow step. Raises ArtifactError."""
    releases = cache or cache_folder("releases")
    releases.mkdir(parents=True, exist_ok=True)
    require(app)
    files = source_files(app)
    known = releases / f"{source_digest(app, files)}.sha256"
    with locked(releases / "lock", say):
        if not known.exists() or not tarball(releases, known.read_text()).exists():
            with tempfile.TemporaryDirectory(dir=releases) as scratch:
                built = make(app, files, Path(scratch), say)
                built.path.rename(tarball(releases, built.sha256))
                note = Path(scratch, "sha256")
                note.write_text(built.sha256)
                note.rename(known)
        sha256 = known.read_text()
        path = tarball(releases, sha256)
        return Artifact(path=path, sha256=sha256, native_modules=natives(path))


def cache_folder(name: str) -> Path:
    """`~/.cache/evenkeel/<name>`, or below XDG_CACHE_HOME."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "evenkeel", name)


def tarball(releases: Path, sha256: str) -> Path:
    """Where a finished release lies."""
    return releases / f"{sha256}.tar.gz"


def natives(release: Path) -> list[NativeModule]:
    """The native modules in a finished release: noted beside it, since to unpack it takes a second."""
    note = release.with_name(release.name.removesuffix(".tar.gz") + ".native.json")
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


def require(app: Path) -> None:
    """Refuses a folder that npm, or a server, could not use."""
    for name, remedy in {
        "package.json": "app.path has to name the folder of a Node app",
        "package-lock.json": "run `npm install` there and commit the lock file: npm ci installs nothing else",
        "ecosystem.config.js": "PM2 starts the app from it; the reference app's is a good start",
    }.items():
        if not (app / name).is_file():
            raise ArtifactError(f"{app / name} is missing: {remedy}")
    if shutil.which("npm") is None:
        raise ArtifactError("npm is not on PATH: the release is built with it; install Node.js")


def source_files(app: Path) -> list[Path]:
    """What git tracks or would track, relative to the app; without git everything but dependencies."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=app,
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        names = [Path(name) for name in listing.stdout.decode().split("\0") if name]
    else:
        names = list(walk(app))
    # A tracked file that was deleted is still listed.
    return sorted(name for name in set(names) if os.path.lexists(app / name))


def walk(folder: Path) -> Iterator[Path]:
    """Every file and link below, relative; no dependencies, no history."""
    for place, folders, files in os.walk(folder):
        here = Path(place)
        links = {name for name in folders if (here / name).is_symlink()}
        folders[:] = [name for name in folders if name not in NEVER_PACKED | links]
        yield from ((here / name).relative_to(folder) for name in (*files, *links))


def source_digest(app: Path, files: Iterable[Path]) -> str:
    """Names what goes into a release: the files, and the Node and system that npm installs for."""
    digest = hashlib.sha256(FORMAT)
    for part in (node_version(), platform.system(), platform.machine(), "".join(platform.libc_ver())):
        digest.update(part.encode() + b"\0")
    for name in files:
        path = app / name
        content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        digest.update(f"{name}\0{mode(path):o}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def node_version() -> str:
    """The major version that npm runs on, and that native dependencies are built for: `v20`."""
    try:
        version = subprocess.run(["node", "--version"], capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ArtifactError(f"node can't be run ({error}): install Node.js") from error
    return version.partition(".")[0]


@contextmanager
def locked(path: Path, say: Say) -> Iterator[None]:
    """One build at a time on this machine; the lock ends with its process."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another build of a release to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(app: Path, files: Iterable[Path], scratch: Path, say: Say) -> Artifact:
    """Builds in `scratch` and packs the result there."""
    tree = scratch / "app"
    for name in files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(app / name, tree / name, follow_symlinks=False)
    for step in (["ci"], ["run", "build", "--if-present"], ["prune", "--omit=dev"]):
        npm(tree, step, say)
    packed = own_files(tree)
    if Path("ecosystem.config.js") not in packed:
        raise ArtifactError(f'{app / "package.json"}: "files" leaves out ecosystem.config.js: add it')
    dependencies = [Path("node_modules") / name for name in walk_all(tree / "node_modules")]
    return pack(tree, [*packed, *dependencies], scratch)


def npm(tree: Path, arguments: list[str], say: Say) -> str:
    """Runs npm in the copy and returns its stdout; its last lines are the error."""
    say(f"building the release: npm {' '.join(arguments)}")
    done = subprocess.run(
        ["npm", *arguments, "--prefer-offline", "--no-audit", "--no-fund", "--no-update-notifier"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        # With NODE_ENV=production npm would leave out what the build needs.
        env={name: value for name, value in os.environ.items() if name != "NODE_ENV"},
    )
    if done.returncode != 0:
        lines = f"{done.stdout}\n{done.stderr}".strip().splitlines()[-LAST_LINES:]
        raise ArtifactError("\n".join([f"npm {' '.join(arguments)} failed in a copy of the app:", *lines]))
    return done.stdout


def own_files(tree: Path) -> list[Path]:
    """The app's part: what `files` of its package.json names, by npm's own rules; without it everything."""
    if "files" not in json.loads((tree / "package.json").read_text()):
        return list(walk(tree))
    listing = json.loads(npm(tree, ["pack", "--dry-run", "--json", "--ignore-scripts"], lambda _: None))
    return [Path(file["path"]) for file in listing[0]["files"]]


def walk_all(folder: Path) -> Iterator[Path]:
    """Every file and link below, relative: dependencies may have dependencies of their own."""
    for place, folders, files in os.walk(folder):
        here = Path(place)
        links = [name for name in folders if (here / name).is_symlink()]
        yield from ((here / name).relative_to(folder) for name in (*files, *links))


def pack(tree: Path, names: Iterable[Path], scratch: Path) -> Artifact:
    """Sorted, without times, owners and the umask: what is left is the content."""
    path = scratch / "release.tar.gz"
    with (
        path.open("wb") as packed,
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted(set(names)):
            add(archive, str(name), tree / name)
    with path.open("rb") as written:
        return Artifact(path=path, sha256=hashlib.file_digest(written, "sha256").hexdigest())


def add(archive: tarfile.TarFile, name: str, path: Path) -> None:
    """One file or link; a fresh entry has no time and belongs to root."""
    entry = tarfile.TarInfo(name)
    entry.mode = mode(path)
    if path.is_symlink():
        entry.type = tarfile.SYMTYPE
        entry.linkname = str(path.readlink())
        archive.addfile(entry)
    else:
        entry.size = path.stat().st_size
        with path.open("rb") as content:
            archive.addfile(entry, content)


def mode(path: Path) -> int:
    """Readable by all and executable or not: all that git keeps of it."""
    return 0o755 if path.is_symlink() or os.access(path, os.X_OK) else 0o644
