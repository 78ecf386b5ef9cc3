"""The plugin, in a pytest of its own: what is left out, and what comes last."""

import json
from pathlib import Path

import pytest

from tests.infra import plugin
from tests.unit.infra.test_stack import OUTPUTS

pytest_plugins = ["pytester"]

CHECK = """
import pytest

@pytest.fixture
def person(): ...

@pytest.mark.disruptive
def test_ends(): ...

def test_looks(): ...

def test_logs_in(person): ...
"""


@pytest.fixture
def checks(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of three checks, beside a test of something else; no account is given."""
    pytester.makeini("[pytest]\nmarkers = disruptive\naddopts = -p tests.infra.plugin -p no:cacheprovider")
    folder = pytester.mkdir("infra")
    (folder / "test_check.py").write_text(CHECK)
    pytester.makepyfile(test_other="def test_breaks(): ...")
    monkeypatch.setattr(plugin, "CHECKS", folder)
    monkeypatch.setattr(plugin, "in_service", lambda *_: {"i-1": "eu-west-1a"})
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in plugin.ACCOUNT:
        monkeypatch.delenv(name, raising=False)
    return folder


def chosen(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    """The names of the tests that would run, in their order."""
    ran = pytester.inline_run("--quiet", *arguments)
    return [
        report.nodeid.split("::")[1]
        for report in ran.getreports("pytest_runtest_logreport")
        if report.when == "call"
    ]


def outputs(folder: Path) -> str:
    """A named stack."""
    file = folder / "outputs.json"
    file.write_text(json.dumps(OUTPUTS))
    return f"--outputs={file}"


@pytest.mark.usefixtures("checks")
def test_disruptive_checks_come_last(pytester: pytest.Pytester) -> None:
    """And one that would register an account is disruptive too."""
    ran = chosen(pytester)
    assert set(ran[:2]) == {"test_looks", "test_breaks"}
    assert ran[2:] == ["test_ends", "test_logs_in"]
    assert "test_logs_in" not in chosen(pytester, "-m", "not disruptive")


@pytest.mark.usefixtures("checks")
def test_with_an_account_to_log_in_is_not_disruptive(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: only what must register writes."""
    for name in plugin.ACCOUNT:
        monkeypatch.setenv(name, "given")
    assert "test_logs_in" in chosen(pytester, "-m", "not disruptive")


def test_a_named_stack_is_left_to_its_checks(pytester: pytest.Pytester, checks: Path) -> None:
    """Whatever else lies in the folder, and would be run with production's credentials, is deselected."""
    assert chosen(pytester, outputs(checks)) == ["test_looks", "test_ends", "test_logs_in"]


@pytest.mark.usefixtures("checks")
def test_without_a_named_stack_all_is_run(pytester: pytest.Pytester) -> None:
    """The twin: the other test would be run."""
    assert "test_breaks" in chosen(pytester)
