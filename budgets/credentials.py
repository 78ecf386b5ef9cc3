"""What looks like a password, a key or a token: by its name, or by its issuer's way to write it. Pure."""

import re
from typing import Any

from budgets.pulumi_secrets import PulumiSecret

_NAME = re.compile(
    r"(SECRETS?|TOKENS?|PASSWORDS?|PASSWD|PASSPHRASE|CREDENTIALS?|(^|_)PWD|(^|_)(API|ACCESS|PRIVATE)?KEYS?)$"
)
_SHAPES = (
    ("an AWS access key", r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    ("a key of Stripe", r"\b(sk|rk)_(live|test)_\w{8}|\bwhsec_\w{8}"),
    ("a token of GitHub", r"\b(gh[oprsu]_|github_pat_)\w{16}"),
    ("a token of GitLab", r"\bglpat-[\w-]{16}"),
    ("a token of Slack", r"\bxox[a-z]-[\w-]{8}|\bhooks\.slack\.com/services/\w"),
    ("a key of Google", r"\bAIza[\w-]{30}"),
    ("a key of SendGrid", r"\bSG\.[\w-]{16,}\.[\w-]{16}"),
    ("a token of npm", r"\bnpm_\w{30}"),
    ("a key of OpenAI or Anthropic", r"\bsk-(ant-|proj-)?[\w-]{20}"),
    ("a JSON Web Token", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\."),
    ("a URL with a password", r"://[^/\s:@]*:[^/\s@]+@"),
)
SHAPES = tuple((what, re.compile(pattern)) for what, pattern in _SHAPES)


def named_like_a_secret(variable: str) -> bool:
    """`JWT_SECRET`, `apiToken`, `STRIPE_KEY`; not `TOKEN_LIFETIME` or `MONKEY`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-.]", "_", variable).upper()
    return _NAME.search(words) is not None


def shape(value: str) -> str | None:
    """What the value is by its looks, such as `a private key`; None when it is nothing known."""
    return next((what for what, pattern in SHAPES if pattern.search(value)), None)


def hidden(setting: str, value: Any) -> Any:
    """The value as a message may show it: what could be a secret is none that a log should keep."""
    match value:
        case str() if named_like_a_secret(setting.rpartition(".")[2]) or shape(value):
            return PulumiSecret(value)
        case dict():
            return {name: hidden(f"{setting}.{name}", inner) for name, inner in value.items()}
        case list():
            return [hidden(setting, inner) for inner in value]
    return value
