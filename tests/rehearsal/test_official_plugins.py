"""The real engine starts the plugins that the rehearsal found, wherever they were."""

import os
import sys
from pathlib import Path

import pytest

from rehearsal.engine import plugins
from testkit.checkout import ROOT, Checkout, succeed


def stand_in(folder: Path, name: str, record: Path) -> None:
    """Tells its version as Pulumi's own plugins do, notes that it was started, and is the rehearsal's."""
    folder.mkdir(parents=True)
    file = folder / f"pulumi-resource-{name}"
    file.write_text(
        f'#!/bin/sh\n[ "$1" = -version ] && exec echo {plugins.version(name)}\n'
        f'echo {name} >>"{record}"\n'
        f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m rehearsal.offline.provider {name} "$@"\n'
    )
    file.chmod(0o755)


def test_the_engine_starts_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One plugin among the user's own, one on PATH. The twin: neither is started where none was found."""
    record, home = tmp_path / "started", tmp_path / "home"
    record.touch()
    kit = Checkout.copy(tmp_path / "kit")
    assert "accepted" in succeed(kit.rehearsal("preview", "local")).stdout
    assert record.read_text() == ""
    stand_in(home / ".pulumi" / "plugins" / f"resource-aws-v{plugins.version('aws')}", "aws", record)
    stand_in(tmp_path / "bin", "random", record)
    monkeypatch.setenv("XDG_CACHE_HOME", os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert "accepted" in succeed(kit.rehearsal("preview", "local")).stdout
    assert set(record.read_text().split()) == {"aws", "random"}
