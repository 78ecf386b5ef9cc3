"""An app without PM2 settings of its own: what the kit adds to its release, to run it and end it in order.

`.evenkeel/` in the release has PM2's settings, PM2 itself, and `adapter.cjs`, which each worker that serves
loads before the app: the app needs no line of its own for the kit.
"""

import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from components import next_standalone
from components.app_layout import ECOSYSTEMS, OWN, AppLayout
from components.package_manager import package_json
from components.values import Text

WEB = "web"
"""The process that serves; the others work."""
ADAPTER = Path(__file__).with_name("adapter")
TEMPLATE = "ecosystem.template.js"
CRON = "evenkeel-cron"
"""The process that starts the jobs."""
ASSIGNED = re.compile(r"([A-Z_]\w*)=(.*)")
SCRIPT_RUNNERS = {"npm", "pnpm", "yarn"}
FLAGS_WITH_VALUE = {"-r", "--require", "--import", "--loader", "--env-file", "-C", "--conditions"}
SHELL = set("&|;<>$`")
MOST = 5
"""Scripts of package.json that lead to one another."""

ProcessName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class AdoptionError(Exception):
    """An app's processes can't be run as they are written; the message says what to do about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessSettings:
    """A process of an app that has no PM2 settings of its own."""

    command: Text
    """What starts it, such as `node dist/worker.js`, or `npm run worker`. No shell runs it."""
    instances: Annotated[int, Field(ge=1, le=16)] = 1
    """How many run on each server; of `web` app.workers says it."""
    memory: Annotated[str, Field(pattern=r"^[1-9]\d*[MG]$")] = "500M"
    """PM2 restarts a process that has grown past it, such as 500M or 1G; a job's it does not watch."""
    schedule: Text | None = None
    """When it runs, on one server: a cron expression of five fields, in UTC, such as `0 6 * * *`. Without one
    it runs all the time."""
    timeout: Annotated[int, Field(ge=1, le=86_400)] | None = None
    """Seconds that a run by a schedule may take; then it is told to end, as by a server that leaves, and then
    killed. After the loss of its server no other begins before."""

    @property
    def is_job(self) -> bool:
        """Whether it runs by a schedule."""
        return self.schedule is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeCommand:
    """How PM2 starts a process: Node.js with a script."""

    script: str
    """Relative to the app's folder."""
    args: Sequence[str] = ()
    node_args: Sequence[str] = ()


def adopt(layout: AppLayout, processes: Mapping[str, ProcessSettings], tree: Path) -> None:
    """Writes PM2's settings into a built tree. Raises `AdoptionError`."""
    own = tree / OWN
    settings = {WEB: ProcessSettings(command="npm start", memory="1G"), **processes}
    folder = tree / layout.member
    commands = {name: start(one.command, folder) for name, one in settings.items()}
    next_standalone.complete(folder, commands[WEB].script)
    apps = [entry(name, one, commands[name]) for name, one in settings.items() if not one.is_job]
    jobs = {name: job(one, commands[name]) for name, one in settings.items() if one.is_job}
    if jobs:
        (own / "jobs.json").write_text(json.dumps(jobs, indent=2))
        apps.append(entry(CRON, ProcessSettings(command=CRON), NodeCommand(script="cron.cjs"), own=True))
    text = (own / TEMPLATE).read_text()
    (own / ECOSYSTEMS[0]).write_text(
        text.replace("__MEMBER__", json.dumps(layout.member.as_posix())).replace(
            "__APPS__", json.dumps(apps, indent=2)
        )
    )


def bring(tree: Path) -> None:
    """Put the kit's part into a built tree; PM2 is yet to be installed there."""
    shutil.copytree(ADAPTER, tree / OWN)


def job(settings: ProcessSettings, start: NodeCommand) -> dict[str, Any]:
    """What the process that starts the jobs knows of one."""
    return {
        "schedule": settings.schedule,
        "timeout": settings.timeout,
        "script": start.script,
        "args": list(start.args),
        "node_args": list(start.node_args),
    }


