"""The session that has to outlive a rollout."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pulumi
import pytest
from botocore.exceptions import ClientError

from components.gates.aws_api import AwsApi
from components.gates.gate import GateClosed
from components.rollout.session import CheckAccount, CheckSession, Limited, SessionSettings, Unanswered
from stacks.settings import StackSettingsError, parse
from tests.unit.components import token_app
from tests.unit.components.checked_app import FIELDS, CheckedApp, served
from tests.unit.components.rolled import smoke

EMAIL = CheckAccount(domain="kit.invalid", password="secret", token="token").email


@pytest.fixture
def url() -> Iterator[str]:
    """Where the app answers."""
    with served(token="token", email=EMAIL) as url:
        yield url


def session(sign_up: str = "/register") -> CheckSession:
    settings = SessionSettings(sign_up=sign_up, log_in="/login", who_am_i="/me", fields=FIELDS)
    return CheckSession(settings=settings, domain="kit.invalid")


def test_the_account_is_made_once(url: str) -> None:
    """The next deployment logs in with the same password."""
    session().open(url, password="secret", token="token")
    assert CheckedApp.accounts == {EMAIL: "secret"}
    again = session(sign_up="/nowhere")
    again.open(url, password="secret", token="token")
    again.check(url)


def test_a_lost_session_closes_the_gate(url: str) -> None:
    """Users have lost theirs too: nothing to wait for."""
    kept = session()
    kept.open(url, password="secret", token="token")
    CheckedApp.keeps_sessions = False
    with pytest.raises(GateClosed, match=rf"^The session of {EMAIL} is lost: GET .*/me answers 401\."):
        kept.check(url)


def test_somebody_elses_session_closes_the_gate(url: str) -> None:
    """Worse than none."""
    kept = session()
    kept.open(url, password="secret", token="token")
    CheckedApp.shows = '{"email": "other@kit.invalid"}'
    with pytest.raises(GateClosed, match="shows someone else"):
        kept.check(url)


def test_an_app_without_the_routes_is_told_which_setting_names_them(url: str) -> None:
    """The password is in no message."""
    with pytest.raises(Unanswered, match=r"/nowhere answers 404 .*: see evenkeel:smoke\.session$") as caught:
        session(sign_up="/nowhere").open(url, password="secret", token="token")
    assert "secret" not in str(caught.value)
    CheckedApp.shows = "{}"
    with pytest.raises(Unanswered, match=r"^evenkeel:smoke\.session: /me does not show who has logged in"):
        session().open(url, password="secret", token="token")


def test_the_account_can_not_be_guessed_and_is_another_with_another_password() -> None:
    """The stack's name is no secret; whoever signed up first with the account's address would have it."""
    one, other = (CheckAccount(domain="kit.invalid", password=text, token="t") for text in ("a", "b"))
    assert one.email != other.email
    assert re.fullmatch(r"checks-[0-9a-f]{24}@kit\.invalid", one.email)
    assert "secret" not in repr(CheckAccount(domain="kit.invalid", password="secret", token="secret"))


def test_a_limit_is_named_with_its_remedy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing about the release."""
    monkeypatch.setattr(CheckedApp, "do_POST", lambda app: app.answer(429))
    with pytest.raises(Limited, match=r"/login answers 429 .* header X-Check-Token is .* CHECK_TOKEN: docs/"):
        session().open(url, password="secret", token="token")


def test_the_token_goes_to_the_app_and_nowhere_else(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where the app leads."""
    seen: list[tuple[str, str | None]] = []

    def redirect(app: CheckedApp) -> None:
        seen.append((app.path, app.headers["X-Check-Token"]))
        app.send_response(302 if app.path == "/login" else 404)
        app.send_header("Location", "/elsewhere")
        app.end_headers()

    monkeypatch.setattr(CheckedApp, "do_POST", redirect)
    monkeypatch.setattr(CheckedApp, "do_GET", redirect)
    with pytest.raises(Unanswered):
        session().open(url, password="secret", token="token")
    assert seen == [("/login", "token"), ("/elsewhere", None), ("/register", "token")]


def test_no_session_is_no_question() -> None:
    """`evenkeel:smoke.session: null`."""
    smoke(session=None).before(url="http://nowhere.invalid", password_secret_arn=None, token_secret_arn=None)


def test_a_broken_answer_is_asked_for_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that goes away halfway is no reason to end a rollout."""
    monkeypatch.setattr(CheckedApp, "do_POST", lambda app: app.wfile.write(b"nonsense\r\n\r\n"))
    with pytest.raises(Unanswered, match="nonsense"):
        session().open(url, password="secret", token="token")


def test_a_password_that_cannot_be_read_does_not_stop_a_rollout(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a warning; the `verified` gate asks again."""
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    monkeypatch.setattr(AwsApi, "client", lambda *_: DeniedSecrets())
    monkeypatch.setattr("components.rollout.smoke.POLL", 0.0)
    smoke(session=session()).before(
        url="http://nowhere.invalid", password_secret_arn="arn", token_secret_arn="arn"
    )
    assert len(warnings) == 1
    assert "the check account's password can't be read" in warnings[0]


class DeniedSecrets:
    """Secrets Manager, to someone who may not read it."""

    def get_secret_value(self, **_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetSecretValue")


def test_a_token_is_a_session_too() -> None:
    """Of an app that sets no cookie and has the account in an envelope; the account is made first."""
    with token_app.served() as url:
        kept = CheckSession(settings=token_app.SESSION, domain="kit.invalid")
        assert not kept.is_open
        kept.open(url, password="secret", token="token")
        kept.check(url)
        assert kept.is_open
        token_app.TokenApp.takes_tokens = False
        with pytest.raises(GateClosed, match=r"is lost: GET .*/api/user answers 401"):
            kept.check(url)


def test_a_token_that_no_answer_gave_is_told_by_the_setting() -> None:
    """`reads` is what is missing."""
    log_in = replace(token_app.SESSION.logging_in, reads={})
    settings = replace(token_app.SESSION, log_in=log_in)
    with token_app.served() as url, pytest.raises(Unanswered, match=r"\{token\}, and no answer gave one"):
        CheckSession(settings=settings, domain="kit.invalid").open(url, password="secret", token="token")


def test_settings_take_requests_as_mappings() -> None:
    """As a stack's file has them."""
    log_in = {"path": "/api/users/login", "body": {"user": {"email": "{email}"}}, "reads": {"token": "t"}}
    session = {"sign_up": "/api/users", "log_in": log_in, "who_am_i": "/api/user"}
    settings = parse({"smoke": {"session": session}}).smoke.session
    assert settings
    assert settings.logging_in.reads == {"token": "t"}
    assert settings.signing_up.body == {"email": "{email}", "password": "{password}"}
    with pytest.raises(
        StackSettingsError, match=r"log_in\.paths is .*The nearest is smoke\.session\.log_in\.path"
    ):
        parse({"smoke": {"session": {**session, "log_in": {"paths": "/"}}}})
