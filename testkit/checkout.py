"""A copy of the project in a folder of its own, with its own state and port.

So tests never meet the user's rehearsal, and may break what they like.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testkit import cloud_log, orphans
from testkit.ports import free_port

ROOT = Path(__file__).parent.parent
UP_TIMEOUT = 900
"""Seconds the longest command may take: a first `up` on two busy cores that packs the app's release too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkout:
    """The project's files at `folder`, and what one does with them by hand."""

    folder: Path

    @classmethod
    def copy(cls, folder: Path) -> "Checkout":
        """Copies every file that git would keep; shares the Python environment; takes a free port.

        What a killed test run left running is ended first.
        """
        orphans.end_orphans()
        listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        (folder / ".venv").symlink_to(ROOT / ".venv")
        checkout = cls(folder=folder)
        orphans.own(folder / ".rehearsal")
        checkout.replace("stacks/Pulumi.local.yaml", "127.0.0.1:4577", f"127.0.0.1:{free_port()}")
        return checkout

    def rehearsal(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `python -m rehearsal …` as `make` does."""
        return self._run([str(self.folder / ".venv/bin/python"), "-m", "rehearsal", *arguments])

    def pulumi(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Runs plain `pulumi …` as the stack's deployer, with `given` as its input."""
        stack = arguments[arguments.index("--stack") + 1] if "--stack" in arguments else "local"
        return self.as_deployer(stack, "pulumi", "--non-interactive", *arguments, given=given)

    def as_deployer(self, stack: str, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Runs a command in a shell that took the line `make up` prints, for any stack."""
        line = f'eval "$(.venv/bin/python -m rehearsal env --stack {stack})" && exec "$@"'
        return self._run(["bash", "-c", line, "bash", *command], given=given)

    def end(self) -> None:
        """Ends the rehearsal and removes what it wrote; an AssertionError where its cloud itself failed."""
        failures = cloud_log.own_failures(self.folder / ".rehearsal/cloud.log")
        succeed(self.rehearsal("down"))
        assert failures == [], "the cloud went on, but these failed in it"

    def environment(self, key: str = "--admin") -> dict[str, str]:
        """The environment of such a shell; its key may do everything, or is a deployer's: `--stack=local`."""
        line = f'eval "$(.venv/bin/python -m rehearsal env {key})" && exec env --null'
        listed = succeed(self._run(["bash", "-c", line])).stdout
        return dict(entry.split("=", 1) for entry in listed.split("\0") if entry)

    def outputs(self, stack: str = "local") -> dict[str, Any]:
        """The stack's outputs."""
        outputs: dict[str, Any] = json.loads(
            succeed(self.pulumi("stack", "output", "--json", "--stack", stack)).stdout
        )
        return outputs

    def replace(self, name: str, old: str, new: str) -> None:
        """Writes `new` in place of `old` in a file; an error when `old` is not there."""
        path = self.folder / name
        text = path.read_text()
        if old not in text:
            raise ValueError(f"{name} has no {old!r}")
        path.write_text(text.replace(old, new))

    @contextmanager
    def changed(self, name: str, text: str) -> Iterator[None]:
        """The file with other contents for a while, then as it was, or gone if it was not there."""
        path = self.folder / name
        before = path.read_bytes() if path.exists() else None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        try:
            yield
        finally:
            if before is None:
                path.unlink()
                if not any(path.parent.iterdir()):
                    path.parent.rmdir()
            else:
                path.write_bytes(before)

    def _run(self, command: list[str], *, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            input=given,
            cwd=self.folder,
            text=True,
            capture_output=True,
            timeout=UP_TIMEOUT,
            check=False,
        )


def succeed(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """The finished process, or an AssertionError that shows all it printed."""
    assert done.returncode == 0, f"{done.args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, text=True, capture_output=True, check=True).stdout
