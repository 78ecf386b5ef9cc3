"""Next.js' standalone server has what browsers ask for."""

from pathlib import Path

import pytest

from components import next_standalone

SERVER = ".next/standalone/apps/web/server.js"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A built app of a workspace, as Next.js leaves it."""
    for name in (SERVER, "public/robots.txt", ".next/static/chunks/1.js", "server.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_its_files_are_put_beside_the_server(app: Path) -> None:
    """As Next.js' own documentation says; done again, it changes nothing."""
    for _ in range(2):
        next_standalone.complete(app, SERVER)
    beside = (app / SERVER).parent
    assert (beside / "public/robots.txt").is_file()
    assert (beside / ".next/static/chunks/1.js").is_file()


def test_what_the_build_put_there_stays(app: Path) -> None:
    """An app may copy them itself."""
    own = (app / SERVER).with_name("public")
    own.mkdir()
    next_standalone.complete(app, SERVER)
    assert list(own.iterdir()) == []


def test_another_server_is_left_alone(app: Path) -> None:
    """Its build knows where its files are."""
    before = sorted(app.rglob("*"))
    next_standalone.complete(app, "server.js")
    assert sorted(app.rglob("*")) == before
