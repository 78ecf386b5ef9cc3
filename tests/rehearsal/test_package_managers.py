"""Releases by each package manager, which makes its lock file itself; the packages are the registry's own."""

import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from components import artifact

DEPENDENCIES = {"dependencies": {"is-number": "7.0.0"}, "devDependencies": {"is-odd": "3.0.1"}}
BUILD = "node -e \"require('is-odd'); require('fs').writeFileSync('built.js', 'console.log(1)')\""
PACKAGE = {
    "name": "shop",
    "version": "1.0.0",
    "private": True,
    "scripts": {"start": "node built.js", "build": BUILD},
    **DEPENDENCIES,
}
LOCKED = {
    "npm": ["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"],
    "pnpm": ["npx", "--yes", "--package=pnpm@10", "--", "pnpm", "install", "--lockfile-only"],
    "yarn": ["npx", "--yes", "--package=yarn@1.22.22", "--", "yarn", "install", "--non-interactive"],
    "berry": [
        "npx",
        "--yes",
        "--package=@yarnpkg/cli-dist@4.18.1",
        "--",
        "yarn",
        "install",
        "--mode=skip-build",
    ],
}
"""What makes each one's lock file."""


def locked(folder: Path, manager: str) -> Path:
    """The folder with its lock file, and nothing else that the manager made."""
    environment = {**os.environ, "YARN_NODE_LINKER": "node-modules"}
    subprocess.run(LOCKED[manager], cwd=folder, env=environment, check=True, capture_output=True)
    (folder / ".gitignore").write_text("node_modules\n.yarn\n")
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    return folder


def packed(release: Path) -> set[str]:
    with tarfile.open(release) as archive:
        return {name for name in archive.getnames() if not name.startswith(".evenkeel/")}


@pytest.mark.long
@pytest.mark.parametrize("manager", LOCKED)
def test_a_release_has_what_the_app_needs_and_no_more(tmp_path: Path, manager: str) -> None:
    """What the build made, and the packages that the app runs with, without those that only built it."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps(PACKAGE))
    names = packed(artifact.build(locked(folder, manager), print, tmp_path / "cache").path)
    assert {"built.js", "node_modules/is-number/package.json"} <= names
    assert "node_modules/is-odd/package.json" not in names


@pytest.mark.long
@pytest.mark.parametrize("manager", LOCKED)
def test_a_member_is_released_with_its_workspace(tmp_path: Path, manager: str) -> None:
    """The app's settings lead into its folder, where what it needs of the workspace is found."""
    root = tmp_path / "shops"
    (root / "apps/shop").mkdir(parents=True)
    (root / "packages/prices").mkdir(parents=True)
    (root / "package.json").write_text(
        json.dumps({"name": "shops", "private": True, "workspaces": ["apps/*", "packages/*"]})
    )
    (root / "pnpm-workspace.yaml").write_text("packages: ['apps/*', 'packages/*']\n")
    prices = {"name": "prices", "version": "1.0.0", "main": "index.js"}
    (root / "packages/prices/package.json").write_text(json.dumps(prices))
    (root / "packages/prices/index.js").write_text("module.exports = 1;\n")
    here = "workspace:*" if manager in ("pnpm", "berry") else "1.0.0"
    needs = {**DEPENDENCIES["dependencies"], "prices": here}
    (root / "apps/shop/package.json").write_text(json.dumps({**PACKAGE, "dependencies": needs}))
    locked(root, manager)
    release = artifact.build(root / "apps/shop", print, tmp_path / "cache").path
    unpacked = tmp_path / "current"
    with tarfile.open(release) as archive:
        archive.extractall(unpacked, filter="tar")
    asked = "const { apps } = require('./.evenkeel/ecosystem.config.js'); console.log(apps[0].script)"
    told = subprocess.run(["node", "-e", asked], cwd=unpacked, check=True, capture_output=True, text=True)
    assert told.stdout.strip() == str(unpacked / "apps/shop/built.js")
    found = "console.log(require('prices'), require('is-number')('1'))"
    told = subprocess.run(
        ["node", "-e", found], cwd=unpacked / "apps/shop", check=True, capture_output=True, text=True
    )
    assert told.stdout == "1 true\n"
