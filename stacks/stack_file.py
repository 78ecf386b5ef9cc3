"""The file of a stack's settings, read without Pulumi."""

from pathlib import Path

from budgets import pulumi_secrets
from stacks import project
from stacks.sections import Settings
from stacks.settings import file_sections, parse


class NoSuchStack(ValueError):
    """There is no file for a stack of this name."""


def read(stack: str) -> Settings:
    """The settings in a stack's file; raises `NoProject`, `NoSuchStack`, `StackSettingsError`."""
    return parse(pulumi_secrets.from_file(file_sections(file_of(stack))))


def file_of(stack: str) -> Path:
    """The file of a stack's settings; raises `NoProject`, `NoSuchStack`."""
    found = project.find()
    files = {path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path for path in found.stack_files()}
    if stack not in files:
        raise NoSuchStack(f"There is no stack {stack}: {found.stacks.name}/ has {', '.join(sorted(files))}.")
    return files[stack]
