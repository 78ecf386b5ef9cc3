"""The deployer's machine: whether it has what a deployment runs, and builds what the servers can run."""

import shutil
from collections.abc import Iterator

import pulumi

from components import release
from stacks import answering
from stacks.preflight.target import Target

NEEDED = {
    "pulumi": "install the Pulumi CLI: https://www.pulumi.com/docs/install/",
    "git": "install it: a release holds what git tracks",
}


def machine(target: Target) -> Iterator[str]:
    """Builds the release, which the next `pulumi up` takes from the cache."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    for program in missing:
        yield f"{program} is not on PATH: {NEEDED[program]}"
    if "git" in missing:
        return
    try:
        release.build(target.settings.app, answering.servers(target.settings))
    except pulumi.RunError as error:
        yield str(error)
