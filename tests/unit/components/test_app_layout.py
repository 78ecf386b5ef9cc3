"""What an app's folder says of how it is built and run."""

import json
from pathlib import Path
from typing import Any

import pytest

from components import app_layout
from components.app_layout import LayoutError

BERRY = "__metadata:\n  version: 8\n"


def written(root: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return root


@pytest.mark.parametrize(
    ("files", "manager", "package"),
    [
        ({"package-lock.json": {}}, "npm", "npm"),
        ({"npm-shrinkwrap.json": {}}, "npm", "npm"),
        ({"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}, "pnpm", "--package=pnpm@10"),
        ({"pnpm-lock.yaml": "lockfileVersion: 5.4\n"}, "pnpm", "--package=pnpm@7"),
        ({"yarn.lock": "# yarn lockfile v1\n"}, "yarn", "--package=yarn@1.22.22"),
        ({"yarn.lock": BERRY}, "berry", "--package=@yarnpkg/cli-dist@4.18.1"),
        (
            {"pnpm-lock.yaml": "", "package.json": {"packageManager": "pnpm@9.12.0+sha512.abc"}},
            "pnpm",
            "--package=pnpm@9.12.0",
        ),
        (
            {"yarn.lock": BERRY, "package.json": {"packageManager": "yarn@4.5.0"}},
            "berry",
            "--package=@yarnpkg/cli-dist@4.5.0",
        ),
    ],
)
def test_the_lock_file_tells_the_package_manager(
    tmp_path: Path, files: dict[str, Any], manager: str, package: str
) -> None:
    """In the version that package.json asks for, else in one that reads the lock file."""
    found = app_layout.of(written(tmp_path, {"package.json": {}, **files})).manager
    assert found.name == manager
    assert package in found.program


@pytest.mark.parametrize(
    ("files", "ecosystem", "pm2"),
    [
        (
            {"ecosystem.config.js": "", "package.json": {"dependencies": {"pm2": "7"}}},
            "ecosystem.config.js",
            "node_modules/.bin",
        ),
        ({"ecosystem.config.cjs": ""}, "ecosystem.config.cjs", ".evenkeel/node_modules/.bin"),
        ({}, ".evenkeel/ecosystem.config.js", ".evenkeel/node_modules/.bin"),
    ],
)
def test_what_an_app_lacks_the_kit_brings(
    tmp_path: Path, files: dict[str, Any], ecosystem: str, pm2: str
) -> None:
    """PM2, and its settings."""
    found = app_layout.of(written(tmp_path, {"package.json": {}, "package-lock.json": {}, **files}))
    assert (found.ecosystem.as_posix(), found.pm2.as_posix()) == (ecosystem, pm2)
    assert found.adopted is ("ecosystem" not in "".join(files))


def test_a_member_of_a_workspace_is_built_with_its_workspace(tmp_path: Path) -> None:
    """Whose root has the lock file; the release is as the workspace is."""
    root = written(
        tmp_path,
        {
            "package.json": {"workspaces": ["apps/*"]},
            "yarn.lock": "",
            "apps/api/package.json": {"name": "@shop/api"},
        },
    )
    found = app_layout.of(root / "apps/api")
    assert (found.root, found.member, found.workspace_name) == (root, Path("apps/api"), "@shop/api")
    assert found.folder == root / "apps/api"


def test_a_lock_file_above_is_none_of_the_apps(tmp_path: Path) -> None:
    """Such as that of a home folder: all below would be copied, and released."""
    root = written(tmp_path, {"package.json": {}, "package-lock.json": {}, "apps/api/package.json": {}})
    with pytest.raises(LayoutError, match=r"api/package-lock\.json is missing"):
        app_layout.of(root / "apps/api")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, r"package\.json is missing"),
        ({"package.json": {}}, r"package-lock\.json is missing.*pnpm or Yarn"),
    ],
)
def test_a_folder_that_is_no_app_is_refused(tmp_path: Path, files: dict[str, Any], words: str) -> None:
    """With what to do."""
    with pytest.raises(LayoutError, match=words):
        app_layout.of(written(tmp_path, files))
