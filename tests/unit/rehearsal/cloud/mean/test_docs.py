"""docs/mean-cloud.md tells of the freedoms that the code takes, and of no others."""

import re
from pathlib import Path

from rehearsal.cloud.mean.freedoms import Freedom
from rehearsal.cloud.mean.mood import SHARES

PAGE = Path(__file__).parents[5] / "docs" / "mean-cloud.md"


def test_each_freedom_has_a_row_with_its_source() -> None:
    """In the order of the code; the source is a page of AWS's, or says why there is none."""
    taken = PAGE.read_text().partition("## Which freedoms are taken")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in taken.splitlines() if line.startswith("| ")]
    names = [row[0].strip() for row in rows[1:]]
    assert names == [freedom.value for freedom in Freedom] == [freedom.value for freedom in SHARES]
    for name, row in zip(names, rows[1:], strict=True):
        assert re.search(r"https://|no page promises", row[2]), name
