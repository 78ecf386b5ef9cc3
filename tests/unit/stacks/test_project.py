"""The project that a command is for."""

from pathlib import Path

import pytest

from stacks.project import NoProject, find


def test_the_nearest_above_is_found(tmp_path: Path) -> None:
    """From any folder of it; where its stacks are, Pulumi.yaml says."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nstackConfigDir: config\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    project = find(below)
    assert (project.name, project.root) == ("shop", tmp_path)
    assert project.file_of("prod") == tmp_path / "config" / "Pulumi.prod.yaml"


@pytest.mark.parametrize("text", [None, "name: [", "runtime: python", "- a"])
def test_without_one_it_is_said_in_words(tmp_path: Path, text: str | None) -> None:
    """Also where it can't be read."""
    if text is not None:
        (tmp_path / "Pulumi.yaml").write_text(text)
    with pytest.raises(NoProject, match=r"Pulumi\.yaml"):
        find(tmp_path)
