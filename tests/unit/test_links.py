"""Links between the project's pages."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    Path(name)
    for name in subprocess.run(
        ["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    if name
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^(```.*?^```|    .*?$)", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The fragments that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads(page: Path, link: str) -> bool:
    """Whether a link in a page leads out of the project, or to a file of it and a heading in that."""
    if re.match(r"[a-z]+:", link):
        return True
    path, _, fragment = link.partition("#")
    target = (ROOT / page.parent / path).resolve() if path else ROOT / page
    if not fragment or target.suffix != ".md":
        return target.exists()
    return target.exists() and fragment in anchors(target.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file that there is, and to a heading in it."""
    links = LINK.findall(CODE.sub("", (ROOT / page).read_text()))
    assert [link for link in links if not leads(page, link)] == []


def test_a_link_to_nothing_is_seen() -> None:
    """The twin."""
    readme = Path("README.md")
    assert not leads(readme, "docs/nothing.md")
    assert not leads(readme, "docs/aws.md#no-such-heading")
    assert leads(readme, "docs/aws.md#the-deployers-rights")
