"""`python -m stacks timeline STACK`: draws what the budgets make of a stack's settings."""

import sys
from pathlib import Path

from stacks import pulumi_secrets
from stacks.chart import drawn
from stacks.sections import Settings
from stacks.settings import FOLDER, SettingsError, file_sections, parse

USAGE = "usage: python -m stacks timeline STACK"


class NoSuchStack(ValueError):
    """There is no file for a stack of this name."""


def main(arguments: list[str]) -> int:
    """The exit code."""
    match arguments:
        case ["timeline", stack]:
            return timeline(stack)
        case _:
            print(USAGE, file=sys.stderr)
            return 2


def timeline(stack: str) -> int:
    try:
        print(drawn(stack, read(stack)), end="")
    except (NoSuchStack, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def read(stack: str) -> Settings:
    """The settings in a stack's file; raises `NoSuchStack`, `SettingsError`."""
    files = {path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path for path in stack_files()}
    if stack not in files:
        raise NoSuchStack(f"There is no stack {stack}: {FOLDER.name}/ has {', '.join(sorted(files))}.")
    return parse(pulumi_secrets.from_file(file_sections(files[stack])))


def stack_files() -> list[Path]:
    return list(FOLDER.glob("Pulumi.*.yaml"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
