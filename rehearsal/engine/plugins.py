"""The provider plugins of one rehearsal: Pulumi's own where they can be had, else the rehearsal's."""

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from semver import VersionInfo

from rehearsal.engine.cache import cache, official_downloads
from rehearsal.engine.environment import Rehearsal
from rehearsal.engine.scripts import write_executable
from rehearsal.errors import EngineError
from rehearsal.lock import exclusive
from rehearsal.progress import Progress, say

PROVIDERS = ("aws", "random")


def version(name: str) -> str:
    """The version of the SDK that the program imports, which the plugin has to be of."""
    return metadata.version(f"pulumi-{name}")


def program(rehearsal: Rehearsal, name: str) -> Path:
    """What the engine starts: a link to an official plugin, or a script of ours.

    Its folder is no link: the engine passes over those.
    """
    return rehearsal.home / "plugins" / _folder(name) / f"pulumi-resource-{name}"


def is_official(rehearsal: Rehearsal, name: str) -> bool:
    """Whether an installed provider is Pulumi's own."""
    return program(rehearsal, name).is_symlink()


def install(rehearsal: Rehearsal, name: str, path: str) -> None:
    """A provider stays what it was for as long as the rehearsal lives: the two kinds' states may differ.

    `path` is a PATH. The engine itself prefers a plugin that it finds there.
    """
    file = program(rehearsal, name)
    on_path = shutil.which(file.name, path=path)
    if on_path:
        _check_version(Path(on_path), name)
    if file.parent.is_symlink():
        file.parent.unlink()  # as rehearsals before this one had it, in vain
    if file.exists() and is_official(rehearsal, name):
        return
    if file.exists() and on_path:
        raise EngineError(
            f"{on_path} is on PATH, and this rehearsal has deployed with its own {name} provider. "
            "Run `make down` first, or take the plugin out of PATH."
        )
    official = None if file.exists() else _official(name, on_path, rehearsal)
    file.unlink(missing_ok=True)  # it may lead to what is gone
    file.parent.mkdir(exist_ok=True)
    if official:
        file.symlink_to(official)
        return
    command = (
        f'PYTHONPATH="{rehearsal.root}" exec "{sys.executable}" -m rehearsal.offline.provider {name} "$@"'
    )
    write_executable(file, command)


def _folder(name: str) -> str:
    return f"resource-{name}-v{version(name)}"


def _check_version(plugin: Path, name: str) -> None:
    """Raises unless the plugin is of the SDK's major version; the engine would start it in any case."""
    try:
        said = subprocess.run([plugin, "-version"], capture_output=True, text=True, timeout=30, check=True)
        its = VersionInfo.parse(said.stdout.strip().removeprefix("v"))
    except (OSError, subprocess.SubprocessError, ValueError):
        its = None
    if its is None or its.major != VersionInfo.parse(version(name)).major:
        raise EngineError(
            f"{plugin} says it is version {its or 'unknown'}, and the program is written for pulumi-{name} "
            f"{version(name)}. Put that version on PATH, or none: the rehearsal then finds one itself."
        )


def _official(name: str, on_path: str | None, rehearsal: Rehearsal) -> Path | None:
    """Pulumi's own plugin: on PATH, in ~/.pulumi, or downloaded into the cache; None if it can't be had."""
    if on_path:
        return Path(on_path)
    users = Path.home() / ".pulumi" / "plugins" / _folder(name) / f"pulumi-resource-{name}"
    if users.exists():
        return users
    return _downloaded(rehearsal, name) if official_downloads() else None


def _downloaded(rehearsal: Rehearsal, name: str) -> Path | None:
    home = cache() / "home"
    command: list[str | Path] = [
        *(rehearsal.bin / "pulumi", "plugin", "install", "resource", name, version(name))
    ]
    environment = os.environ | {"PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    with exclusive(cache()), Progress(f"Pulumi's {name} provider {version(name)}"):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        say(f"{' '.join(map(str, command[1:]))} failed, using the rehearsal's own: {done.stderr.strip()}")
        return None
    return home / "plugins" / _folder(name) / f"pulumi-resource-{name}"
