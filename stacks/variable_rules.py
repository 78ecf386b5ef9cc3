"""What the app's variables may be, and where its secrets belong; one rule a function."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from budgets.credentials import named_like_a_secret, shape
from budgets.problems import NAMESPACE, Problem
from budgets.pulumi_secrets import PulumiSecret
from components.secret_arn import SecretArn
from stacks.sections import Settings

KIT_VARIABLES = frozenset(
    [
        "APP_DIR",
        "CHECK_TOKEN",
        "COOKIE_SECURE",
        "CRON_BUCKET",
        "DRAIN_TIMEOUT_MS",
        "HOME",
        "HOST",
        "KEEP_ALIVE_TIMEOUT_MS",
        "KILL_TIMEOUT_MS",
        "LISTEN_TIMEOUT_MS",
        "LOG_DIR",
        "METRICS_NAMESPACE",
        "NODE_ENV",
        "NODE_EXTRA_CA_CERTS",
        "PM2_CONCURRENT_ACTIONS",
        "PM2_HOME",
        "PORT",
        "RELEASE",
        "SERVER_ID",
        "SESSION_SECRET",
        "WEB_CONCURRENCY",
    ]
)
"""What the boot script and app.service set in every stack: docs/architecture.md, "The app's environment"."""
OF_DATABASE = frozenset(["DATABASE_URL", "DATABASE_POOL_SIZE"])
OF_REDIS = frozenset(["REDIS_URL", "CACHE_REDIS_URL"])
MAX_SECRET_BYTES = 65_536
"""Of one secret's value. Source: Secrets Manager, quotas; PutSecretValue's SecretString."""
VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
PLAIN = re.compile(r"[!#-&(-\[\]-~]*")
"""What systemd's EnvironmentFile reads as it stands: ASCII without white space, quotes or backslashes."""


def kit_variables(settings: Settings) -> frozenset[str]:
    """All that the kit sets in a stack; those of a store that is not there are the user's."""
    names = KIT_VARIABLES
    if settings.database:
        names |= OF_DATABASE
    if settings.redis:
        names |= OF_REDIS
    return names


def every_variable(settings: Settings) -> Iterator[tuple[str, str, str | PulumiSecret]]:
    """Setting, name and value of each; a secret in plain text is shown no more than others."""
    for name, value in settings.app.environment.items():
        yield f"app.environment.{name}", name, value
    for name, secret in settings.app.secrets.items():
        if isinstance(secret, str) and not secret.startswith("arn:"):
            yield f"app.secrets.{name}", name, PulumiSecret(secret)
        else:
            yield f"app.secrets.{name}", name, secret
    for name, part in settings.app.store_variables.items():
        yield f"app.store_variables.{name}", name, part


def looks_secret(name: str, value: str) -> str | None:
    """What kind of secret a variable looks like, by its value or its name; None where it looks like none."""
    return shape(value) or ("a secret by its name" if named_like_a_secret(name) else None)


def a_variables_name_is_in_capitals(settings: Settings) -> Iterator[Problem]:
    """So that no tool of the way to the app reads another name."""
    for setting, name, value in every_variable(settings):
        if not VARIABLE.fullmatch(name):
            yield Problem(
                setting=setting,
                value=value,
                reason="the name of a variable has capital letters, digits and underscores, no digit first",
                remedy="Choose such a name, or set this one in ecosystem.config.js",
            )


def the_kits_variables_are_its_own(settings: Settings) -> Iterator[Problem]:
    """A stack file must not undo a budget or a secret."""
    for setting, name, value in every_variable(settings):
        if name in kit_variables(settings):
            yield Problem(
                setting=setting, value=value, reason="the kit sets this variable itself", remedy="Take it out"
            )


def a_variable_is_set_once(settings: Settings) -> Iterator[Problem]:
    """In plain text, as a secret, or as a part of a store."""
    first: dict[str, str] = {}
    for setting, name, value in every_variable(settings):
        if name in first:
            yield Problem(
                setting=setting,
                value=value,
                reason=f"{first[name]} sets the same variable",
                remedy="Take out one of them",
            )
        first.setdefault(name, setting)


def a_variable_of_a_store_needs_the_store(settings: Settings) -> Iterator[Problem]:
    """A server could not tell what is not there."""
    for name, part in settings.app.store_variables.items():
        section = "database" if part.startswith("database.") else "redis"
        if getattr(settings, section) is None:
            yield Problem(
                setting=f"app.store_variables.{name}",
                value=part,
                reason=f"the stack has no such store: {section} is none",
                remedy=f"Take it out, or let the stack have {section}",
            )


