"""Whether Pulumi's own downloads are asked for."""

import os
import time
from pathlib import Path

import pytest

from rehearsal.engine import cache


@pytest.fixture
def unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and downloads at an address where nothing answers; the file that remembers it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache, "OFFICIAL", "http://127.0.0.1:9")
    return tmp_path / "evenkeel" / "unreachable"


@pytest.mark.usefixtures("unreachable")
def test_a_failed_look_up_is_remembered(capsys: pytest.CaptureFixture[str]) -> None:
    """The second question is answered without asking, and says nothing more."""
    assert not cache.official_downloads()
    assert "can't be reached" in capsys.readouterr().err
    assert not cache.official_downloads()
    assert capsys.readouterr().err == ""


def test_a_failed_look_up_is_not_believed_forever(
    unreachable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After an hour it is asked again."""
    assert not cache.official_downloads()
    hour_ago = time.time() - cache._REMEMBERED - 1
    os.utime(unreachable, (hour_ago, hour_ago))
    capsys.readouterr()
    assert not cache.official_downloads()
    assert "can't be reached" in capsys.readouterr().err
