"""The settings of public apps that were tried: docs/public-apps.md."""

import re
from pathlib import Path

import pytest

from stacks.settings import file_sections, parse

FOLDER = Path(__file__).parents[3] / "docs" / "examples"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))
MOST_LINES = 30


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_app_that_nobody_changed_takes_few_settings(file: Path) -> None:
    """Comments aside; and no stack refuses them."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) <= MOST_LINES
    assert parse(file_sections(file)).app.path.startswith("../")


def test_the_page_tells_of_each() -> None:
    """And of no other."""
    page = (FOLDER.parent / "public-apps.md").read_text()
    assert sorted(set(re.findall(r"\(examples/([\w-]+\.yaml)\)", page))) == [file.name for file in EXAMPLES]
