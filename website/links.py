"""Where the pages of the repository are in the site, and where their links lead there. Pure.

Links are written for a reader of the repository. The site has more than `docs/`: the pages of `BESIDE`, and a
page with the text of each source file that a page links to.
"""

import posixpath
import re
from collections.abc import Callable

BESIDE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "index.md",
    "SECURITY.md": "security.md",
    "app/README.md": "the-app.md",
    "docs/adr": "adr/index.md",
    "docs/runbooks": "runbooks/index.md",
}
"""Pages outside of `docs/`, and folders that have a page of their own."""
CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")


def place(path: str) -> str:
    """Where a file of the repository is in the site. A source file has a page."""
    if path in BESIDE:
        return BESIDE[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    # MkDocs leaves out what begins with a dot.
    return f"source/{path.removeprefix('.')}.md"


def target(page: str, link: str) -> str | None:
    """The file that a page's link leads to, or None when that is elsewhere, or in the page."""
    path = link.partition("#")[0]
    if not path or re.match(r"[a-z]+:", link):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), path))


def links(markdown: str) -> list[str]:
    """The links of a page, but for those in its code."""
    return LINK.findall("".join(CODE.split(markdown)[::2]))


def rewritten(markdown: str, page: str) -> str:
    """The page, with each link as it leads in the site."""
    parts = CODE.split(markdown)
    parts[::2] = [LINK.sub(lambda link: _rewritten(page, link[1]), part) for part in parts[::2]]
    return "".join(parts)


def _rewritten(page: str, link: str) -> str:
    path = target(page, link)
    if path is None:
        return link
    fragment = "".join(link.partition("#")[1:])
    return posixpath.relpath(place(path), posixpath.dirname(place(page)) or ".") + fragment


def sources(pages: list[str], read: Callable[[str], str]) -> list[str]:
    """The source files that these pages link to."""
    paths = {target(page, link) for page in pages for link in links(read(page))}
    return sorted(path for path in paths if path and place(path).startswith("source/"))
