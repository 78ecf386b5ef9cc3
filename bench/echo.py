"""Runs `__main__.py` against an echo of the engine: each resource's inputs come straight back as its outputs.

What is left is the program's own time: imports, settings, digests of the artifacts, registration.

    python -m bench.echo local
"""

import asyncio
import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks
from pulumi.runtime.stack import run_pulumi_func

ROOT = Path(__file__).parent.parent
ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]


class Echo(mocks.Mocks):
    """Answers a registration with its own inputs, a look-up with what the program asks of it."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", {"arn": f"arn:aws:echo:::{args.name}", "name": args.name, **args.inputs}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        answer = {"names": ZONES, "zoneIds": ZONES, "value": "ami-0", "accountId": "0" * 12}
        return {**args.args, **answer}, None


def stack_config(stack: str) -> dict[str, str]:
    """The stack file's values as the language host hands them to a program: strings, or JSON."""
    values = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


async def run(stack: str) -> None:
    """Runs the program to its end."""
    pulumi.runtime.set_all_config(stack_config(stack))
    mocks.set_mocks(Echo(), project="evenkeel", stack=stack, preview=True)
    await run_pulumi_func(_program)


def _program() -> None:
    runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
