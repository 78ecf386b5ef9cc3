"""The Pulumi CLI: one on PATH that is new enough, else the official installer's, else built as a Go tool."""

import os
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from packaging.version import InvalidVersion, Version
from pulumi.automation import InvalidVersionError, PulumiCommand
from semver import VersionInfo

from rehearsal.engine import go
from rehearsal.engine.cache import cache, official_downloads
from rehearsal.errors import EngineError
from rehearsal.lock import exclusive
from rehearsal.progress import Progress, say

PINNED = Version(metadata.version("pulumi"))
"""The CLI is the same version as the SDK; `pulumi-cli/go.mod` pins it too, and a test keeps them the same."""
_SOURCE = Path(__file__).parent / "pulumi-cli"
_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_INSTEAD = "Pulumi (https://www.pulumi.com/docs/install/)"
_VERSION_SYMBOL = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


def find(path: str) -> Path:
    """The CLI to use; `path` is where to look first, a PATH. Raises `EngineError` when none can be had."""
    if found := there(path):
        return found
    installed = cached()
    with exclusive(cache()):
        if version(installed) != PINNED:  # who held the lock may have installed it
            install(installed.parent.parent)
    return installed


def there(path: str) -> Path | None:
    """The CLI to use, where it need not be installed first."""
    on_path = shutil.which("pulumi", path=path)
    if on_path and new_enough(version(Path(on_path))):
        return Path(on_path)
    return cached() if version(cached()) == PINNED else None


def cached() -> Path:
    """Where an installed CLI is kept."""
    return cache() / f"pulumi-{PINNED}" / "bin" / "pulumi"


def new_enough(candidate: Version | None) -> bool:
    """At least the pinned version, and of its major version: a later one may change what a program means."""
    return candidate is not None and candidate >= PINNED and candidate.major == PINNED.major


def version(binary: Path) -> Version | None:
    """What `pulumi version` says; None when there is no such program or it does not run, as when cut off."""
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_HOME": str(cache() / "home")}
    try:
        said = subprocess.run(
            [binary, "version"], env=environment, capture_output=True, text=True, check=True, timeout=30
        )
        return Version(said.stdout.strip())
    except (OSError, subprocess.SubprocessError, InvalidVersion, UnicodeDecodeError):
        return None


def install(root: Path) -> None:
    """Puts the pinned CLI at `root/bin/pulumi`: aside first, then in one step; nothing half done is found."""
    partial = root.with_name(f"{root.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    if not (official_downloads() and downloaded(partial)):
        build(partial)
    actual = version(partial / "bin" / "pulumi")
    if actual != PINNED:
        raise EngineError(
            f"The Pulumi CLI at {partial} says it is version {actual}, and {PINNED} was asked for. Install "
            "it yourself (https://www.pulumi.com/docs/install/), so that it is on PATH, and run this again."
        )
    shutil.rmtree(root, ignore_errors=True)
    partial.rename(root)


def downloaded(root: Path) -> bool:
    """Runs the official installer; False when it fails, which it has then said why."""
    try:
        with Progress(f"installing the Pulumi CLI {PINNED}"):
            PulumiCommand.install(root=str(root), version=VersionInfo.parse(str(PINNED)))
    except (OSError, subprocess.CalledProcessError, InvalidVersionError) as error:
        say(f"the official installer failed ({error}); building the CLI instead")
        shutil.rmtree(root, ignore_errors=True)
        return False
    return True


def build(root: Path) -> None:
    """Builds the pinned CLI with Go: about 3 minutes on 4 cores with empty caches."""
    target = root / "bin" / "pulumi"
    command: list[str | Path] = [
        "build",
        "-v",
        "-trimpath",
        "-ldflags",
        f"-s -w -X {_VERSION_SYMBOL}=v{PINNED}",
        "-o",
        target,
        _PACKAGE,
    ]
    toolchain = go.find(instead=_INSTEAD)
    with Progress(f"building the Pulumi CLI {PINNED} with Go") as progress:
        toolchain.run(command, directory=_SOURCE, progress=progress, instead=_INSTEAD)
