"""docs/settings.md and docs/components.md are what the code says."""

from pathlib import Path

import pulumi
import pytest

from stacks.__main__ import main
from stacks.components_page import all_components, annotated
from stacks.reference import descriptions
from stacks.sections import Settings
from stacks.settings import fields, models
from stacks.settings_page import paragraphs

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("page", ["settings", "components"])
def test_the_page_is_what_the_code_says(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m stacks reference PAGE >docs/PAGE.md` brings it up to date."""
    assert main(["reference", page]) == 0
    assert (DOCS / f"{page}.md").read_text() == capsys.readouterr().out


def test_every_setting_says_what_it_means() -> None:
    """Below its field: the pages are made of that."""
    groups = {name: next(models(kind), None) for name, kind in fields(Settings).items()}
    mute = [
        f"{name}.{field}"
        for name, group in groups.items()
        if group is not None
        for field in fields(group)
        if field not in descriptions(group)
    ]
    assert mute == []


def test_every_component_is_found() -> None:
    """By the class, wherever it is in the package."""
    defined = {
        line.removeprefix("class ").partition("(")[0]
        for file in (DOCS.parent / "components").rglob("*.py")
        for line in file.read_text().splitlines()
        if line.endswith("(pulumi.ComponentResource):")
    }
    assert {kind.__name__ for kind in all_components()} == defined


class Small(pulumi.ComponentResource):
    """A component for the test."""

    size: pulumi.Output[int] | None
    """How large it is."""
    shape: str


def test_a_name_is_told_with_its_type_and_description() -> None:
    """As in the source; a name that has no description has none."""
    assert annotated(Small) == [
        ("size", "pulumi.Output[int] \\| None", "How large it is."),
        ("shape", "str", ""),
    ]


def test_a_description_becomes_markdown() -> None:
    """It links the pages that it names, has one sentence per line, and keeps its examples."""
    assert paragraphs("One, at 10.0.0.1. See\ndocs/runbooks/stores.md.\n\n    {a: 1}") == (
        "One, at 10.0.0.1.\nSee [runbooks/stores.md](runbooks/stores.md).\n\n    {a: 1}\n"
    )
