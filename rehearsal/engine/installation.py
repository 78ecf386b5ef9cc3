"""The engine of one rehearsal: CLI, language host and providers; the official ones where they can be had."""

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from rehearsal.engine import cli
from rehearsal.engine.cache import cache, official_downloads
from rehearsal.engine.environment import Rehearsal
from rehearsal.lock import exclusive
from rehearsal.progress import Progress, say

PROVIDERS = ("aws", "random")
LANGUAGE_HOST = "pulumi-language-python"


def install(rehearsal: Rehearsal) -> None:
    """Makes `rehearsal.bin` and `rehearsal.home` complete; what is there already is kept."""
    rehearsal.make_state()
    for folder in (rehearsal.bin, rehearsal.home / "plugins", rehearsal.stacks):
        folder.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join(
        entry for entry in os.environ["PATH"].split(os.pathsep) if Path(entry) != rehearsal.bin
    )
    install_cli(rehearsal, cli.find(path), path)
    for name in PROVIDERS:
        install_provider(rehearsal, name)


def install_cli(rehearsal: Rehearsal, found: Path, path: str) -> None:
    """The engine looks for its language host beside itself, and warns of one that is elsewhere on PATH."""
    engine = rehearsal.bin / "pulumi"
    engine.unlink(missing_ok=True)
    if (found.resolve().parent / LANGUAGE_HOST).exists() or shutil.which(LANGUAGE_HOST, path=path):
        engine.symlink_to(found.resolve())
        return
    try:
        engine.hardlink_to(found.resolve())
    except OSError:  # the cache lies on another file system
        shutil.copy2(found.resolve(), engine)
    host = Path(__file__).parent / "language_host.py"
    # -P: the folder of the script is no place to import a program's modules from.
    write_executable(rehearsal.bin / LANGUAGE_HOST, f'exec "{sys.executable}" -P "{host}" "$@"')


def install_provider(rehearsal: Rehearsal, name: str) -> None:
    """A provider stays what it was for as long as the rehearsal lives: the two kinds' states may differ."""
    folder = f"resource-{name}-v{metadata.version(f'pulumi-{name}')}"
    place = rehearsal.home / "plugins" / folder
    program = place / f"pulumi-resource-{name}"
    if place.is_symlink() and program.exists():
        return
    if (
        not place.exists()
        and official_downloads()
        and (official := official_provider(rehearsal, name, folder))
    ):
        place.unlink(missing_ok=True)
        place.symlink_to(official)
        return
    place.mkdir(exist_ok=True)
    command = f'PYTHONPATH="{rehearsal.root}" exec "{sys.executable}" -m rehearsal.provider {name} "$@"'
    write_executable(program, command)


def official_provider(rehearsal: Rehearsal, name: str, folder: str) -> Path | None:
    """The official plugin in the cache, downloaded when it is not there; None when it can't be had."""
    home = cache() / "home"
    installed = home / "plugins" / folder
    version = metadata.version(f"pulumi-{name}")
    command: list[str | Path] = [rehearsal.bin / "pulumi", "plugin", "install", "resource", name, version]
    environment = os.environ | {"PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    with exclusive(cache()), Progress(f"Pulumi's {name} provider {version}"):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        say(f"{' '.join(map(str, command[1:]))} failed, using the rehearsal's own: {done.stderr.strip()}")
        return None
    return installed


def write_executable(file: Path, command: str) -> None:
    """A shell script of one command."""
    file.write_text(f"#!/bin/sh\n{command}\n")
    file.chmod(0o755)
