"""Where the kit comes from: the lines of requirements.txt that name its packages."""

import json
import re
from dataclasses import dataclass, replace
from importlib import metadata

from evenkeel.errors import EvenkeelError

PACKAGE = "evenkeel"
CHECKS = "pytest-evenkeel"
"""The checks of a stack, a package of their own in the same place and version."""
EXTRAS = {PACKAGE: "[rehearsal]", CHECKS: ""}
_LINE = re.compile(
    rf"(?P<package>{PACKAGE}|{CHECKS})(?:\[[\w,-]+\])?"
    r"\s*(?:==\s*(?P<version>\S+)|@\s*(?P<url>\S+))\s*(?:#.*)?"
)
_GIT = re.compile(r"(?P<repository>git\+[^#]+?)(?:@(?P<tag>[^@/#]+))?(?P<fragment>#.*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A package index, a tag of a git repository, or a file."""

    package: str = PACKAGE
    version: str | None = None
    """In the index."""
    repository: str | None = None
    """Pip's URL of a git repository, `git+https://…`."""
    tag: str | None = None
    """Or another name of a commit, in the repository."""
    fragment: str = ""
    """Where in it: `#subdirectory=…`."""
    url: str | None = None
    """Of a wheel."""

    @classmethod
    def installed(cls) -> "Source":
        """Where pip got the kit from, as it noted it (PEP 610)."""
        try:
            kit = metadata.distribution(PACKAGE)
        except metadata.PackageNotFoundError:
            raise EvenkeelError(
                "The kit is not installed, only its files are here. Install it first: "
                "pip install ./packaging/evenkeel"
            ) from None
        noted = json.loads(kit.read_text("direct_url.json") or "null")
        if noted is None:
            return cls(version=kit.version)
        if "vcs_info" not in noted:
            return cls(url=noted["url"])
        folder = noted.get("subdirectory")
        vcs = noted["vcs_info"]
        return cls(
            repository=f"git+{noted['url']}",
            tag=vcs.get("requested_revision") or vcs["commit_id"],
            fragment=f"#subdirectory={folder}" if folder else "",
        )

    @classmethod
    def parse(cls, line: str) -> "Source | None":
        """What a line of requirements.txt names; None for another package's."""
        match = _LINE.fullmatch(line.strip())
        if match is None:
            return None
        package = match["package"]
        if match["version"]:
            return cls(package=package, version=match["version"])
        git = _GIT.fullmatch(match["url"])
        if git is None:
            return cls(package=package, url=match["url"])
        return cls(
            package=package, repository=git["repository"], tag=git["tag"], fragment=git["fragment"] or ""
        )

    @property
    def requirement(self) -> str:
        """The line of requirements.txt."""
        package = f"{self.package}{EXTRAS[self.package]}"
        if self.version:
            return f"{package}=={self.version}"
        at = f"@{self.tag}" if self.tag else ""
        return f"{package} @ {self.url or f'{self.repository}{at}{self.fragment}'}"

    @property
    def checks(self) -> "Source":
        """Where the checks of this very version come from: beside the kit, in the same place."""
        return replace(
            self,
            package=CHECKS,
            fragment=self.fragment.replace(f"/{PACKAGE}", f"/{CHECKS}"),
            url=self.url and self.url.replace(f"/{PACKAGE}-", f"/{CHECKS.replace('-', '_')}-"),
        )

    def at(self, version: str) -> "Source":
        """The same place, in another version: a tag, a version of the index, or the kit's wheel's URL."""
        if "://" in version:
            kit = Source(url=version)
            return kit if self.package == PACKAGE else kit.checks
        if self.repository:
            return replace(self, tag=version)
        if self.version:
            return replace(self, version=version.removeprefix("v"))
        raise EvenkeelError(f"The kit comes from {self.url}, which has no versions: give the URL of another.")
