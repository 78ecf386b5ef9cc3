"""How an app's folder is laid out: where its packages, its PM2 settings and its workspace are."""

from dataclasses import dataclass
from pathlib import Path

from components import package_manager
from components.package_manager import PackageManager, package_json

OWN = ".evenkeel"
"""The folder of a release that the kit adds to an app without PM2 settings."""
ECOSYSTEMS = ("ecosystem.config.js", "ecosystem.config.cjs")


class LayoutError(Exception):
    """The folder is no app that can be released; the message says what to do about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppLayout:
    """One app. Paths are relative to `root`, which becomes the release's folder."""

    root: Path
    """The folder of the lock file: the app's own, or its workspace's."""
    member: Path
    """The app in it; `.` where it is the root."""
    manager: PackageManager
    ecosystem: Path
    """PM2's settings."""
    adopted: bool
    """Whether the kit writes those itself."""
    brings_pm2: bool
    """Whether PM2 is one of the app's packages."""

    @property
    def folder(self) -> Path:
        """The app's own folder."""
        return self.root / self.member

    @property
    def workspace_name(self) -> str | None:
        """The name by which the workspace knows the app; None where the app is no member of one."""
        return None if self.member == Path() else str(package_json(self.folder)["name"])

    @property
    def pm2(self) -> Path:
        """The folder of PM2's programs."""
        return (Path() if self.brings_pm2 else Path(OWN)) / "node_modules" / ".bin"


def of(app: Path) -> AppLayout:
    """The layout of the app in a folder; raises `LayoutError`."""
    if not (app / "package.json").is_file():
        raise LayoutError(f"{app / 'package.json'} is missing: app.path has to name the folder of a Node app")
    here = app.resolve()
    workspaces = (folder for folder in here.parents if has_lock(folder) and is_workspace(folder))
    root = here if has_lock(here) else next(workspaces, None)
    if root is None:
        raise LayoutError(
            f"{app / 'package-lock.json'} is missing: run `npm install` there and commit the lock file, or "
            "that of pnpm or Yarn. A release has the packages that a lock file names, and no others"
        )
    manager = package_manager.of(root)
    assert manager
    member = here.relative_to(root)
    own = next((member / name for name in ECOSYSTEMS if (app / name).is_file()), None)
    dependencies = package_json(app).get("dependencies", {})
    return AppLayout(
        root=app if member == Path() else root,
        member=member,
        manager=manager,
        ecosystem=own or Path(OWN) / ECOSYSTEMS[0],
        adopted=own is None,
        brings_pm2="pm2" in dependencies,
    )


def has_lock(folder: Path) -> bool:
    """Whether the folder is where packages are installed."""
    return any((folder / name).is_file() for name in package_manager.LOCKS)


def is_workspace(folder: Path) -> bool:
    """Whether the packages below may be its members; any other folder with a lock file is none of theirs."""
    declared = (folder / "package.json").is_file() and "workspaces" in package_json(folder)
    return declared or (folder / "pnpm-workspace.yaml").is_file()
