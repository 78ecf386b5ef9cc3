"""The deployer's machine: whether it has what a deployment runs, and builds what the servers can run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pulumi

from components import release
from components.native_modules import Servers
from stacks.answering import by_a_rehearsal
from stacks.instance_types import architecture
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
    servers = Servers(
        architecture=architecture(target.settings.app_servers.instance_types[0]),
        node=target.settings.app.node,
    )
    if "git" in missing:
        return
    try:
        release.build(
            Path(target.settings.app.path), None if by_a_rehearsal(target.settings.aws) else servers
        )
    except pulumi.RunError as error:
        yield str(error)
