"""`make lint` finds misspelled words, and those that the project does not want."""

import re
from pathlib import Path

import codespell_lib
import pytest

from testkit.checkout import ROOT

MISSPELLED = "sep" + "erate"
"""A word of codespell's own list, which would be found in this file too."""


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of `make lint` are in pyproject.toml, where it runs."""
    monkeypatch.chdir(ROOT)


def test_unwanted_words_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of unwanted-words.txt, and a misspelled one."""
    words = [line.partition("->")[0] for line in (ROOT / "unwanted-words.txt").read_text().splitlines()]
    page = tmp_path / "page.md"
    page.write_text(" ".join([*words, MISSPELLED]))
    assert codespell_lib.main(str(page)) != 0
    assert re.findall(r": (\S+) ==>", capsys.readouterr().out) == [*words, MISSPELLED]


def test_plain_words_are_not_found(tmp_path: Path) -> None:
    """The twin, with a message of the migrator, which is quoted as it is."""
    page = tmp_path / "page.md"
    page.write_text("Fix it again: `queries.sql cannot run: mend it`.\n")
    assert codespell_lib.main(str(page)) == 0
