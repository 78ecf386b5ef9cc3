"""The package manager of an app, told by its lock file, and what a release is made with by each.

npm is the one that is on PATH. The others are run by `npx` in the version that the app asks for, which npm
gets from the same registry as all else. Corepack would fetch them from elsewhere, and Node.js 25 has none.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock")
CLASSIC, BERRY = "1.22.22", "4.18.1"
"""The versions of Yarn for a lock file of either kind, where `packageManager` names none."""
PNPM = {"5": "7", "6": "8", "9": "10"}
"""The major version of pnpm that reads a lock file, by the first digits of its `lockfileVersion`."""
_ASKED = re.compile(r"(npm|pnpm|yarn)@(\d[\w.-]*)")
Command = Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageManager:
    """How one of them is called, and what it is told; a `member` is a package of a workspace."""

    name: str
    """npm, pnpm, yarn (1) or berry (Yarn 2 and newer)."""
    program: Command

    def install(self) -> Command:
        """All packages, as the lock file has them."""
        return {
            "npm": [*self.program, "ci", *_QUIET],
            "pnpm": [*self.program, "install", "--frozen-lockfile", "--config.node-linker=hoisted"],
            "yarn": [*self.program, "install", "--frozen-lockfile", "--non-interactive"],
            "berry": [*self.program, "install", "--immutable"],
        }[self.name]

    def run(self, script: str, member: str | None) -> Command:
        """A script, of the app or of a member and whatever of the workspace that needs."""
        match self.name, member:
            case "npm", None:
                return [*self.program, "run", script]
            case "npm", name:
                return [*self.program, "run", script, f"--workspace={name}"]
            case "pnpm", None:
                return [*self.program, "run", script]
            case "pnpm", name:
                return [*self.program, f"--filter={name}...", "run", script]
            case "yarn", name if name:
                return [*self.program, "workspace", name, "run", script]
            case "berry", name if name:
                return [
                    *self.program,
                    "workspaces",
                    "foreach",
                    "--recursive",
                    "--topological-dev",
                    "--from",
                    name,
                    "run",
                    script,
                ]
        return [*self.program, "run", script]

    def prune(self, member: str | None) -> Command:
        """Takes out what only the build needed."""
        match self.name:
            case "npm":
                return [*self.program, "prune", "--omit=dev", *_QUIET]
            case "pnpm":
                # `pnpm prune` forgets the hoisted layout, and workspaces.
                return [
                    *self.program,
                    "install",
                    "--prod",
                    "--frozen-lockfile",
                    "--ignore-scripts",
                    "--config.node-linker=hoisted",
                    "--config.confirm-modules-purge=false",
                ]
            case "yarn":
                return [
                    *self.program,
                    "install",
                    "--production",
                    "--frozen-lockfile",
                    "--ignore-scripts",
                    "--prefer-offline",
                    "--non-interactive",
                ]
        return [*self.program, "workspaces", "focus", "--production", *([member] if member else [])]

    @property
    def environment(self) -> dict[str, str]:
        """What it needs so that a release holds files, and no links into a cache."""
        return (
            {"YARN_NODE_LINKER": "node-modules", "YARN_ENABLE_TELEMETRY": "0"} if self.name == "berry" else {}
        )


NPM = PackageManager(name="npm", program=["npm"])
_QUIET = ("--prefer-offline", "--no-audit", "--no-fund", "--no-update-notifier")


def of(folder: Path) -> PackageManager | None:
    """The manager of the folder's lock file; None where there is none."""
    lock = next((name for name in LOCKS if (folder / name).is_file()), None)
    if lock is None:
        return None
    asked = _ASKED.match(str(package_json(folder).get("packageManager", "")))
    version = asked[2].partition("+")[0] if asked else None
    match lock:
        case "pnpm-lock.yaml":
            return _npx("pnpm", f"pnpm@{version or _pnpm(folder / lock)}", "pnpm")
        case "yarn.lock" if "__metadata:" in (folder / lock).read_text():
            return _npx("berry", f"@yarnpkg/cli-dist@{version or BERRY}", "yarn")
        case "yarn.lock":
            return _npx("yarn", f"yarn@{version or CLASSIC}", "yarn")
    return NPM


def package_json(folder: Path) -> dict[str, Any]:
    """What the folder's package.json says."""
    content: dict[str, Any] = json.loads((folder / "package.json").read_text())
    return content


def _npx(name: str, package: str, program: str) -> PackageManager:
    return PackageManager(
        name=name, program=["npx", "--yes", "--prefer-offline", f"--package={package}", "--", program]
    )


def _pnpm(lock: Path) -> str:
    version = re.search(r"lockfileVersion: '?(\d+)", lock.read_text())
    return PNPM.get(version[1] if version else "", "latest")
