"""Projects of tests."""

from pathlib import Path

from stacks.project import Project


def project_at(folder: Path) -> Project:
    """One that has the kit's own name and layout, whether or not there is a Pulumi.yaml."""
    return Project(name="evenkeel", root=folder, stacks=folder / "stacks")
