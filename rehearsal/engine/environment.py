"""A rehearsal as data: where it lives, and the environment in which `pulumi` and any AWS client use it."""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from rehearsal.access_key import AccessKey
from rehearsal.errors import MachineError
from stacks.project import NoProject, Project, find

SECRETS_PROVIDER = "awskms://alias/evenkeel-rehearsal"
"""Encrypts the secrets of stack `local` with a key that only a rehearsal's cloud has. A shell that uses the
rehearsal knows no passphrase, so nothing is encrypted in it by accident that belongs to a real stack."""
_OWNED = ("AWS_", "PULUMI_")  # none of the user's own may reach in: a rehearsal never meets a real account


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsal:
    """One rehearsal of a project. All it writes is below `state`; its cloud answers on `port`."""

    project: Project
    state: Path
    port: int
    region: str

    def at(self, port: int) -> "Rehearsal":
        """The same rehearsal on another port."""
        return replace(self, port=port)

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.project.root

    @property
    def endpoint(self) -> str:
        """The URL at which the cloud answers the AWS API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def bin(self) -> Path:
        """The first folder of PATH: the engine, and its language host where that is ours."""
        return self.state / "bin"

    @property
    def home(self) -> Path:
        """PULUMI_HOME: providers, selected stacks, logs."""
        return self.state / "home"

    @property
    def stacks(self) -> Path:
        """The engine's state, as a file backend keeps it."""
        return self.state / "state"

    @property
    def log(self) -> Path:
        """What the cloud says."""
        return self.state / "cloud.log"

    def make_state(self) -> None:
        """Make the state folder, which no other user can look into, and close one that is there already."""
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.state.chmod(0o700)

    def search_path(self, path: str) -> str:
        """A PATH with the engine first, then the Python environment (and the Node.js it may hold)."""
        own = [str(self.bin), str(Path(sys.executable).parent)]
        return os.pathsep.join([*own, *(entry for entry in path.split(os.pathsep) if entry not in own)])

    def environment(self, base: Mapping[str, str], key: AccessKey | None = None) -> dict[str, str]:
        """`base` without any setting of AWS or Pulumi in it, and with the rehearsal's.

        Without a key it has the rehearsal's own. Raises CloudError before the first start, which makes that.
        """
        kept = {name: value for name, value in base.items() if not name.startswith(_OWNED)}
        return kept | {
            "PATH": self.search_path(base.get("PATH", os.defpath)),
            "PULUMI_HOME": str(self.home),
            "PULUMI_BACKEND_URL": f"file://{self.stacks}",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            **(key or AccessKey.read(self.state)).environment(),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "localhost,127.0.0.1",
            "no_proxy": "localhost,127.0.0.1",
        }

    def shell_lines(self, base: Mapping[str, str], key: AccessKey | None = None) -> list[str]:
        """What turns a shell whose environment is `base` into one that uses this rehearsal."""
        wanted = self.environment(base, key)
        removed = [f"unset {name}" for name in sorted(base) if name not in wanted]
        changed = {name: value for name, value in sorted(wanted.items()) if base.get(name) != value}
        return removed + [f"export {name}={shlex.quote(value)}" for name, value in changed.items()]


def of_project(folder: Path | None = None) -> Rehearsal:
    """The rehearsal of the project in a folder, without one the current: as its stack `local` names it.

    The stack's endpoint is the only place where the port is written.
    """
    from stacks import settings

    try:
        found = find(folder)
    except NoProject as error:
        raise MachineError(str(error)) from error
    root, file = found.root, found.file_of("local")
    try:
        config = yaml.safe_load(file.read_text())["config"]
        aws = settings.parse({"aws": config.get("evenkeel:aws", {})}).aws
    except (OSError, yaml.YAMLError, KeyError, TypeError, settings.StackSettingsError) as error:
        raise MachineError(f"{file.relative_to(root)} can't be read: {error}") from error
    address = urlsplit(aws.endpoint or "")
    if address.hostname != "127.0.0.1" or address.port is None:
        raise MachineError(
            f"{file.relative_to(root)} sets evenkeel:aws.endpoint to '{aws.endpoint}', and a rehearsal "
            "answers on this machine only. Write http://127.0.0.1:PORT, with a free port such as 4577."
        )
    return Rehearsal(project=found, state=root / ".rehearsal", port=address.port, region=aws.region)
