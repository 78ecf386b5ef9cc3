"""The app's variables: what is refused, in which words, and that no message shows what may be a secret."""

from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from hypothesis import given
from hypothesis import strategies as st

from budgets.credentials import named_like_a_secret, shape
from budgets.pulumi_secrets import PulumiSecret
from components.secret_arn import SecretArn
from stacks.settings import StackSettingsError, parse
from stacks.variable_rules import MAX_SECRET_BYTES, PLAIN

SET = "pulumi config set --secret --path"
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/api-AbCd3f"
SHAPED = {
    "an AWS access key": "AKIA" + "IOSFODNN7EXAMPLE",
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "a key of Stripe": "sk_live" + "_4eC39HqLyjWDarjt",
    "a token of GitHub": "ghp" + "_16C7e42F292c6912E7710c838347Ae178B4a",
    "a token of GitLab": "glpat" + "-20CharactersLongXYZ1",
    "a token of Slack": "xoxb" + "-123456789012-abcdefgh",
    "a key of Google": "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "a key of SendGrid": "SG." + "abcdefghijklmnop1234.abcdefghijklmnop1234",
    "a token of npm": "npm" + "_abcdefghijklmnopqrstuvwxyz0123456789",
    "a key of OpenAI or Anthropic": "sk-proj" + "-abcdefghijklmnopqrstuvwx",
    "a JSON Web Token": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
    "a URL with a password": "postgres://app:" + "hunter2@db.example:5432/app",
}
API = ServiceModel(Loader().load_service_model("secretsmanager", "service-2"))
LARGEST = API.shape_for("SecretStringType").metadata["max"]
"""So many bytes a secret has at most, as AWS describes its API."""


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(StackSettingsError) as refused:
        parse(values)
    return str(refused.value)


@pytest.mark.parametrize(
    ("app", "message"),
    [
        (
            {"environment": {"npm_config_foo": "1"}},
            'evenkeel:app.environment.npm_config_foo is "1": the name of a variable has capital letters, '
            "digits and underscores, no digit first. Choose such a name, or set this one in "
            "ecosystem.config.js.",
        ),
        (
            {"secrets": {"PORT": PulumiSecret("1")}},
            "evenkeel:app.secrets.PORT is [secret]: the kit sets this variable itself. Take it out.",
        ),
        (
            {"secrets": {"LEVEL": PulumiSecret("1")}, "environment": {"LEVEL": "info"}},
            "evenkeel:app.secrets.LEVEL is [secret]: app.environment.LEVEL sets the same variable. Take out "
            "one of them.",
        ),
        (
            {"secrets": {"PEM": PulumiSecret("two\nlines")}},
            "evenkeel:app.secrets.PEM is [secret]: it has white space, quotes, backslashes or characters "
            "beyond ASCII. Leave them out, or encode the value (base64) and decode it in the app.",
        ),
        (
            {"secrets": {"STRIPE": "in plain text"}},
            "evenkeel:app.secrets.STRIPE is [secret]: it is in plain text. Use "
            f"`{SET} 'evenkeel:app.secrets.STRIPE'`, which asks for it, or the ARN of a secret in Secrets "
            "Manager.",
        ),
        (
            {"secrets": {"STRIPE": ARN[:-7]}},
            f'evenkeel:app.secrets.STRIPE is "{ARN[:-7]}": it is not the whole ARN of a secret. It is '
            "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX, with :KEY:: for one value of a JSON "
            "secret.",
        ),
        (
            {"secrets": {"STRIPE": ARN.replace("central", "west")}},
            f'evenkeel:app.secrets.STRIPE is "{ARN.replace("central", "west")}": servers read secrets of '
            "their own region, eu-central-1. Replicate the secret into it, and set the replica's ARN.",
        ),
        (
            {"environment": {"JWT_SECRET": "abc"}},
            "evenkeel:app.environment.JWT_SECRET is [secret]: it looks like a secret by its name, and would "
            "be readable in the state and in user data. Take it out and use "
            f"`{SET} 'evenkeel:app.secrets.JWT_SECRET'`; if it is no secret, add JWT_SECRET to "
            "app.plain_environment.",
        ),
    ],
)
def test_a_refused_variable_is_named_with_the_remedy(app: dict[str, Any], message: str) -> None:
    """Verbatim. What is in plain text where secrets belong is not repeated either."""
    assert f"\n  {message}" in refusal({"app": app})


