"""docs/aws.md: a row for each finding of the review, and no test or number in it that is not so."""

import re
from math import ceil
from pathlib import Path

import pytest

from budgets.instance_types import vcpus
from stacks.stack_file import read

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "aws.md").read_text()
FINDINGS = [
    *(f"B{number}" for number in (1, 2)),
    *(f"H{number}" for number in range(1, 9)),
    *(f"M{number}" for number in range(1, 15)),
    *(f"L{number}" for number in range(1, 13)),
]
ROW = re.compile(r"^\| ([BHML]\d+) [^|]+\|([^|]+)\|([^|]+)\|([^|]+)\|$", re.MULTILINE)
ROWS = [[cell.strip() for cell in row] for row in ROW.findall(TEXT)]
TESTS = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)


def test_every_finding_has_its_row() -> None:
    """In the review's order."""
    assert [row[0] for row in ROWS] == FINDINGS


def test_what_is_fixed_names_a_test_and_what_is_answered_a_reason() -> None:
    """What is open may say nothing yet."""
    for finding, state, text, shown_by in ROWS:
        assert state in ("fixed", "answered", "open"), finding
        assert text or state == "open", finding
        assert "::" in shown_by or state != "fixed", finding


@pytest.mark.parametrize(("file", "name"), TESTS, ids=[name for _, name in TESTS])
def test_every_test_that_is_named_exists(file: str, name: str) -> None:
    """Under that name, in that file."""
    assert re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE)


def test_the_table_of_quotas_is_the_stacks() -> None:
    """As the stack files are; whoever changes one counts again."""
    rows = dict(re.findall(r"\(`(L-\w+)`\) \| [^|]+ \| (.+) \|$", TEXT, re.MULTILINE))
    stacks = [read(stack) for stack in ("dev", "staging", "prod")]
    addresses = [1 if stack.network.nat == "one" else stack.network.zones for stack in stacks]
    assert rows["L-0263D0A3"] == " | ".join(map(str, addresses))
    processors = [
        ceil(stack.app_servers.max_size * stack.app_servers.max_healthy_percentage / 100)
        * max(vcpus(kind) or 0 for kind in stack.app_servers.instance_types)
        for stack in stacks
    ]
    assert rows["L-1216C47A"] == " | ".join(map(str, processors))
