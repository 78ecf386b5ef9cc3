"""The release's tarball: the same bytes for the same source, and clear words where there can be none."""

import json
import os
import shutil
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from components import artifact, sources, tarball
from components.release_build import ArtifactError, BuildSettings

LOCK = {"name": "tiny", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "tiny"}}}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A Node app without dependencies: npm needs no network for it."""
    folder = tmp_path / "app"
    write(folder / "package.json", json.dumps({"name": "tiny", "version": "1.0.0", "files": FILES}))
    write(folder / "package-lock.json", json.dumps(LOCK))
    write(folder / "ecosystem.config.js", "module.exports = { apps: [] };\n")
    write(folder / "src" / "server.js", "console.log(1);\n")
    write(folder / "test" / "server.test.js", "// stays at home\n")
    write(folder / "node_modules" / "mine" / "index.js", "// the user's own install\n")
    return folder


QUIET = "--prefer-offline --no-audit --no-fund --no-update-notifier"
FILES = ["ecosystem.config.js", "src"]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_release_holds_what_package_json_names_and_costs_npm_once(app: Path, tmp_path: Path) -> None:
    """An unchanged app is not built again; the user's own tree is left as it was."""
    said: list[str] = []
    first = artifact.build(app, said.append, tmp_path / "cache")
    assert said == [
        f"building the release: npm ci {QUIET}",
        f"building the release: npm prune --omit=dev {QUIET}",
        f"building the release: npm ci {QUIET}",
    ]
    assert first.path.name == f"{first.sha256}.tar.gz"
    with tarfile.open(first.path) as archive:
        names = archive.getnames()
    assert ".evenkeel/node_modules/.bin/pm2-runtime" in names
    assert [name for name in names if not name.startswith(".evenkeel/")] == [
        *("ecosystem.config.js", "package.json", "src/server.js")
    ]
    assert (app / "node_modules" / "mine" / "index.js").exists()

    assert artifact.build(app, said.append, tmp_path / "cache") == first
    assert len(said) == 3


def test_a_release_has_all_files_where_the_stack_says_so(app: Path, tmp_path: Path) -> None:
    """For an app whose `files` are about npm's registry, and leave out what it runs with."""
    settings = BuildSettings(all_files=True)
    built = artifact.build(app, lambda _: None, tmp_path / "cache", settings)
    with tarfile.open(built.path) as archive:
        names = set(archive.getnames())
    assert {"src/server.js", "test/server.test.js"} <= names


def test_a_folder_that_the_app_writes_to_is_a_link_out_of_the_release(app: Path, tmp_path: Path) -> None:
    """Listed, for the server to make what it leads to; whatever package.json names."""
    write(app / "tmp" / "logs" / ".gitkeep", "")
    settings = BuildSettings(writable=("tmp/logs",))
    built = artifact.build(app, lambda _: None, tmp_path / "cache", settings)
    with tarfile.open(built.path) as archive:
        listed = archive.extractfile(".evenkeel/writable")
        assert listed
        assert listed.read() == b"tmp/logs\n"
        assert archive.getmember("tmp/logs").linkname == "/var/lib/app/files/tmp/logs"
        assert "tmp/logs/.gitkeep" not in archive.getnames()


def test_a_folder_with_files_of_the_release_is_not_left_to_the_app(app: Path, tmp_path: Path) -> None:
    """The app would not find them."""
    settings = BuildSettings(writable=("src",))
    with pytest.raises(ArtifactError, match=r"evenkeel:app\.writable: src has files of the release"):
        artifact.build(app, lambda _: None, tmp_path / "cache", settings)


NOTE_THE_MACHINE = (
    "const { writeFileSync } = require('fs'); "
    "writeFileSync('src/built.txt', [process.cwd(), process.env.LANG, new Date(0).toString()].join())"
)


