"""A stack's settings: read once from Pulumi's configuration, checked before any resource is registered.

Each section is one configuration key, so `pulumi config set --path 'evenkeel:app.port' 3100` works. All that
is wrong is said in one error: each setting, its value, the remedy.
"""

import dataclasses
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pulumi
import yaml
from pulumi.runtime.config import (
    CONFIG,
    get_config_env,
    get_config_secret_keys_env,
    is_config_secret,
)
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from budgets import pulumi_secrets
from budgets.problems import NAMESPACE, Problem
from budgets.pulumi_secrets import PulumiSecret
from stacks import project, rules
from stacks.answering import by_a_rehearsal
from stacks.passphrase import refuse_published
from stacks.placeholders import placeholders
from stacks.sections import Settings
from stacks.variable_rules import VARIABLE

EXPLAINED = "stacks/reference.yaml explains it"
"""The remedy where the value alone says nothing."""


class StackSettingsError(pulumi.RunError):
    """The stack's settings are refused; Pulumi shows the message without a traceback."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = problems
        count = "1 setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        super().__init__("\n".join([f"{count} refused:", *(f"  {problem}" for problem in problems)]))


def load(stack: str) -> Settings:
    """The settings of the stack under deployment; raises `StackSettingsError`, `PublishedPassphrase`."""
    configuration = {**get_config_env(), **CONFIG.get()}
    settings = parse(told_apart(configuration, project.find().file_of(stack)))
    refuse_in_an_account(stack, settings)
    return settings


def refuse_in_an_account(stack: str, settings: Settings) -> None:
    """Raises `StackSettingsError`, `PublishedPassphrase` for what may be in a rehearsal and in no account."""
    if not settings.aws.rehearsed:
        refuse_published(stack, project.find().file_of(stack), os.environ)
        problems = rules.problems_in_an_account(settings)
        refuse(problems if by_a_rehearsal(settings.aws) else [*problems, *placeholders(settings)])


def told_apart(configuration: Mapping[str, str], file: Path) -> dict[str, Any]:
    """The sections, with a `PulumiSecret` for each secret in those that the engine says hold one."""
    values = sections(configuration)
    secret = {key for key in configuration if is_config_secret(key)} | {*get_config_secret_keys_env()}
    shown = file_sections(file) if secret else {}
    for name in values:
        if f"{NAMESPACE}:{name}" in secret:
            values[name] = pulumi_secrets.told_apart(values[name], shown.get(name))
    return values


def file_sections(file: Path) -> dict[str, Any]:
    """The project's own keys of a stack's file, with encrypted secrets; none where there is no file."""
    content = yaml.safe_load(file.read_text()) if file.exists() else None
    return sections((content or {}).get("config") or {})


def sections(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The project's own keys of Pulumi's configuration, which holds each as a text or as JSON."""
    own = {key: value for key, value in configuration.items() if key.startswith(f"{NAMESPACE}:")}
    return {
        key.partition(":")[2]: decoded(value) if isinstance(value, str) else value
        for key, value in own.items()
    }


