"""The project whose stacks these are: the folder that has Pulumi.yaml, and what that says."""

from dataclasses import dataclass
from pathlib import Path

import yaml

FILE = "Pulumi.yaml"


class NoProject(Exception):
    """There is no project where one is looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """Pulumi's project, whose stacks' files lie in one folder."""

    root: Path
    name: str
    stacks: Path
    """The folder of the stacks' files."""

    @property
    def deployer_policy(self) -> Path:
        """The file of the rights that resources beside the kit's take; it need not be there."""
        return self.root / "deployer-policy.json"

    def file_of(self, stack: str) -> Path:
        """Where the settings of a stack are, or would be."""
        return self.stacks / f"Pulumi.{stack}.yaml"

    def stack_files(self) -> list[Path]:
        """The file of each stack, by name."""
        return sorted(self.stacks.glob("Pulumi.*.yaml"))


def find(start: Path | None = None) -> Project:
    """The project of a folder, or of the nearest above it that has one; without `start` of the current one.

    Raises `NoProject`, also where Pulumi.yaml can't be read.
    """
    below = (start or Path.cwd()).absolute()
    root = next((folder for folder in (below, *below.parents) if (folder / FILE).is_file()), None)
    if root is None:
        raise NoProject(f"There is no {FILE} in {below}, nor above it: run this in the folder of a project.")
    try:
        content = yaml.safe_load((root / FILE).read_text())
        name, stacks = content["name"], content.get("stackConfigDir", ".")
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise NoProject(f"{root / FILE} can't be read: {error!r}") from error
    return Project(root=root, name=name, stacks=root / stacks)
