"""Every stack previewed by the real engine against a throwaway cloud: what a first deployment would make."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from socket import create_server
from typing import Any

import yaml

from components.secret_arn import SecretArn
from rehearsal import daemon, deployment
from rehearsal.deployer import principal
from rehearsal.engine import installation
from rehearsal.engine.environment import SECRETS_PROVIDER, Rehearsal
from rehearsal.errors import DeploymentError
from rehearsal.progress import Progress
from stacks import relaxations

HIDDEN = "a-secret-that-the-preview-does-not-know"
"""In place of each secret of a stack file, itself a secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What the engine said about one stack."""

    stack: str
    changes: dict[str, int]
    """How many resources of each operation, as `create`."""
    errors: list[str]
    relaxed: str = ""
    """What the stack does without of what production has; empty where it has all."""

    @property
    def row(self) -> tuple[str, str, str]:
        """Of the table: the stack, `accepted` or `refused`, and how many resources would change."""
        counted = ", ".join(f"{count} to {operation}" for operation, count in self.changes.items())
        return (self.stack, "refused" if self.errors else "accepted", "" if self.errors else counted)


def run(project: Rehearsal, names: Sequence[str]) -> list[Preview]:
    """Previews the named stacks, or all; the rehearsal that may run beside is not touched."""
    known = [file.name.split(".")[1] for file in project.project.stack_files()]
    if unknown := set(names) - set(known):
        raise DeploymentError(
            f"There is no stack {', '.join(sorted(unknown))}. There are: {', '.join(known)}."
        )
    with throwaway(project) as rehearsal:
        return [preview(rehearsal, name) for name in names or known]


@contextmanager
def throwaway(project: Rehearsal) -> Iterator[Rehearsal]:
    """A rehearsal of the same project on a free port, gone afterwards."""
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    rehearsal = replace(project, state=Path(tempfile.mkdtemp(prefix="evenkeel-preview-")), port=port)
    try:
        installation.install(rehearsal)
        daemon.start(rehearsal)
        yield rehearsal
    finally:
        daemon.end(rehearsal.state)
        deployment.remove(rehearsal.state)


def preview(rehearsal: Rehearsal, stack: str) -> Preview:
    """Previews one stack from a copy of its file, which names this cloud and has no encrypted secrets.

    The endpoint in the original is another cloud's, and its secrets' key is not at hand.
    """
    scratch = rehearsal.state / "project"
    scratch.mkdir(exist_ok=True)
    shutil.copy2(rehearsal.root / "Pulumi.yaml", scratch)
    file = scratch / "stacks" / f"Pulumi.{stack}.yaml"
    file.parent.mkdir(exist_ok=True)
    original = rehearsal.project.file_of(stack)
    settings = yaml.safe_load(original.read_text()) or {}
    file.write_text(yaml.safe_dump(rehearsed(settings, rehearsal.endpoint)))
    here = ("--cwd", str(scratch))
    init = ("stack", "init", stack, "--secrets-provider", SECRETS_PROVIDER)
    deployment.pulumi(rehearsal, *here, *init, stack=stack)
    if hidden := [f"{path}={HIDDEN}" for path in secrets(settings.get("config", {}))]:
        flags = [part for secret in hidden for part in ("--secret", secret)]
        settings_of = ("config", "set-all", "--stack", stack, "--path")
        deployment.pulumi(rehearsal, *here, *settings_of, *flags, stack=stack)
    command: list[str | Path] = [
        rehearsal.bin / "pulumi",
        "preview",
        "--json",
        "--stack",
        stack,
        "--config-file",
        file,
    ]
    with Progress(f"previewing stack {stack}"):
        done = subprocess.run(
            command,
            cwd=rehearsal.root,
            env=rehearsal.environment(os.environ, principal.key_of(rehearsal, stack)),
            capture_output=True,
            text=True,
            check=False,
        )
    said = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    errors = [
        diagnostic["message"].strip()
        for diagnostic in said.get("diagnostics", [])
        if diagnostic["severity"] == "error"
    ]
    relaxed = "".join(
        diagnostic["message"].strip()
        for diagnostic in said.get("diagnostics", [])
        if diagnostic["message"].startswith(relaxations.headed(stack))
    )
    if done.returncode and not errors:
        errors = [(done.stderr or done.stdout).strip()]
    return Preview(stack=stack, changes=said.get("changeSummary", {}), errors=errors, relaxed=relaxed)


def secrets(values: Any, path: str = "") -> Iterator[str]:
    """The path, as `pulumi config set --path` takes it, of each value that is a Pulumi secret.

    Or the ARN of one of the app's: the throwaway cloud has none of them.
    """
    match values:
        case str() if path.startswith('evenkeel:app["secrets"]') and SecretArn.parse(values):
            yield path
        case {"secure": str()} if path:
            yield path
        case dict():
            for name, value in values.items():
                yield from secrets(value, f'{path}["{name}"]' if path else name)
        case list():
            for index, value in enumerate(values):
                yield from secrets(value, f"{path}[{index}]")


def rehearsed(file: dict[str, Any], endpoint: str) -> dict[str, Any]:
    """A stack's file without a real account's key, and with `endpoint` wherever its own endpoint stands."""
    config = dict(file.get("config", {}))
    aws = config.get("evenkeel:aws", {})
    if own := aws.get("endpoint"):
        config["evenkeel:aws"] = {name: str(value).replace(own, endpoint) for name, value in aws.items()}
    return {"config": config}
