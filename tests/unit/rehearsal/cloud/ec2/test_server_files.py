"""What the cloud reads of a server is the server's, wherever root in there has its paths lead."""

import os
from pathlib import Path

import pytest

from rehearsal.cloud.ec2.server_files import ServerFiles

SECRET = "the machine's"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A file of the machine beside the root of a server, which has a file of the same path."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.write_text(SECRET)
    inside = root / str(outside).lstrip("/")
    inside.parent.mkdir(parents=True)
    inside.write_text("the server's")
    return outside


def read(files: ServerFiles, path: str) -> str:
    with files.open(path) as file:
        return file.read().decode()


def test_an_absolute_link_leads_to_the_servers_own_file(machine: Path) -> None:
    """As it does for the server."""
    root = machine.parent / "root"
    (root / "link").symlink_to(machine)
    assert (root / "link").read_text() == SECRET  # the twin: that is where a plain path leads
    assert read(ServerFiles(root), "/link") == "the server's"


@pytest.mark.parametrize(
    "link", ["../outside", "../../../../../../../etc/passwd", "/proc/self/root/etc/passwd"]
)
def test_no_link_leads_out(machine: Path, link: str) -> None:
    """Above the root there is nothing."""
    root = machine.parent / "root"
    (root / "link").symlink_to(link)
    (root / "folder").symlink_to("..")
    files = ServerFiles(root)
    for path in ("/link", "/folder/outside", "/../outside"):
        with pytest.raises(OSError, match="No such file"):
            files.open(path)


def test_a_glob_finds_what_a_link_hides_and_opens_the_servers_own(machine: Path) -> None:
    """The names may be another folder's; the content is not."""
    root = machine.parent / "root"
    (root / "logs").symlink_to(machine.parent)
    (root / "own").mkdir()
    (root / "own/one.log").write_text("one")
    files = ServerFiles(root)
    assert [file.read() for file in files.matching("/own/*.log")] == [b"one"]
    assert [file.read() for file in files.matching("/own/one.log")] == [b"one"]
    assert SECRET.encode() not in [file.read() for file in files.matching("/logs/*")]
    assert SECRET.encode() not in [file.read() for file in files.matching("/*/outside")]


def test_a_pipe_or_a_folder_does_not_keep_the_cloud_waiting(tmp_path: Path) -> None:
    """Each is no plain file."""
    os.mkfifo(tmp_path / "pipe")
    for path in ("/pipe", "/"):
        with pytest.raises(OSError, match="is no plain file"):
            ServerFiles(tmp_path).open(path)
    assert list(ServerFiles(tmp_path).matching("/p*")) == []
