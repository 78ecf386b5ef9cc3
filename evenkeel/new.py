"""`evenkeel new`: a repository of one's own, which deploys one app with the kit.

What it writes is the user's from then on; `evenkeel upgrade` changes nothing of it but the kit's version.
"""

import json
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from string import Template
from typing import Any, get_args

import yaml

from components import artifact
from components.app import NodeMajor
from components.cloud import REGION
from components.release_build import ArtifactError
from evenkeel.errors import EvenkeelError
from evenkeel.source import Source
from stacks.stack_name import LONGEST, PATTERN

PLACES = {"program.py": "__main__.py", "gitignore": ".gitignore"}
"""Files of the template whose names in the repository are others."""
LONGEST_NAME = LONGEST - len("-staging")
"""Of a project: names in AWS begin with the project's and the stack's."""
MIGRATIONS = ("prisma/migrations", "drizzle", "migrations", "db/migrations", "src/migrations")
"""Where tools keep their migrations, in the order in which they are looked for."""
NODES = get_args(NodeMajor)
DEFAULT_NODE = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRepository:
    """What a repository is made of; raises `EvenkeelError` where it can't be."""

    folder: Path
    name: str
    """Of the project."""
    app: Path
    """The folder of the Node app."""
    region: str

    def __post_init__(self) -> None:
        if not PATTERN.fullmatch(self.name) or not self.name[0].isalpha() or len(self.name) > LONGEST_NAME:
            raise EvenkeelError(
                f'A project can\'t be named "{self.name}": use small letters, digits and single hyphens, '
                f"{LONGEST_NAME} in all, a letter first. Give another as --name."
            )
        if not re.fullmatch(REGION, self.region):
            raise EvenkeelError(f'"{self.region}" is no region of AWS, such as eu-central-1: --region.')
        if not (self.app / "package.json").is_file():
            raise EvenkeelError(
                f"{self.app / 'package.json'} is missing: --app names the folder of a Node app."
            )
        if taken := sorted(name for name, _ in template_files() if (self.folder / name).exists()):
            raise EvenkeelError(
                f"{self.folder} has {', '.join(taken)} already: nothing was written. Name another folder."
            )

    def write(self) -> list[str]:
        """Write the files; their names."""
        files = self.files()
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return list(files)

    def files(self) -> dict[str, str]:
        """What is written, by name."""
        values = self._values()
        return {name: Template(text).substitute(values) for name, text in template_files()}

    def _values(self) -> dict[str, Any]:
        node = node_of(self.app)
        return {
            "name": self.name,
            "app": self._seen_from_folder(self.app),
            "migrations": self._seen_from_folder(self.app / migrations_of(self.app)),
            "node": node,
            "rehearsed_node": machines_node() or node,
            "region": self.region,
            "port": port_of(self.name),
            "pulumi": metadata.version("pulumi"),
            "requirement": Source.installed().requirement,
            "checks": Source.installed().checks.requirement,
            "encryptedkey": rehearsals_key(),
        }

    def _seen_from_folder(self, path: Path) -> str:
        return Path(os.path.relpath(path.resolve(), self.folder.resolve())).as_posix()


def template_files() -> Iterator[tuple[str, str]]:
    """What each file of the template is called in a repository, and its text."""
    with resources.as_file(resources.files("evenkeel") / "template") as folder:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                name = path.relative_to(folder).as_posix()
                yield PLACES.get(name, name), path.read_text()


def migrations_of(app: Path) -> str:
    """The folder of migrations in an app; Prisma's where there is none yet."""
    return next((name for name in MIGRATIONS if (app / name).is_dir()), MIGRATIONS[0])


def node_of(app: Path) -> int:
    """The major version that the app asks for: .nvmrc, .node-version or package.json's engines."""
    asked = [(app / name).read_text() for name in (".nvmrc", ".node-version") if (app / name).is_file()]
    engines = json.loads((app / "package.json").read_text()).get("engines") or {}
    asked.append(str(engines.get("node", "")))
    found = (int(number) for text in asked for number in re.findall(r"(?<![.\d])\d+", text))
    return next((number for number in found if number in NODES), DEFAULT_NODE)


def machines_node() -> int | None:
    """The major version of Node.js on this machine, which is that of the rehearsal's servers."""
    try:
        major = int(artifact.node_version().removeprefix("v"))
    except ArtifactError:
        return None
    return major if major in NODES else None


def port_of(name: str) -> int:
    """Where the rehearsal answers: a port of the project's own, so that two rarely meet."""
    return 4600 + zlib.crc32(name.encode()) % 400


def rehearsals_key() -> str:
    """The data key of every rehearsal's secrets, as a stack's file has it."""
    content = yaml.safe_load((resources.files("stacks") / "Pulumi.local.yaml").read_text())
    key: str = content["encryptedkey"]
    return key
