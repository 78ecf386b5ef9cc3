"""The plugin, in a pytest of its own: what is left out, and what comes last."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pytest_evenkeel import plugin
from pytest_evenkeel.app_user import ACCOUNT
from tests.unit.pytest_evenkeel.test_stack import OUTPUTS

pytest_plugins = ["pytester"]

POST = {"path": "/", "method": "POST"}
TOKENS = {"sign_up": POST, "log_in": POST, "who_am_i": POST, "log_out": None, "cookie": None}

CHECK = """
import pytest

@pytest.fixture
def person(stack): ...

@pytest.mark.disruptive
def test_ends(stack): ...

def test_looks(stack): ...

def test_logs_in(person): ...
"""


OTHER = """
import pytest

@pytest.mark.parametrize("stack", ["prod"])
def test_breaks(stack): ...
"""
"""A parameter that has the fixture's name is no stack."""


@pytest.fixture(autouse=True)
def _checks(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of three checks, beside a test of something else; no account is given."""
    pytester.makeini("[pytest]\naddopts = -p pytest_evenkeel.plugin -p no:cacheprovider")
    pytester.makepyfile(test_check=CHECK, test_other=OTHER)
    monkeypatch.setattr(plugin, "in_service", lambda *_: {"i-1": "eu-west-1a"})
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ACCOUNT:
        monkeypatch.delenv(name, raising=False)


def chosen(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    """The names of the tests that would run, in their order."""
    ran = pytester.inline_run("--quiet", *arguments)
    return [
        report.nodeid.split("::")[1]
        for report in ran.getreports("pytest_runtest_logreport")
        if report.when == "call"
    ]


def outputs(folder: Path, **other: Any) -> str:
    """A named stack."""
    file = folder / "outputs.json"
    file.write_text(json.dumps(OUTPUTS | other))
    return f"--outputs={file}"


def test_disruptive_checks_come_last(pytester: pytest.Pytester) -> None:
    """And one that would register an account is disruptive too."""
    named = (outputs(pytester.path), ".")
    assert chosen(pytester, *named) == ["test_looks", "test_ends", "test_logs_in"]
    assert chosen(pytester, *named, "-m", "not disruptive") == ["test_looks"]


def test_with_an_account_to_log_in_is_not_disruptive(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: only what must register writes."""
    for name in ACCOUNT:
        monkeypatch.setenv(name, "given")
    assert "test_logs_in" in chosen(pytester, outputs(pytester.path), ".", "-m", "not disruptive")


def test_a_named_stack_is_left_to_its_checks(pytester: pytest.Pytester) -> None:
    """Whatever else lies in the folder, and would be run with production's credentials, is deselected."""
    assert not [name for name in chosen(pytester, outputs(pytester.path), ".") if "test_breaks" in name]


def test_without_a_named_stack_other_tests_run(pytester: pytest.Pytester) -> None:
    """The twin: and the checks say what they would need."""
    ran = pytester.inline_run(".")
    ran.assertoutcome(passed=1, skipped=3)
    reasons = {str(report.longrepr) for report in ran.getreports() if getattr(report, "skipped", False)}
    assert all("give --stack NAME or --outputs FILE" in reason for reason in reasons)


def test_a_named_stack_has_the_kits_checks(pytester: pytest.Pytester) -> None:
    """Besides those of the folder; where files are named these are all."""
    assert {"test_check.py", "test_sessions.py", "test_network.py"} <= collected(pytester)
    assert collected(pytester, ".") == {"test_check.py"}


def test_the_kits_checks_are_found_in_the_environment_of_the_folder(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where `make up` puts them, and where pytest does not look for tests."""
    site = pytester.path / ".venv/lib"
    shutil.copytree(Path(plugin.__file__).parent, site / "pytest_evenkeel")
    (site / "test_other.py").write_text("def test_of_a_package(stack): ...")
    monkeypatch.setenv("PYTHONPATH", str(site))
    pytester.makeconftest("from pytest_evenkeel import plugin\nplugin.in_service = lambda *_: {}")
    listed = pytester.runpytest_subprocess("--collect-only", "--quiet", outputs(pytester.path))
    listed.stdout.fnmatch_lines(["*test_check.py::test_looks", "*test_network.py::test_the_clock_is_right"])
    listed.stdout.no_fnmatch_line("*test_of_a_package*")


def collected(pytester: pytest.Pytester, *arguments: str) -> set[str]:
    """The files whose tests would run."""
    ran = pytester.inline_run("--collect-only", outputs(pytester.path), *arguments)
    (finished,) = ran.getcalls("pytest_collection_finish")
    return {item.path.name for item in finished.session.items}


@pytest.mark.parametrize(
    ("settings", "fixture", "reason"),
    [
        ({"session": None, "slow_request": None}, "log_in", "evenkeel:smoke.session"),
        ({"session": None, "slow_request": None}, "slow_request", "evenkeel:smoke.slow_request"),
        (
            {"session": None, "slow_request": {"path": "/report", "method": "GET"}},
            "slow_request",
            "/report has no body that could take its time: evenkeel:smoke.slow_request",
        ),
        ({"session": TOKENS, "slow_request": None}, "cookie", "evenkeel:smoke.session.cookie"),
    ],
)
def test_what_an_app_lacks_is_not_checked_and_the_report_says_why(
    pytester: pytest.Pytester, settings: Any, fixture: str, reason: str
) -> None:
    """With the setting that would have it checked."""
    pytester.makepyfile(test_check=f"def test_it({fixture}): ...")
    ran = pytester.runpytest(outputs(pytester.path, checks=settings), ".")
    ran.assert_outcomes(skipped=1, deselected=1)
    ran.stdout.fnmatch_lines(f"SKIPPED*{reason}")


@pytest.mark.parametrize(("store", "setting"), [("database", "database"), ("sessions", "redis")])
def test_a_store_that_is_not_there_is_not_checked(
    pytester: pytest.Pytester, store: str, setting: str
) -> None:
    """The report says which."""
    pytester.makepyfile(test_check=f"def test_it({store}): ...")
    pytester.runpytest(outputs(pytester.path, **{store: None}), ".").stdout.fnmatch_lines(
        f"SKIPPED*the stack has no *: evenkeel:{setting}"
    )