def a_value_fits_into_a_line(settings: Settings) -> Iterator[Problem]:
    """Secrets of Secrets Manager are looked at on the servers, by app_env.cjs."""
    for setting, _, value in every_variable(settings):
        text = value.value if isinstance(value, PulumiSecret) else value
        if not PLAIN.fullmatch(text):
            yield Problem(
                setting=setting,
                value=value,
                reason="it has white space, quotes, backslashes or characters beyond ASCII",
                remedy="Leave them out, or encode the value (base64) and decode it in the app",
            )


def a_secret_is_pulumis_or_secrets_managers(settings: Settings) -> Iterator[Problem]:
    """The stack's file is read by whoever reads the repository."""
    for name, value in settings.app.secrets.items():
        setting = f"app.secrets.{name}"
        command = f"pulumi config set --secret --path '{NAMESPACE}:{setting}'"
        if isinstance(value, PulumiSecret):
            continue
        if not value.startswith("arn:"):
            yield Problem(
                setting=setting,
                value=PulumiSecret(value),
                reason="it is in plain text",
                remedy=f"Use `{command}`, which asks for it, or the ARN of a secret in Secrets Manager",
            )
        elif not (arn := SecretArn.parse(value)):
            yield Problem(
                setting=setting,
                value=value,
                reason="it is not the whole ARN of a secret",
                remedy="It is arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX, with :KEY:: for "
                "one value of a JSON secret",
            )
        elif arn.region != settings.aws.region:
            yield Problem(
                setting=setting,
                value=value,
                reason=f"servers read secrets of their own region, {settings.aws.region}",
                remedy="Replicate the secret into it, and set the replica's ARN",
            )


def the_pulumi_secrets_fit_into_one_secret(settings: Settings) -> Iterator[Problem]:
    """AWS would say so in the middle of the deployment."""
    app = settings.app
    size = len(app.secret_string.encode())
    if size > MAX_SECRET_BYTES:
        largest, value = max(app.own_secrets.items(), key=lambda item: len(item[1].encode()))
        yield Problem(
            setting="app.secrets",
            value=PulumiSecret(app.secret_string),
            reason=f"its Pulumi secrets are {size:,} bytes as JSON, and are kept in one secret of Secrets "
            f"Manager, which holds {MAX_SECRET_BYTES:,}",
            remedy=f"Make the largest, {largest} with {len(value.encode()):,} bytes, a secret of its own in "
            f"Secrets Manager, and set app.secrets.{largest} to its ARN",
        )


def a_plain_variable_is_no_secret(settings: Settings) -> Iterator[Problem]:
    """It is readable in user data, in the launch template and in the stack's state."""
    for name, value in settings.app.environment.items():
        if name in settings.app.plain_environment:
            continue
        if looks := looks_secret(name, value):
            yield Problem(
                setting=f"app.environment.{name}",
                value=PulumiSecret(value),
                reason=f"it looks like {looks}, and would be readable in the state and in user data",
                remedy=f"Take it out and use `pulumi config set --secret --path '{NAMESPACE}:app.secrets."
                f"{name}'`; if it is no secret, add {name} to app.plain_environment",
            )


def settings_hold_no_credentials(settings: Settings) -> Iterator[Problem]:
    """No other setting is kept secret either."""
    for section, values in settings.model_dump(
        mode="json", exclude={"app": {"environment", "secrets"}}
    ).items():
        for setting, value in texts(section, values):
            if looks := shape(value):
                yield Problem(
                    setting=setting,
                    value=PulumiSecret(value),
                    reason=f"it looks like {looks}, and would be readable in the state",
                    remedy="Take it out; app.secrets is the only place for secrets",
                )


def texts(setting: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text among a section's values, with its setting."""
    match value:
        case str():
            yield setting, value
        case dict():
            for name, inner in value.items():
                yield from texts(f"{setting}.{name}", inner)
        case list():
            for index, inner in enumerate(value):
                yield from texts(f"{setting}.{index}", inner)


VARIABLE_RULES: tuple[Callable[[Settings], Iterator[Problem]], ...] = (
    a_variables_name_is_in_capitals,
    the_kits_variables_are_its_own,
    a_variable_is_set_once,
    a_variable_of_a_store_needs_the_store,
    a_value_fits_into_a_line,
    a_secret_is_pulumis_or_secrets_managers,
    the_pulumi_secrets_fit_into_one_secret,
    a_plain_variable_is_no_secret,
    settings_hold_no_credentials,
)