def test_another_machine_makes_the_same_release(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another folder, home, npm cache, umask, locale and time zone, which the build may write down."""
    package = json.loads((app / "package.json").read_text())
    write(app / "build.js", NOTE_THE_MACHINE)
    write(app / "package.json", json.dumps({**package, "scripts": {"build": "node build.js"}}))
    first = artifact.build(app, print, tmp_path / "cache")
    elsewhere = shutil.copytree(app, tmp_path / "another" / "checkout")
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "npm_config_cache": str(tmp_path / "npm"),
        "LANG": "de_DE.UTF-8",
        "TZ": "Asia/Tokyo",
        "NODE_ENV": "production",
    }.items():
        monkeypatch.setenv(name, value)
    before = os.umask(0o077)
    try:
        second = artifact.build(elsewhere, print, tmp_path / "cache-of-another")
    finally:
        os.umask(before)
    assert second.sha256 == first.sha256
    assert second.path != first.path


def test_what_no_server_reads_makes_no_other_release(app: Path, tmp_path: Path) -> None:
    """A README and a migration: npm packs the one whatever `files` says, and the kit applies the other."""
    first = artifact.build(app, print, tmp_path / "cache")
    write(app / "README.md", "# tiny\n")
    write(app / "migrations" / "1_first" / "migration.sql", "SELECT 1;\n")
    assert artifact.build(app, print, tmp_path / "cache").sha256 == first.sha256
    write(app / "src" / "server.js", "console.log(2);\n")
    assert artifact.build(app, print, tmp_path / "cache").sha256 != first.sha256


def test_native_modules_are_noted_beside_the_release(app: Path, tmp_path: Path) -> None:
    """And read from there again; those that an earlier release of the kit did not note are looked for."""
    write(app / "src" / "fast.node", "not for here")
    built = artifact.build(app, print, tmp_path / "cache")
    assert [(each.name, each.system) for each in built.native_modules] == [
        ("src/fast.node", "no known system")
    ]
    (note,) = (tmp_path / "cache").glob("*.native.json")
    assert artifact.build(app, print, tmp_path / "cache") == built
    note.unlink()
    assert artifact.build(app, print, tmp_path / "cache") == built


def test_builds_of_one_source_take_turns_whatever_their_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their folder is the same; each finds it empty, also after one that was killed."""
    monkeypatch.setattr(artifact, "SCRATCH", tmp_path)
    (tmp_path / f"evenkeel-{'0' * 32}" / "left" / "behind").mkdir(parents=True)
    waiting, seen = Event(), []

    def second() -> None:
        with artifact.scratch("0" * 64, lambda _: waiting.set()) as folder:
            seen.append(list(folder.iterdir()))

    with ThreadPoolExecutor() as threads, artifact.scratch("0" * 64, print) as folder:
        assert list(folder.iterdir()) == []
        (folder / "app").mkdir()
        other = threads.submit(second)
        assert waiting.wait(10)
        assert seen == []
    other.result()
    assert seen == [[]]
    assert list(tmp_path.iterdir()) == []


def test_the_releases_that_were_used_last_are_kept(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache has a bound: the oldest goes, with what is noted of it, when another is made."""
    monkeypatch.setattr(artifact, "KEPT", 2)
    releases = tmp_path / "cache"
    releases.mkdir()
    for age, name in enumerate(["used-now", "long-ago"]):
        write(releases / f"{name}.tar.gz", name)
        write(releases / f"{name}.native.json", "[]")
        write(releases / f"source-of-{name}.sha256", name)
        os.utime(releases / f"{name}.tar.gz", (1_000_000 - age, 1_000_000 - age))
    built = artifact.build(app, print, releases)
    assert {path.name for path in releases.glob("*.tar.gz")} == {built.path.name, "used-now.tar.gz"}
    assert not (releases / "long-ago.native.json").exists()
    assert not (releases / "source-of-long-ago.sha256").exists()
    assert (releases / "source-of-used-now.sha256").exists()


def test_only_content_decides_the_bytes(tmp_path: Path) -> None:
    """Times, the umask's bits and the order on disk leave no trace; links stay links."""
    packed = []
    for number, names in enumerate([["b", "a"], ["a", "b"]]):
        tree = tmp_path / str(number)
        for name in names:
            write(tree / name, f"content of {name}")
            os.utime(tree / name, (number, number))
        (tree / "a").chmod(0o640 if number else 0o644)
        (tree / "link").symlink_to("a")
        packed.append(tarball.pack(tree, map(Path, [*names, "link"]), tree / "packed.tar.gz"))
    assert packed[0] == packed[1]
    with tarfile.open(tmp_path / "0" / "packed.tar.gz") as archive:
        entries = archive.getmembers()
    assert [(entry.name, entry.mode, entry.mtime, entry.uid) for entry in entries] == [
        ("a", 0o644, 0, 0),
        ("b", 0o644, 0, 0),
        ("link", 0o755, 0, 0),
    ]
    assert entries[2].linkname == "a"


def test_what_git_ignores_does_not_make_another_release(app: Path) -> None:
    """Sources decide; dependencies and the user's own install don't."""
    before = digest(app)
    write(app / "node_modules" / "mine" / "index.js", "// another install\n")
    assert digest(app) == before
    write(app / "src" / "server.js", "console.log(2);\n")
    assert digest(app) != before


def digest(app: Path) -> str:
    return sources.digest(app, sources.source_files(app), [])


@pytest.mark.parametrize(
    ("missing", "remedy"),
    [
        ("package.json", "app.path has to name the folder of a Node app"),
        ("package-lock.json", "run `npm install` there and commit the lock file, or that of pnpm or Yarn"),
    ],
)
def test_a_folder_that_cannot_be_deployed_is_refused(app: Path, missing: str, remedy: str) -> None:
    """With the file's name and what to do."""
    (app / missing).unlink()
    with pytest.raises(ArtifactError) as refused:
        artifact.build(app, print)
    assert str(refused.value).startswith(f"{app / missing} is missing: {remedy}")


def test_without_npm_one_is_told_to_install_it(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything else is tried."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ArtifactError, match=r"^npm is not on PATH: .*; install Node\.js$"):
        artifact.build(app, print)


def test_npms_own_words_are_the_error(app: Path, tmp_path: Path) -> None:
    """What npm refuses is npm's to explain."""
    write(app / "package-lock.json", "{")
    with pytest.raises(ArtifactError) as refused:
        artifact.build(app, print, tmp_path / "cache")
    assert str(refused.value).startswith(f"npm ci {QUIET} failed in a copy of the app:\n")
    assert "npm error" in str(refused.value)