def decoded(text: str) -> Any:
    """A section from its JSON; a text that is none is refused later as what it is."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def parse(values: Mapping[str, Any]) -> Settings:
    """Settings from values and secrets; raises `StackSettingsError` with all that is wrong with them."""
    refuse([without_path(key, value) for key, value in values.items() if "." in key])
    secrets = pulumi_secrets.found(values)
    # As a path: app, secrets, the variable's name.
    refuse([stray(path) for path in secrets if path[:-1] != ("app", "secrets")])
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise StackSettingsError(translated(error, values)) from None
    refuse(rules.problems(settings))
    return settings


def refuse(problems: Sequence[Problem]) -> None:
    """Raises `StackSettingsError` where there is a problem."""
    if problems:
        raise StackSettingsError(problems)


def stray(path: Sequence[str]) -> Problem:
    """A Pulumi secret where the program would decrypt it and pass it on."""
    setting = ".".join(path)
    return Problem(
        setting=setting,
        value=PulumiSecret(setting),
        reason="a Pulumi secret is kept secret in app.secrets only, under the name of a variable",
        remedy=f"Take it out: pulumi config rm --path '{NAMESPACE}:{setting}'. If the app needs it: "
        f"pulumi config set --secret --path '{NAMESPACE}:{place(path)}'",
    )


def place(path: Sequence[str]) -> str:
    """Where a secret belongs: its variable is the last part of its path that can be one."""
    name = next((part for part in reversed(path) if VARIABLE.fullmatch(part)), "<NAME>")
    return f"app.secrets.{name}"


def without_path(key: str, value: object) -> Problem:
    """A key such as `app.port`. To take it out with --path would take out the setting."""
    secret = next(pulumi_secrets.found(value, *key.split(".")), None)
    setting = f"--secret --path '{NAMESPACE}:{place(secret)}'" if secret else f"--path '{NAMESPACE}:{key}'"
    return Problem(
        setting=key,
        value=PulumiSecret(key) if secret else value,
        reason="it was set without --path, so it is one key with a dot in its name, and no setting",
        remedy=f"Take it out, without --path too: pulumi config rm '{NAMESPACE}:{key}'. Then set it again: "
        f"pulumi config set {setting}",
    )


def translated(error: ValidationError, values: Mapping[str, Any]) -> list[Problem]:
    """Pydantic's findings, one a setting: a value that fits neither of two types is found twice."""
    by_setting: dict[str, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        setting = dotted(detail["loc"], values)
        if detail["type"] == "missing":
            setting = f"{setting}.{detail['loc'][-1]}"
        by_setting.setdefault(setting, []).append(detail)
    return [problem(setting, details) for setting, details in by_setting.items()]


def dotted(location: Sequence[str | int], values: Any) -> str:
    """The setting's name: the location without the names of types that pydantic tried."""
    parts: list[str] = []
    for part in location:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            continue
        parts.append(str(part))
    return ".".join(parts)


def problem(setting: str, details: Sequence[ErrorDetails]) -> Problem:
    """One refused setting in our words."""
    first = details[0]
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return unknown(setting, first["input"])
    if first["type"] == "missing":
        return Problem(setting=setting, value=None, reason="it has no default", remedy=EXPLAINED)
    reasons = [detail["msg"].removeprefix("Input ") for detail in details]
    if first["type"] == "dataclass_type":
        reasons = ["it is a group of settings"]
        remedy = f"Set one of them: pulumi config set --path '{NAMESPACE}:{setting}.<name>' <value>"
    else:
        remedy = EXPLAINED
    return Problem(setting=setting, value=first["input"], reason=" or ".join(reasons), remedy=remedy)


def unknown(setting: str, value: object) -> Problem:
    """A setting that does not exist, with the nearest that does."""
    section, _, name = setting.rpartition(".")
    names = sorted(fields(model(section)))
    near = get_close_matches(name, names, n=1)
    remedy = (
        f"The nearest is {section and section + '.'}{near[0]}" if near else f"There are: {', '.join(names)}"
    )
    return Problem(setting=setting, value=value, reason="there is no such setting", remedy=remedy)


def fields(group: Any) -> dict[str, Any]:
    """The settings of a group, by name, each with its type."""
    hints = get_type_hints(group)
    if issubclass(group, Settings):
        return {name: hints[name] for name in group.model_fields}
    return {field.name: hints[field.name] for field in dataclasses.fields(group)}


def model(section: str) -> type:
    """The class of a group of settings, such as `smoke.session` or `app_servers.schedules.0`."""
    group: type = Settings
    for part in filter(None, section.split(".")):
        if not part.isdigit():
            group = next(models(fields(group)[part]))
    return group


def models(annotation: Any) -> Iterator[type]:
    """The groups of settings that an annotation such as `SessionSettings | None` names."""
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        yield annotation
    for inner in get_args(annotation):
        yield from models(inner)
