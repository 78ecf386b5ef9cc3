"""Pulumi secrets among the settings: found by what engine and file say, refused outside app.secrets."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

from budgets import pulumi_secrets
from budgets.pulumi_secrets import PulumiSecret, told_apart
from stacks.settings import StackSettingsError, load, parse

ENCRYPTED = {"secure": "v1:abc:def"}
VALUE = "hunter2hunter2"


@pytest.fixture
def stack_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of the stack that unit tests deploy; the engine's configuration is forgotten afterwards."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop")
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "Pulumi.local.yaml"
    pulumi.runtime.set_all_config({}, [])


def engine_says(section: str, values: Any) -> None:
    """It decrypts a section, and says that there is a secret somewhere in it."""
    rehearsed = {"evenkeel:aws": '{"endpoint": "http://127.0.0.1:4577"}'}
    pulumi.runtime.set_all_config(
        {**rehearsed, f"evenkeel:{section}": json.dumps(values)}, [f"evenkeel:{section}"]
    )


def test_a_secret_is_found_where_the_file_has_it(stack_file: Path) -> None:
    """Beside settings in plain text, of which numbers and texts stay what they are."""
    stack_file.write_text(
        "config:\n  evenkeel:app:\n    port: 3100\n    environment: {LEVEL: info, SWITCH: yes}\n"
        "    secrets: {JWT_SECRET: {secure: v1:abc:def}}\n"
    )
    engine_says(
        "app",
        {
            "port": 3100,
            "environment": {"LEVEL": "info", "SWITCH": "yes"},
            "secrets": {"JWT_SECRET": VALUE},
        },
    )
    app = load("local").app
    assert (app.port, app.environment) == (3100, {"LEVEL": "info", "SWITCH": "yes"})
    assert app.secrets == {"JWT_SECRET": PulumiSecret(VALUE)}


@pytest.mark.usefixtures("stack_file")
@pytest.mark.parametrize(
    ("section", "values", "setting", "instead"),
    [
        ("app", {"environment": {"JWT_SECRET": VALUE}}, "app.environment.JWT_SECRET", "JWT_SECRET"),
        ("database", {"port": VALUE}, "database.port", "<NAME>"),
        ("app_servers", {"instance_types": [VALUE]}, "app_servers.instance_types.0", "<NAME>"),
        ("tags", {"team": VALUE}, "tags.team", "<NAME>"),
        ("secrets", {"JWT_SECRET": VALUE}, "secrets.JWT_SECRET", "JWT_SECRET"),
        ("JWT_SECRET", VALUE, "JWT_SECRET", "JWT_SECRET"),
        ("app", {"JWT_SECRET": VALUE}, "app.JWT_SECRET", "JWT_SECRET"),
        ("app", {"secret": {"JWT_SECRET": VALUE}}, "app.secret.JWT_SECRET", "JWT_SECRET"),
        ("app", {"secrets": VALUE}, "app.secrets", "<NAME>"),
        ("app", {"secrets": {"JWT_SECRET": {"value": VALUE}}}, "app.secrets.JWT_SECRET.value", "JWT_SECRET"),
        ("app", {"environment": {"jwt-secret": VALUE}}, "app.environment.jwt-secret", "<NAME>"),
        ("smoke", {"session": {"fields": {"code": VALUE}}}, "smoke.session.fields.code", "<NAME>"),
    ],
)
def test_a_secret_anywhere_else_is_refused(section: str, values: Any, setting: str, instead: str) -> None:
    """With the way to where it belongs, and without its value. What no file shows counts as a secret."""
    engine_says(section, values)
    with pytest.raises(StackSettingsError) as refused:
        load("local")
    assert str(refused.value) == (
        f"1 setting is refused:\n  evenkeel:{setting} is [secret]: a Pulumi secret is kept secret in "
        "app.secrets only, under the name of a variable. Take it out: pulumi config rm --path "
        f"'evenkeel:{setting}'. If the app needs it: pulumi config set --secret --path "
        f"'evenkeel:app.secrets.{instead}'."
    )


@pytest.mark.usefixtures("stack_file")
@pytest.mark.parametrize(
    ("key", "value", "instead"),
    [
        ("app.secrets.JWT_SECRET", VALUE, "--secret --path 'evenkeel:app.secrets.JWT_SECRET'"),
        ("app.secrets", {"JWT_SECRET": VALUE}, "--secret --path 'evenkeel:app.secrets.JWT_SECRET'"),
        ("app.secrets", VALUE, "--secret --path 'evenkeel:app.secrets.<NAME>'"),
    ],
)
def test_a_secret_that_was_set_without_path_is_refused(key: str, value: Any, instead: str) -> None:
    """`config rm --path` would take out the right one beside it."""
    engine_says(key, value)
    with pytest.raises(StackSettingsError) as refused:
        load("local")
    assert str(refused.value) == (
        f"1 setting is refused:\n  evenkeel:{key} is [secret]: it was set without --path, so it is one key "
        "with a dot in its name, and no setting. Take it out, without --path too: pulumi config rm "
        f"'evenkeel:{key}'. Then set it again: pulumi config set {instead}."
    )


def test_a_section_that_is_one_secret_is_refused_as_a_whole(stack_file: Path) -> None:
    """`pulumi config rm --path` takes nothing out of it, and says so to nobody."""
    stack_file.write_text("config:\n  evenkeel:app: {secure: v1:abc:def}\n")
    engine_says("app", {"port": 3100, "secrets": {"JWT_SECRET": VALUE}})
    with pytest.raises(
        StackSettingsError, match=r"1 setting .*\n.*config rm --path 'evenkeel:app'\."
    ) as refused:
        load("local")
    assert VALUE not in str(refused.value)


def test_what_another_file_says_is_a_secret() -> None:
    """As with `--config-file`: the text is none that stacks/ shows."""
    assert told_apart({"a": "one", "b": None, "c": 3}, {"a": "two", "b": 1, "c": 3}) == {
        "a": PulumiSecret("one"),
        "b": None,
        "c": 3,
    }


def test_a_file_can_be_read_without_its_passphrase() -> None:
    """For all that needs no secret's value: the timeline, a preview."""
    read = pulumi_secrets.from_file({"app": {"secrets": {"A": ENCRYPTED}, "list": [ENCRYPTED, 1]}})
    assert list(pulumi_secrets.found(read)) == [("app", "secrets", "A"), ("app", "list", "0")]
    assert parse(pulumi_secrets.from_file({"app": {"secrets": {"A": ENCRYPTED}}})).app.secrets


def test_a_secret_never_shows_itself() -> None:
    """However it is printed."""
    secret = PulumiSecret(VALUE)
    for shown in (str(secret), repr(secret), f"{secret}", str({"a": [secret]}), repr(parse({}).app)):
        assert VALUE not in shown
    app = parse({"app": {"secrets": {"A": secret}}}).app
    assert VALUE not in repr(app)
    assert VALUE not in str(app)
