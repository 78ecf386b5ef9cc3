"""The line that names the kit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import EvenkeelError
from evenkeel.source import Source

GIT = "evenkeel[rehearsal] @ git+https://example.com/a/kit@v0.2.0#subdirectory=packaging/evenkeel"
WORDS = st.from_regex(r"[a-z0-9][a-z0-9.-]{0,12}", fullmatch=True)


@pytest.mark.parametrize(
    ("line", "version", "renewed"),
    [
        (GIT, "v0.3.0", GIT.replace("v0.2.0", "v0.3.0")),
        ("evenkeel[rehearsal]==0.2.0", "v0.3.0", "evenkeel[rehearsal]==0.3.0"),
        (GIT, "https://example.com/kit.whl", "evenkeel[rehearsal] @ https://example.com/kit.whl"),
        (
            "evenkeel[rehearsal] @ file:///kit-1.whl",
            "file:///kit-2.whl",
            "evenkeel[rehearsal] @ file:///kit-2.whl",
        ),
    ],
)
def test_another_version_of_the_same_place(line: str, version: str, renewed: str) -> None:
    """A tag, a version of an index, a wheel."""
    source = Source.parse(line)
    assert source
    assert source.requirement == line
    assert source.at(version).requirement == renewed


@given(WORDS, WORDS, WORDS)
def test_what_is_written_is_read_back(host: str, repository: str, tag: str) -> None:
    """Whatever the place is called."""
    source = Source(repository=f"git+ssh://git@{host}/{repository}", tag=tag, fragment="#subdirectory=x")
    assert Source.parse(source.requirement) == source
    assert Source.parse(f"  {source.requirement}  ") == source


@pytest.mark.parametrize("line", ["evenkeel-migrator==1", "pulumi==3", "# evenkeel==1", "", "evenkeel>=1"])
def test_other_lines_are_others(line: str) -> None:
    """Which are left as they are."""
    assert Source.parse(line) is None


@pytest.mark.parametrize(
    ("kit", "checks"),
    [
        (
            GIT,
            "pytest-evenkeel @ git+https://example.com/a/kit@v0.2.0#subdirectory=packaging/pytest-evenkeel",
        ),
        ("evenkeel[rehearsal]==0.2.0", "pytest-evenkeel==0.2.0"),
        (
            "evenkeel[rehearsal] @ file:///wheels/evenkeel-1-py3-none-any.whl",
            "pytest-evenkeel @ file:///wheels/pytest_evenkeel-1-py3-none-any.whl",
        ),
    ],
)
def test_the_checks_are_beside_the_kit(kit: str, checks: str) -> None:
    """In the same version, wherever it comes from; another version of the one is one of the other."""
    source = Source.parse(kit)
    assert source
    assert source.checks.requirement == checks
    assert Source.parse(checks) == source.checks
    for version in ("https://example.com/evenkeel-2.whl", *(["v0.3.0"] if "file:" not in kit else [])):
        assert source.checks.at(version) == source.at(version).checks


def test_a_file_has_no_versions() -> None:
    """Another one is named whole."""
    with pytest.raises(EvenkeelError, match="give the URL of another"):
        Source(url="file:///kit.whl").at("v0.3.0")
