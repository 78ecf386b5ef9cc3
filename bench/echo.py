"""Runs `__main__.py` against an echo of the engine: each resource's inputs come straight back as its outputs.

What is left is the program's own time: imports, settings, digests of the artifacts, registration.

    python -m bench.echo local
"""

import json
import runpy
import sys
from pathlib import Path

import pulumi
import yaml

from testkit.registered import register

ROOT = Path(__file__).parent.parent


def stack_config(stack: str) -> dict[str, str]:
    """The stack file's values as the language host hands them to a program: JSON."""
    file = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text())
    return {key: json.dumps(value) for key, value in file["config"].items()}


if __name__ == "__main__":
    pulumi.runtime.set_all_config(stack_config(sys.argv[1]))
    registered = register(lambda: runpy.run_path(str(ROOT / "__main__.py")))
    print(f"{len(registered.inputs)} resources")
