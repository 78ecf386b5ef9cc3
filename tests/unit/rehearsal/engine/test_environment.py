"""The environment in which plain `pulumi` and AWS clients use the rehearsal."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rehearsal.access_key import AccessKey
from rehearsal.engine.environment import Rehearsal, of_project
from rehearsal.errors import MachineError
from testkit.projects import project_at


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """A rehearsal that has its access key; spaces and quotes are in its paths."""
    state = tmp_path_factory.mktemp("it's mine")
    AccessKey.make(state)
    return Rehearsal(project=project_at(state.parent), state=state, port=4577, region="eu-central-1")


def test_nothing_of_a_real_account_reaches_in(rehearsal: Rehearsal) -> None:
    """Every AWS and Pulumi variable of the user is gone or replaced."""
    own = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "secret",
        "AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "PULUMI_ACCESS_TOKEN": "secret",
        "PULUMI_BACKEND_URL": "s3://production",
        "PULUMI_CONFIG_PASSPHRASE": "a real stack's",
    }
    environment = rehearsal.environment({"PATH": "/usr/bin", "HOME": "/home/me"} | own)
    assert not set(environment.values()) & set(own.values())
    assert environment["HOME"] == "/home/me"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4577"
    assert AccessKey.of_environment(environment) == AccessKey.read(rehearsal.state)
    assert environment["PULUMI_BACKEND_URL"] == f"file://{rehearsal.state}/state"


def test_the_shell_knows_no_passphrase(rehearsal: Rehearsal) -> None:
    """A secret of a real stack that is set in it is not encrypted with one that others know."""
    assert not [name for name in rehearsal.environment({}) if "PASSPHRASE" in name]


@settings(max_examples=20)
@given(
    st.dictionaries(
        st.from_regex(r"(AWS|PULUMI|MY)_[A-Z]{1,5}", fullmatch=True),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
        max_size=5,
    )
)
def test_the_shell_lines_lead_to_the_environment(rehearsal: Rehearsal, own: dict[str, str]) -> None:
    """Whatever the shell held before: each line unsets or exports, and together they say the same."""
    base = {"PATH": "/usr/bin"} | own
    lines = rehearsal.shell_lines(base)
    wanted = rehearsal.environment(base)
    assert {line.split()[1] for line in lines if line.startswith("unset ")} == set(base) - set(wanted)
    exported = {line.split("=")[0].removeprefix("export ") for line in lines if line.startswith("export ")}
    assert exported == {name for name in wanted if base.get(name) != wanted[name]}


def test_a_shell_that_reads_the_lines_has_the_environment(rehearsal: Rehearsal) -> None:
    """Spaces and quotes in paths come through a real shell."""
    base = {"PATH": "/usr/bin:/bin", "AWS_PROFILE": "production"}
    line = "\n".join(["set -eu", *rehearsal.shell_lines(base), "exec env --null"])
    said = subprocess.run(
        ["/bin/sh", "-c", line], env=base, capture_output=True, text=True, check=True
    ).stdout
    got = dict(entry.split("=", 1) for entry in said.split("\0") if entry)
    got.pop("PWD", None)  # the shell's own
    got.pop("_", None)
    assert got == rehearsal.environment(base)


def test_the_engine_is_first_on_the_path_once(rehearsal: Rehearsal) -> None:
    """A shell that takes the lines twice has no longer PATH for it."""
    once = rehearsal.search_path("/usr/bin")
    assert once.startswith(f"{rehearsal.bin}:")
    assert rehearsal.search_path(once) == once


def stack_file(folder: Path) -> Path:
    """Of stack `local`, in the folder of a project that it makes; not there yet."""
    (folder / "stacks").mkdir()
    (folder / "Pulumi.yaml").write_text("name: shop\nstackConfigDir: stacks\n")
    return folder / "stacks" / "Pulumi.local.yaml"


def test_the_port_is_the_one_of_stack_local(tmp_path: Path) -> None:
    """Written in one place only."""
    file = stack_file(tmp_path)
    file.write_text("config:\n  evenkeel:aws:\n    endpoint: http://127.0.0.1:5001\n    region: us-east-1\n")
    rehearsal = of_project(tmp_path)
    assert (rehearsal.endpoint, rehearsal.region) == ("http://127.0.0.1:5001", "us-east-1")


@pytest.mark.parametrize("endpoint", ["null", "https://aws.example.com", "http://127.0.0.1"])
def test_an_endpoint_elsewhere_is_refused(tmp_path: Path, endpoint: str) -> None:
    """The rehearsal never answers for another machine; the setting, its value and the remedy are named."""
    file = stack_file(tmp_path)
    file.write_text(f"config:\n  evenkeel:aws:\n    endpoint: {endpoint}\n")
    value = "None" if endpoint == "null" else endpoint
    with pytest.raises(MachineError) as refused:
        of_project(tmp_path)
    assert str(refused.value) == (
        f"stacks/Pulumi.local.yaml sets evenkeel:aws.endpoint to '{value}', and a rehearsal answers on this "
        "machine only. Write http://127.0.0.1:PORT, with a free port such as 4577."
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("config:\n  evenkeel:aws:\n    endpont: x\n", "The nearest is aws.endpoint"),
        ("config: [", "expected the node content"),
        ("", "can't be read"),
    ],
)
def test_a_stack_file_that_is_wrong_is_refused_in_words(tmp_path: Path, text: str, reason: str) -> None:
    """Before anything is started, and without a traceback."""
    stack_file(tmp_path).write_text(text)
    with pytest.raises(MachineError, match=reason):
        of_project(tmp_path)