def entry(name: str, settings: ProcessSettings, start: NodeCommand, *, own: bool = False) -> dict[str, Any]:
    """An app of PM2's settings, as far as it is no other's; its script is the app's, or the kit's `own`."""
    return {
        "name": "app" if name == WEB else name,
        "serves": name == WEB,
        "own": own,
        "script": start.script,
        "args": list(start.args),
        "node_args": list(start.node_args),
        "instances": settings.instances,
        "max_memory_restart": settings.memory,
        # Of a run PM2 knows nothing: who started it tells it, and kills what is left.
        **({"treekill": False} if own else {}),
    }


def start(command: str, folder: Path, depth: int = 0) -> NodeCommand:
    """What a command comes to, in the app's folder after its build. Raises `AdoptionError`."""
    refused = f'evenkeel:app.processes: "{command}" can\'t be started'
    if SHELL & set(command):
        raise AdoptionError(
            f"{refused}: it takes a shell. Name the one command that stays, such as node dist/server.js"
        )
    program, *rest = words(command, refused)
    if program in SCRIPT_RUNNERS:
        return start_of_script(rest, folder, depth, refused)
    if program == "node":
        flags = list(flags_of_node(rest))
        script, *args = rest[len(flags) :] or [""]
        return NodeCommand(script=existing(script, folder, refused), args=args, node_args=flags)
    return NodeCommand(script=linked(program, folder, refused), args=rest)


def flags_of_node(words: Sequence[str]) -> Iterator[str]:
    """What comes before the script, with values that are words of their own."""
    takes_value = False
    for word in words:
        if not word.startswith("-") and not takes_value:
            return
        yield word
        takes_value = word in FLAGS_WITH_VALUE


def linked(program: str, folder: Path, refused: str) -> str:
    """The script of a dependency's program, relative to the app; a workspace may have it at its root."""
    places = (place / "node_modules" / ".bin" / program for place in (folder, *folder.parents))
    link = next((place for place in places if place.exists()), None)
    if link is None:
        raise AdoptionError(f"{refused}: {program} is neither node nor a program of a production dependency")
    script = link.resolve()
    if b"node" not in script.read_bytes()[:64].splitlines()[0]:
        raise AdoptionError(f"{refused}: {program} is no script of Node.js. Name the file that it starts")
    return os.path.relpath(script, folder.resolve())


def start_of_script(rest: Sequence[str], folder: Path, depth: int, refused: str) -> NodeCommand:
    """What a script of package.json comes to."""
    name = rest[1] if rest[:1] == ["run"] and len(rest) > 1 else (rest[0] if rest else "")
    scripts = package_json(folder).get("scripts", {})
    if name not in scripts or depth == MOST:
        raise AdoptionError(
            f'{refused}: package.json has no script "{name}". Set evenkeel:app.processes.web.command, such '
            "as node server.js"
        )
    return start(scripts[name], folder, depth + 1)


def words(command: str, refused: str) -> list[str]:
    """The words of a command, without NODE_ENV=production, which the kit sets."""
    found = shlex.split(command)
    while found and (assigned := ASSIGNED.fullmatch(found[0])):
        if assigned[0] != "NODE_ENV=production":
            raise AdoptionError(f"{refused}: set {assigned[1]} in evenkeel:app.environment instead")
        found = found[1:]
    if found[:1] == ["cross-env"]:
        return words(shlex.join(found[1:]), refused)
    if not found:
        raise AdoptionError(f"{refused}: it names no program")
    return found


def existing(script: str, folder: Path, refused: str) -> str:
    """The script, as it is named or as Node.js would find it."""
    for name in (script, f"{script}.js", f"{script}/index.js"):
        if script and (folder / name).is_file():
            return name
    raise AdoptionError(f"{refused}: there is no {script or 'script'} once the app is built")
