"""The `verified` gate while a stranger hammers the app's log-in from the check's own address."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import pulumi
import pytest
import requests

from components.gates.aws_api import AwsApi
from components.gates.gate import GateClosed
from components.rollout.session import CheckAccount, CheckSession, SessionSettings
from components.rollout.smoke import Smoke
from tests.unit.components.checked_app import FIELDS, CheckedApp, served
from tests.unit.components.rolled import smoke

SECRETS = {"password": "the account's", "token": "the checks'"}
EMAIL = CheckAccount(domain="kit.invalid", password=SECRETS["password"], token="").email


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the app answers; its limits are reached at once."""
    monkeypatch.setattr(AwsApi, "client", lambda *_: SecretsManager())
    monkeypatch.setattr("components.rollout.smoke.POLL", 0.01)
    monkeypatch.setattr("components.rollout.smoke.TIMEOUT", 0.2)
    with served(token=SECRETS["token"], email=EMAIL) as url:
        yield url


@pytest.fixture
def verdicts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the gate says in the end."""
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda *_: None)
    monkeypatch.setattr(pulumi.log, "info", lambda text, **_: said.append(text))
    return said


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    monkeypatch.setattr(pulumi.log, "info", lambda *_, **__: None)
    return said


class SecretsManager:
    """Knows the account's password and the token."""

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:
        return {"SecretString": SECRETS[SecretId]}


@contextmanager
def attack(url: str) -> Iterator[None]:
    """Log-ins with the check account's name and wrong passwords, one after another, from before to after."""
    closed, over = Event(), Event()

    def hammer() -> None:
        while not over.is_set():
            guess = {"email": EMAIL, "password": "a guess"}
            if requests.post(f"{url}/login", json=guess, timeout=10).status_code == 429:
                closed.set()

    attacker = Thread(target=hammer, daemon=True)
    attacker.start()
    try:
        assert closed.wait(60)
        yield
    finally:
        over.set()
        attacker.join()


def gate(url: str) -> Smoke:
    settings = SessionSettings(sign_up="/register", log_in="/login", who_am_i="/me", fields=FIELDS)
    session = CheckSession(settings=settings, domain="kit.invalid")
    return replace(smoke(url, session=session), paths=["/readyz"])


def judge(checked: Smoke, url: str) -> None:
    checked.verify(url=url, password_secret_arn="password", token_secret_arn="token")


def test_a_stranger_who_fails_to_log_in_does_not_stop_a_deployment(url: str, warnings: list[str]) -> None:
    """The app knows the check by its token: a session is made before the rollout and judged after it."""
    checked = gate(url)
    with attack(url):
        checked.before(url=url, password_secret_arn="password", token_secret_arn="token")
        judge(checked, url)
    assert checked.session
    assert checked.session.is_open
    assert warnings == []


def test_a_lost_session_is_found_during_the_attack_too(url: str) -> None:
    """The token opens no gate by itself."""
    checked = gate(url)
    with attack(url):
        checked.before(url=url, password_secret_arn="password", token_secret_arn="token")
        CheckedApp.keeps_sessions = False
        with pytest.raises(GateClosed, match="is lost"):
            judge(checked, url)


def test_an_app_without_the_token_is_not_judged_and_the_release_not_failed(
    url: str, warnings: list[str]
) -> None:
    """The twin: it counts the check among the stranger's requests. The warning has the remedy."""
    CheckedApp.token = None
    checked = gate(url)
    with attack(url):
        checked.before(url=url, password_secret_arn="password", token_secret_arn="token")
        judge(checked, url)
    assert checked.session
    assert not checked.session.is_open
    assert [text.split(":")[0] for text in warnings] == [
        "could not log in before the rollout, so session continuity will not be checked",
        "NOT JUDGED",
    ]
    assert "answers 429" in warnings[1]
    assert "CHECK_TOKEN" in warnings[1]


def test_whatever_else_is_wrong_still_closes_the_gate(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a limit is no verdict."""
    monkeypatch.setattr(CheckedApp, "do_POST", lambda app: app.answer(500))
    with pytest.raises(GateClosed, match="answers 500"):
        judge(gate(url), url)


def test_a_session_from_before_the_rollout_is_judged(url: str, verdicts: list[str]) -> None:
    """Only such a one shows that users stay logged in."""
    checked = gate(url)
    checked.before(url=url, password_secret_arn="password", token_secret_arn="token")
    judge(checked, url)
    said = f"answers with release abc, and {EMAIL}, logged in before the rollout, is still logged in"
    assert verdicts == [f"{url} {said}"]


def test_a_session_from_after_the_rollout_is_no_verdict(url: str, verdicts: list[str]) -> None:
    """On a first deployment, and where the gate alone is tried again."""
    judge(gate(url), url)
    said = (
        f"answers with release abc, and {EMAIL} can log in; no session to judge was made before the rollout"
    )
    assert verdicts == [f"{url} {said}"]


def test_a_session_that_could_not_be_made_before_the_rollout_is_no_verdict(
    url: str, verdicts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release of before could not log in; the new one can."""
    checked = gate(url)
    with monkeypatch.context() as broken:
        broken.setattr(CheckedApp, "do_POST", lambda app: app.answer(500))
        checked.before(url=url, password_secret_arn="password", token_secret_arn="token")
    judge(checked, url)
    (verdict,) = verdicts
    assert "no session to judge" in verdict
    assert "still" not in verdict


def test_a_session_that_expired_in_the_rollout_is_made_anew_and_no_verdict(
    url: str, verdicts: list[str]
) -> None:
    """A cookie that its app lets expire is dropped, as a browser does."""
    checked = gate(url)
    checked.before(url=url, password_secret_arn="password", token_secret_arn="token")
    assert checked.session
    checked.session.cookies.clear()
    judge(checked, url)
    assert "no session to judge" in verdicts[0]
