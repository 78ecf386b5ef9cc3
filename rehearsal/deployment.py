"""The project deployed into the rehearsal by the real engine, as one would by hand."""

import json
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

from components.app import AppSettings
from rehearsal.deployer import principal
from rehearsal.engine.environment import SECRETS_PROVIDER, Rehearsal
from rehearsal.errors import CloudError, DeploymentError
from rehearsal.lock import command_line
from rehearsal.machine import as_root
from rehearsal.progress import Progress, say
from stacks.settings import file_sections

STACK = "local"


def up(rehearsal: Rehearsal) -> None:
    """Makes stack `local` what the program says; the engine shows its own progress."""
    free_stack(rehearsal)
    # Ctrl-C reaches the engine too, which then lets what is under way finish: that is waited for.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        done = subprocess.run(
            [rehearsal.bin / "pulumi", "up", "--yes", "--skip-preview", "--stack", STACK],
            cwd=rehearsal.root,
            env=rehearsal.environment(os.environ, principal.key_of(rehearsal, STACK)),
            check=False,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    if done.returncode:
        raise DeploymentError(
            "`pulumi up` failed; why is said above, and `make logs` shows the servers' side. Fix it and run "
            "this again: it goes on from where this ended."
        )


def outputs(rehearsal: Rehearsal) -> dict[str, Any]:
    """The outputs of stack `local`; none when nothing is deployed."""
    if not exists(rehearsal):
        return {}
    said: dict[str, Any] = json.loads(pulumi(rehearsal, "stack", "output", "--json", "--stack", STACK))
    return said


def make_stack(rehearsal: Rehearsal) -> None:
    """Stack `local`, selected."""
    if not exists(rehearsal):
        with Progress(f"making stack {STACK}"):
            pulumi(rehearsal, "stack", "init", STACK, "--secrets-provider", SECRETS_PROVIDER)


def node(rehearsal: Rehearsal) -> int:
    """The major version of Node.js that the servers of stack `local` are to have."""
    app = file_sections(rehearsal.project.file_of(STACK)).get("app") or {}
    return int(app.get("node", AppSettings().node))


def exists(rehearsal: Rehearsal) -> bool:
    """Whether the engine's file backend holds stack `local`."""
    return (rehearsal.stacks / ".pulumi" / "stacks" / rehearsal.project.name / f"{STACK}.json").exists()


def free_stack(rehearsal: Rehearsal) -> None:
    """Removes the lock that an engine left when it was killed; raises when its holder still runs."""
    for file in (
        rehearsal.stacks / ".pulumi" / "locks" / "organization" / rehearsal.project.name / STACK
    ).glob("*.json"):
        holder = json.loads(file.read_text())
        if holder["hostname"] != socket.gethostname() or "pulumi" in command_line(holder["pid"]):
            raise DeploymentError(
                f"Stack {STACK} is being deployed since {holder['timestamp']} by process {holder['pid']} of "
                f"{holder['username']}@{holder['hostname']}. Wait for it, or end it, and run this again."
            )
        say(f"process {holder['pid']} was ended while it deployed stack {STACK}: unlocking the stack")
        file.unlink()


def pulumi(rehearsal: Rehearsal, *arguments: str, stack: str = STACK) -> str:
    """Runs a quick command of the engine as a stack's deployer; its stdout, or the error with its stderr."""
    done = subprocess.run(
        [rehearsal.bin / "pulumi", "--non-interactive", *arguments],
        cwd=rehearsal.root,
        env=rehearsal.environment(os.environ, principal.key_of(rehearsal, stack)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DeploymentError(f"`pulumi {' '.join(arguments)}` failed:\n{done.stderr.strip()}")
    return done.stdout


def remove(state: Path) -> None:
    """Removes all that a rehearsal wrote; refuses below a mount, where it would remove what is another's."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    if below := [mount for mount in mounts if Path(mount).is_relative_to(state)]:
        raise CloudError(
            f"{', '.join(below)} is still mounted. Unmount it (umount -l PATH) and run this again."
        )
    if as_root():
        subprocess.run(["sudo", "rm", "-rf", str(state)], check=True)
    elif state.exists():
        shutil.rmtree(state)
