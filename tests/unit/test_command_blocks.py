"""Every block of commands in the pages is run by a test, or says why it cannot be."""

import ast
import subprocess

import pytest

from testkit.checkout import ROOT
from tests.unit.command_blocks import NO_COMMANDS, NOT_RUN, RUN, blocks

PAGES = [
    page
    for page in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    if page != "CHANGELOG.md"
]
KNOWN = [*NO_COMMANDS, *RUN, *NOT_RUN]


def unknown(page: str, text: str) -> list[str]:
    """The blocks of a page that no entry is about."""
    beginnings = tuple(beginning for where, beginning in KNOWN if where == page)
    return [block for block in blocks(text) if not block.startswith(beginnings)]


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_known(page: str) -> None:
    """As one that a test runs, that cannot be run, or that holds no commands."""
    assert unknown(page, (ROOT / page).read_text()) == []


def test_every_entry_is_about_a_block() -> None:
    """One that has gone from its page goes from the list."""
    found = {page: blocks((ROOT / page).read_text()) for page in PAGES}
    stale = [
        (page, beginning)
        for page, beginning in KNOWN
        if not any(block.startswith(beginning) for block in found[page])
    ]
    assert stale == []


@pytest.mark.parametrize("test", sorted(set(RUN.values())))
def test_the_test_that_runs_a_block_is_there(test: str) -> None:
    """Under its name, in its file."""
    file, _, name = test.partition("::")
    defined = ast.walk(ast.parse((ROOT / file).read_text()))
    assert name in [node.name for node in defined if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize(
    "text",
    [
        "Run\n\n    make new\n\nnow.\n",
        "Run\n\n```sh\nmake new\n```\n",
        "1. Run\n\n    ```sh\n    make new\n    ```\n",
        "Run\n\n```\nmake new\n```\n",
    ],
)
def test_a_block_that_nobody_knows_is_found(text: str) -> None:
    """The twin: however it is written."""
    assert unknown("README.md", text) == ["make new"]


def test_other_languages_and_lists_are_no_commands() -> None:
    """Nor is what continues an item of a list."""
    assert blocks("```sql\nSELECT 1;\n```\n\n- an item\n  goes on\n\n    and on\n\nThe end.\n") == []
