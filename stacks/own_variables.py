"""What a program gives its app besides the settings: checked before any server is told of it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pulumi

from stacks.sections import Settings
from stacks.variable_rules import PLAIN, VARIABLE, kit_variables, looks_secret


class OwnVariableError(pulumi.RunError):
    """A variable of `Kit.serve` that its app can't have."""


def refuse_own(settings: Settings, environment: Mapping[str, Any], secrets: Iterable[str]) -> None:
    """Raises `OwnVariableError` with all that is wrong. An output's value is looked at when it is known."""
    problems = [
        f"  {name}: {problem}"
        for name in [*environment, *secrets]
        for problem in _of_a_name(name, settings, twice=name in environment and name in secrets)
    ]
    problems += [
        f"  {name}: {problem}"
        for name, value in environment.items()
        if isinstance(value, str)
        for problem in _of_a_value(name, value, settings)
    ]
    if problems:
        raise OwnVariableError("\n".join(["Kit.serve can't give the app these variables:", *problems]))


def plain(settings: Settings, environment: Mapping[str, pulumi.Input[str]]) -> dict[str, pulumi.Input[str]]:
    """The same variables; an output that turns out to be no plain text raises `OwnVariableError`."""
    return {
        name: _looked_at(name, value, settings) if isinstance(value, pulumi.Output) else value
        for name, value in environment.items()
    }


def _looked_at(name: str, value: pulumi.Output[str], settings: Settings) -> pulumi.Output[str]:
    def look(text: str, is_secret: bool) -> str:
        problems = (
            ["it is a secret. Give it as `secrets`"] if is_secret else [*_of_a_value(name, text, settings)]
        )
        if problems:
            raise OwnVariableError(f"Kit.serve can't give the app {name}: {'; '.join(problems)}")
        return text

    return pulumi.Output.all(text=value, is_secret=value.is_secret()).apply(lambda found: look(**found))


def _of_a_name(name: str, settings: Settings, *, twice: bool) -> Iterator[str]:
    if not VARIABLE.fullmatch(name):
        yield "a name has capital letters, digits and underscores, no digit first. Choose another"
    if name in kit_variables(settings):
        yield "the kit sets it itself. Choose another name"
    for setting, variables in (
        ("app.environment", settings.app.environment),
        ("app.secrets", settings.app.secrets),
        ("app.store_variables", settings.app.store_variables),
    ):
        if name in variables:
            yield f"evenkeel:{setting}.{name} sets it too. Take out one of them"
    if twice:
        yield "it is in `environment` and in `secrets`. Take out one of them"


def _of_a_value(name: str, value: str, settings: Settings) -> Iterator[str]:
    if not PLAIN.fullmatch(value):
        yield "its value has white space, quotes, backslashes or characters beyond ASCII. Encode it (base64)"
    if name in settings.app.plain_environment:
        return
    if looks := looks_secret(name, value):
        yield (
            f"it looks like {looks}, and would be readable in the state and in user data. Give it as "
            f"`secrets`; if it is no secret, add {name} to evenkeel:app.plain_environment"
        )