@pytest.mark.parametrize(("what", "value"), SHAPED.items())
def test_a_value_shaped_like_a_credential_is_refused(what: str, value: str) -> None:
    """Under any name, in every free text of the settings, and without repeating it."""
    assert shape(value) == what
    fields = {"sign_up": "/a", "log_in": "/b", "who_am_i": "/c", "fields": {"code": value}}
    places: dict[str, dict[str, Any]] = {
        "app.environment.HARMLESS": {"app": {"environment": {"HARMLESS": value}}},
        "tags.team": {"tags": {"team": value}},
        "database.parameters.work_mem": {"database": {"parameters": {"work_mem": value}}},
        "smoke.session.fields.code": {"smoke": {"session": fields}},
    }
    for setting, values in places.items():
        message = refusal(values)
        assert f"evenkeel:{setting} is [secret]: it looks like {what}" in message
        assert value not in message


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com:8443/path@1",
        "postgres://app@db.example/app",
        "info",
        "3.14",
        "risk-averse-deployments-only",
        "a" * 64,
        "https://eyJust.example",
    ],
)
def test_an_ordinary_value_is_no_credential(value: str) -> None:
    """The twin."""
    assert shape(value) is None


@pytest.mark.parametrize(
    "name",
    ["JWT_SECRET", "API_TOKEN", "DB_PASSWORD", "STRIPE_KEY", "CLIENTSECRET", "KEY", "APIKEY", "apiToken"],
)
def test_a_name_tells_a_secret(name: str) -> None:
    """By its last word."""
    assert named_like_a_secret(name)


@pytest.mark.parametrize(
    "name", ["TOKEN_LIFETIME", "MONKEY", "SECRETARY", "KEY_COUNT", "LEVEL", "PASSWORDLESS"]
)
def test_other_names_do_not(name: str) -> None:
    """The twin."""
    assert not named_like_a_secret(name)


def test_what_looks_like_a_secret_is_accepted_by_name() -> None:
    """The user says so, for this variable alone."""
    environment = {"STRIPE_PUBLISHABLE_KEY": SHAPED["a key of Stripe"]}
    accepted = parse({"app": {"environment": environment, "plain_environment": [*environment]}})
    assert accepted.app.environment == environment
    assert "STRIPE_OTHER_KEY" in refusal(
        {
            "app": {
                "environment": {**environment, "STRIPE_OTHER_KEY": "1"},
                "plain_environment": [*environment],
            }
        }
    )


@pytest.mark.parametrize(
    "values",
    [
        {"secrets": {"JWT_SECRET": "hunter2hunter2"}},
        {"jwt_secret": "hunter2hunter2"},
        {"app": {"secret": {"JWT_SECRET": "hunter2hunter2"}}},
        {"app": {"environment": {"JWT_SECRET": "hunter2 hunter2"}}},
        {"app": {"environment": {"jwt_secret": "hunter2hunter2"}}},
        {"app": {"environment": {"SESSION_SECRET": "hunter2hunter2"}}},
        {"app": {"secrets": {"api": "hunter2 hunter2"}}},
        {"app": {"secrets": "hunter2hunter2 at eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc"}},
    ],
)
def test_no_refusal_repeats_what_may_be_a_secret(values: dict[str, Any]) -> None:
    """Whatever else is wrong with it: a terminal's log is kept."""
    assert "hunter2" not in refusal(values)


def test_an_arn_may_name_one_value_of_a_json_secret() -> None:
    """As ECS has it; other versions than the current one can't be asked for."""
    assert SecretArn.parse(ARN) == SecretArn(arn=ARN, region="eu-central-1", json_key=None)
    assert SecretArn.parse(f"{ARN}:jwt::") == SecretArn(arn=ARN, region="eu-central-1", json_key="jwt")
    for wrong in (
        ARN[:-1],
        f"{ARN}:jwt",
        f"{ARN}:jwt:AWSPREVIOUS:",
        f"{ARN}:a b::",
        f"{ARN}\n",
        "arn:aws:s3:::x",
    ):
        assert SecretArn.parse(wrong) is None


@given(st.text(max_size=20))
def test_a_plain_value_is_one_that_needs_no_quotes(text: str) -> None:
    """The same rule as on the server, where user data and app_env.cjs hold the line."""
    odd = [sign for sign in text if not "!" <= sign <= "~" or sign in "\"'\\"]
    assert (PLAIN.fullmatch(text) is None) == bool(odd)


def filled(size: int) -> dict[str, Any]:
    """Settings whose two Pulumi secrets are so many bytes as JSON, beside one that exists."""
    around = len('{"A": "", "B": "bb"}')
    values = {"A": PulumiSecret("a" * (size - around)), "B": PulumiSecret("bb"), "C": ARN}
    return {"app": {"secrets": values}}


def test_pulumi_secrets_that_fill_a_secret_are_accepted() -> None:
    """To the last byte."""
    app = parse(filled(LARGEST)).app
    assert len(app.secret_string) == LARGEST == MAX_SECRET_BYTES


def test_pulumi_secrets_that_do_not_fit_into_a_secret_are_refused() -> None:
    """Word for word, with the sizes and without a value."""
    assert refusal(filled(LARGEST + 1)) == (
        "1 setting is refused:\n  evenkeel:app.secrets is [secret]: its Pulumi secrets are 65,537 bytes as "
        "JSON, and are kept in one secret of Secrets Manager, which holds 65,536. Make the largest, A with "
        "65,517 bytes, a secret of its own in Secrets Manager, and set app.secrets.A to its ARN."
    )
