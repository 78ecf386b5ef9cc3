"""Which CLI, language host and provider plugins a rehearsal is deployed with."""

import os
import sys
from pathlib import Path

import pytest

from rehearsal.engine import cli, installation, plugins
from rehearsal.engine.environment import Rehearsal
from rehearsal.engine.installation import BUILT, LANGUAGE_HOST, OFFICIAL, OURS
from rehearsal.errors import EngineError
from testkit.projects import project_at


@pytest.fixture(autouse=True)
def rehearsal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    """A new one, where nothing of Pulumi's is installed but a CLI that was built, nor can be downloaded."""
    cache = tmp_path / "cache" / "evenkeel"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "bin"), "/usr/bin", "/bin"]))
    program(cache / f"pulumi-{cli.PINNED}" / "bin" / "pulumi", f"echo v{cli.PINNED}")
    (cache / "unreachable").touch()
    return Rehearsal(
        project=project_at(tmp_path), state=tmp_path / ".rehearsal", port=4577, region="eu-central-1"
    )


def program(file: Path, script: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def official(folder: Path, name: str, version: str | None = None) -> Path:
    """A plugin of which nothing more is known than its version, as `-version` tells it."""
    return program(folder / f"pulumi-resource-{name}", f"echo {version or plugins.version(name)}")


def origins(rehearsal: Rehearsal) -> dict[str, str]:
    return {part.name.split()[0]: part.origin for part in installation.parts(rehearsal)}


def test_without_official_parts_the_rehearsals_own_are_used(rehearsal: Rehearsal) -> None:
    """And each is a program that is there."""
    installation.install(rehearsal)
    assert origins(rehearsal) == {"pulumi": BUILT, LANGUAGE_HOST: OURS, "aws": OURS, "random": OURS}
    assert all(os.access(part.program, os.X_OK) for part in installation.parts(rehearsal))


def test_official_parts_on_path_are_used(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """By links to them; the folder of a plugin is none, for the engine passes over those."""
    folder = tmp_path / "bin"
    program(folder / "pulumi", f"echo v{cli.PINNED}")
    program(folder / LANGUAGE_HOST, "exit 1")
    found = {name: official(folder, name) for name in plugins.PROVIDERS}
    installation.install(rehearsal)
    assert set(origins(rehearsal).values()) == {OFFICIAL}
    for name, file in found.items():
        used = plugins.program(rehearsal, name)
        assert used.resolve() == file
        assert not used.parent.is_symlink()
    assert [part.program.parent for part in installation.parts(rehearsal)] == [folder] * 4


def test_a_users_own_plugin_is_used(rehearsal: Rehearsal) -> None:
    """What `pulumi plugin install` or a deployment to AWS left in ~/.pulumi; of this version only."""
    home = Path.home() / ".pulumi" / "plugins"
    file = official(home / f"resource-aws-v{plugins.version('aws')}", "aws")
    official(home / "resource-random-v4.0.0", "random")
    installation.install(rehearsal)
    assert plugins.program(rehearsal, "aws").resolve() == file
    assert origins(rehearsal) == {"pulumi": BUILT, LANGUAGE_HOST: OURS, "aws": OFFICIAL, "random": OURS}


@pytest.mark.parametrize("says", ["6.83.4", "nothing of use"])
def test_another_version_on_path_is_refused(rehearsal: Rehearsal, tmp_path: Path, says: str) -> None:
    """The engine would take it."""
    official(tmp_path / "bin", "aws", says)
    with pytest.raises(EngineError, match=r"says it is version (6\.83\.4|unknown).* for pulumi-aws 7\."):
        installation.install(rehearsal)


def test_a_rehearsal_keeps_its_kind_of_provider(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """Its state is what that provider made of it."""
    installation.install(rehearsal)
    file = official(tmp_path / "bin", "aws")
    with pytest.raises(EngineError, match="Run `make down` first"):
        installation.install(rehearsal)
    file.unlink()
    installation.install(rehearsal)
    assert origins(rehearsal)["aws"] == OURS


def test_an_official_plugin_that_is_gone_is_found_again(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """Elsewhere, or the rehearsal's own takes its place."""
    file = official(tmp_path / "bin", "aws")
    installation.install(rehearsal)
    file.unlink()
    installation.install(rehearsal)
    assert plugins.program(rehearsal, "aws").read_text().count(sys.executable) == 1


def test_a_plugin_folder_that_is_a_link_is_no_more(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """Rehearsals had such ones: what they lead to is left as it is."""
    file = official(tmp_path / "elsewhere", "aws")
    folder = plugins.program(rehearsal, "aws").parent
    folder.parent.mkdir(parents=True)
    folder.symlink_to(file.parent)
    installation.install(rehearsal)
    assert file.read_text().startswith("#!/bin/sh\necho")
    assert origins(rehearsal)["aws"] == OURS
