"""The engine of one rehearsal: CLI, language host and providers; the official ones where they can be had."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from rehearsal import offline
from rehearsal.engine import cli, plugins
from rehearsal.engine.environment import Rehearsal
from rehearsal.engine.scripts import write_executable

LANGUAGE_HOST = "pulumi-language-python"
OFFICIAL, BUILT, OURS = "official", "built from its source", "the rehearsal's own"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A program that a rehearsal is deployed with."""

    name: str
    program: Path
    origin: str
    """OFFICIAL, BUILT or OURS."""


def install(rehearsal: Rehearsal) -> None:
    """Makes `rehearsal.bin` and `rehearsal.home` complete; what is there already is kept."""
    rehearsal.make_state()
    for folder in (rehearsal.bin, rehearsal.home / "plugins", rehearsal.stacks):
        folder.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join(
        entry for entry in os.environ["PATH"].split(os.pathsep) if Path(entry) != rehearsal.bin
    )
    install_cli(rehearsal, cli.find(path), path)
    for name in plugins.PROVIDERS:
        plugins.install(rehearsal, name, path)


def parts(rehearsal: Rehearsal) -> list[Part]:
    """What is installed."""
    engine = (rehearsal.bin / "pulumi").resolve()
    is_whole = engine.parent != rehearsal.bin.resolve()  # an installation that has a language host
    host = engine.parent / LANGUAGE_HOST
    return [
        Part(name=f"pulumi {cli.version(engine)}", program=engine, origin=OFFICIAL if is_whole else BUILT),
        Part(name=LANGUAGE_HOST, program=host, origin=OFFICIAL if is_whole else OURS),
        *(
            Part(
                name=f"{name} {plugins.version(name)}",
                program=plugins.program(rehearsal, name).resolve(),
                origin=OFFICIAL if plugins.is_official(rehearsal, name) else OURS,
            )
            for name in plugins.PROVIDERS
        ),
    ]


def install_cli(rehearsal: Rehearsal, source: Path, path: str) -> None:
    """The engine looks for its language host beside itself, and warns of one that is elsewhere on PATH."""
    engine, host = rehearsal.bin / "pulumi", rehearsal.bin / LANGUAGE_HOST
    engine.unlink(missing_ok=True)
    if (source.resolve().parent / LANGUAGE_HOST).exists() or shutil.which(LANGUAGE_HOST, path=path):
        host.unlink(missing_ok=True)
        engine.symlink_to(source.resolve())
        return
    try:
        engine.hardlink_to(source.resolve())
    except OSError:  # the cache lies on another file system
        shutil.copy2(source.resolve(), engine)
    # -P: the folder of the script is no place to import a program's modules from.
    script = Path(offline.__file__).with_name("language_host.py")
    write_executable(host, f'exec "{sys.executable}" -P "{script}" "$@"')
