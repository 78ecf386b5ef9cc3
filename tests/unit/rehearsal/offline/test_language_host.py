"""The language host, apart from the engine."""

import gc
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pulumi import RunError
from pulumi.runtime.proto import language_pb2

from rehearsal.offline import language_host
from testkit.checkout import ROOT


def project(folder: Path, program: str | None) -> Any:
    """What the engine says about a program in the folder."""
    if program is not None:
        (folder / "__main__.py").write_text(program)
    return SimpleNamespace(
        root_directory=str(folder), program_directory=str(folder), entry_point=".", options={}
    )


@pytest.fixture(autouse=True)
def _stay_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [])


def test_a_failing_program_shows_its_own_frames_only(tmp_path: Path) -> None:
    """From its `__main__.py` on; neither this host's frames nor runpy's."""
    (tmp_path / "deep.py").write_text("def fail():\n    raise ValueError('why')\n")
    info = project(tmp_path, "import deep\ndeep.fail()\n")
    with pytest.raises(RunError) as failed:
        language_host.run_program(info)
    shown = str(failed.value).splitlines()
    assert shown[:2] == ["Program failed with an unhandled exception:", "Traceback (most recent call last):"]
    assert [line.split(", ")[0] for line in shown if line.startswith("  File")] == [
        f'  File "{tmp_path}/__main__.py"',
        f'  File "{tmp_path}/deep.py"',
    ]
    assert shown[-1] == "ValueError: why"


def test_a_program_that_exits_with_a_code_fails(tmp_path: Path) -> None:
    """A deployment of half a program is none."""
    with pytest.raises(RunError, match=r"The program ended itself with 3\."):
        language_host.run_program(project(tmp_path, "raise SystemExit(3)"))


def test_a_program_that_exits_with_zero_has_ended_well(tmp_path: Path) -> None:
    """`sys.exit()` at the end is no error."""
    language_host.run_program(project(tmp_path, "raise SystemExit(0)"))


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    """The file that was looked for."""
    with pytest.raises(RunError) as failed:
        language_host.run_program(project(tmp_path, None))
    assert str(failed.value) == f"There is no program: {tmp_path}/__main__.py is missing."


def test_another_virtual_environment_is_refused(tmp_path: Path) -> None:
    """One host runs in one environment: a program that asks for another would get the wrong packages."""
    info = project(tmp_path, "")
    info.options = {"virtualenv": "other"}
    with pytest.raises(RunError, match=r"runtime\.options\.virtualenv is 'other'"):
        language_host.run_program(info)


def test_the_collector_is_back_after_a_program(tmp_path: Path) -> None:
    """It rests while a program is imported; hooks then run for as long as a rollout takes."""
    language_host.run_program(project(tmp_path, "import gc\nassert not gc.isenabled()\n"))
    assert gc.isenabled()


@pytest.mark.parametrize(
    "command",
    [
        "pulumi up --debug",
        "pulumi preview -d",
        "pulumi up -yd",
        "pulumi up -v=3",
        "pulumi up --verbose 9 --logflow",
        "",
    ],
)
def test_debug_messages_are_sent_to_who_asked_for_them(command: str) -> None:
    """And where it is not known who asked for what."""
    assert language_host.shows_debug_messages(command.split())


@pytest.mark.parametrize(
    "command",
    ["pulumi up --yes --stack dev", "pulumi preview --diff --non-interactive", "pulumi up -s dev"],
)
def test_debug_messages_are_not_sent_to_nobody(command: str) -> None:
    """Words that begin alike ask for none."""
    assert not language_host.shows_debug_messages(command.split())


def test_the_engines_command_is_the_parents(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the kernel knows it."""
    monkeypatch.chdir(ROOT)
    show = "from rehearsal.offline import language_host as l; print(*l.engine_command(), sep='\\0', end='')"
    shown = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True).stdout
    assert shown == Path("/proc/self/cmdline").read_text()


def test_the_installed_providers_are_what_the_engine_is_told() -> None:
    """By the name and version that their SDKs carry."""
    assert [name for name, _ in language_host.provider_sdks()] == ["aws", "random"]


def test_dependencies_leave_out_what_another_package_brings() -> None:
    """As `pulumi about` shows them: pydantic is asked for, its core comes with it."""
    host: Any = language_host.LanguageHost()
    request = language_pb2.GetProgramDependenciesRequest
    direct = {each.name for each in host.GetProgramDependencies(request(), None).dependencies}
    everything = host.GetProgramDependencies(request(transitiveDependencies=True), None).dependencies
    assert "pulumi-aws" in direct
    assert "pydantic-core" not in direct
    assert "pydantic-core" in {each.name for each in everything}
