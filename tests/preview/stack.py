"""A stack on the real engine with no cloud behind it: deployed, or previewed from a state that was kept."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rehearsal.access_key import AccessKey
from rehearsal.engine import cli, installation
from rehearsal.engine.environment import Rehearsal
from testkit.checkout import ROOT, UP_TIMEOUT, succeed
from testkit.projects import project_at
from tests.preview import invented

STACK = "prod"

PROGRAM = '''\
"""The kit's program. The app's release is always the same; hooks do nothing, as there is no cloud."""

import os
import runpy
import sys
from pathlib import Path
from unittest.mock import patch

os.chdir({root!r})
sys.path.insert(0, {root!r})

import pulumi

from components import artifact, release

RELEASE = artifact.Artifact(path=Path({release!r}), sha256="0" * 64)
of_a_hook = pulumi.ResourceHook.__init__


def without_callback(hook, name, callback, opts=None):
    of_a_hook(hook, name, lambda arguments: None, opts)


with (
    patch.object(release, "build", lambda *arguments: RELEASE),
    patch.object(pulumi.ResourceHook, "__init__", without_callback),
):
    runpy.run_path("__main__.py")
'''


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudlessStack:
    """A stack of its own below `folder`. Its state is what was imported or deployed, and nothing else is."""

    folder: Path
    environment: dict[str, str]

    @classmethod
    @contextmanager
    def make(cls, folder: Path, settings: dict[str, Any], program: Path = ROOT) -> Iterator["CloudlessStack"]:
        """Stack `STACK` with these settings; `program` is the checkout of the kit that is deployed."""
        rehearsal = Rehearsal(
            project=project_at(folder), state=folder / "engine", port=0, region="eu-central-1"
        )
        for each in (rehearsal.bin, rehearsal.home, rehearsal.stacks):
            each.mkdir(parents=True)
        installation.install_cli(rehearsal, cli.find(os.environ["PATH"]), os.environ["PATH"])
        _write(folder, program)
        with invented.serving() as providers:
            stack = cls(
                folder=folder,
                environment={
                    **rehearsal.environment(os.environ, AccessKey(id="AKIA", secret="none")),
                    "PULUMI_DEBUG_PROVIDERS": providers,
                    "PULUMI_CONFIG_PASSPHRASE": "of-a-test",
                },
            )
            stack.configure(settings)
            succeed(stack.pulumi("stack", "init", STACK))
            yield stack

    @property
    def _settings(self) -> Path:
        return self.folder / f"stacks/Pulumi.{STACK}.yaml"

    def configure(self, settings: dict[str, Any]) -> None:
        """Puts other settings in place of the stack's."""
        rest = yaml.safe_load(self._settings.read_text()) if self._settings.exists() else {}
        config = {f"evenkeel:{section}": values for section, values in settings.items()}
        self._settings.write_text(yaml.safe_dump({**rest, "config": config}))

    def deploy(self) -> None:
        """Makes every resource in the state."""
        succeed(self.pulumi("up", "--yes", "--skip-preview", "--stack", STACK))

    def preview(self) -> subprocess.CompletedProcess[str]:
        """What a deployment would change; fails where it would change anything."""
        return self.pulumi("preview", "--expect-no-changes", "--diff", "--stack", STACK)

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The state, with secrets in plain text: each is invented."""
        shown = succeed(self.pulumi("stack", "export", "--show-secrets", "--stack", STACK)).stdout
        resources: list[dict[str, Any]] = json.loads(shown)["deployment"]["resources"]
        return resources

    def take(self, resources: list[dict[str, Any]]) -> None:
        """Puts a state in place of the stack's."""
        salt = yaml.safe_load(self._settings.read_text())["encryptionsalt"]
        secrets = {"type": "passphrase", "state": {"salt": salt}}
        state = {"version": 3, "deployment": {"secrets_providers": secrets, "resources": resources}}
        file = self.folder / "state.json"
        file.write_text(json.dumps(state))
        succeed(self.pulumi("stack", "import", "--file", str(file), "--stack", STACK))

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `pulumi …` in the stack's project."""
        return subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.folder,
            env=self.environment,
            text=True,
            capture_output=True,
            timeout=UP_TIMEOUT,
            check=False,
        )


def _write(folder: Path, program: Path) -> None:
    """The project's files."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    project["runtime"]["options"]["virtualenv"] = str(ROOT / ".venv")
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    (folder / "stacks").mkdir()
    release = folder / "release.tar.gz"
    release.write_text("the app")
    (folder / "__main__.py").write_text(PROGRAM.format(root=str(program), release=str(release)))


# FIX import project_at
