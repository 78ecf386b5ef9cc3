"""Where the kit comes from: the line of requirements.txt that names it."""

import json
import re
from dataclasses import dataclass, replace
from importlib import metadata

from evenkeel.errors import EvenkeelError

PACKAGE = "evenkeel"
EXTRA = "rehearsal"
_LINE = re.compile(rf"{PACKAGE}(?:\[[\w,-]+\])?\s*(?:==\s*(?P<version>\S+)|@\s*(?P<url>\S+))\s*(?:#.*)?")
_GIT = re.compile(r"(?P<repository>git\+[^#]+?)(?:@(?P<tag>[^@/#]+))?(?P<fragment>#.*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A package index, a tag of a git repository, or a file."""

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
        if match["version"]:
            return cls(version=match["version"])
        git = _GIT.fullmatch(match["url"])
        if git is None:
            return cls(url=match["url"])
        return cls(repository=git["repository"], tag=git["tag"], fragment=git["fragment"] or "")

    @property
    def requirement(self) -> str:
        """The line of requirements.txt."""
        if self.version:
            return f"{PACKAGE}[{EXTRA}]=={self.version}"
        at = f"@{self.tag}" if self.tag else ""
        return f"{PACKAGE}[{EXTRA}] @ {self.url or f'{self.repository}{at}{self.fragment}'}"

    def at(self, version: str) -> "Source":
        """The same place, in another version: a tag, a version of the index, or the URL of a wheel."""
        if "://" in version:
            return Source(url=version)
        if self.repository:
            return replace(self, tag=version)
        if self.version:
            return replace(self, version=version.removeprefix("v"))
        raise EvenkeelError(f"The kit comes from {self.url}, which has no versions: give the URL of another.")
