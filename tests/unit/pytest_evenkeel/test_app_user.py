"""Someone who logs in to an app with tokens; the rehearsals' apps have cookies."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from components.rollout.smoke import SmokeSettings
from pytest_evenkeel.app_user import Account, AppUser, SignUpRefused
from pytest_evenkeel.stack import app_says
from tests.unit.components import token_app
from tests.unit.components.token_app import TokenApp


@pytest.fixture
def user() -> Iterator[AppUser]:
    """Logged in, as the stack's settings say."""
    said = app_says(SmokeSettings(session=token_app.SESSION).checks).session
    assert said
    with token_app.served() as url:
        user = AppUser(url, said, Account.new())
        user.sign_up()
        user.log_in()
        yield user


def test_a_token_makes_one_known(user: AppUser) -> None:
    """And goes with what else is asked for."""
    assert user.is_known()
    assert user.get("/api/user")["user"]["email"] == user.email


def test_whoever_has_no_token_is_not_known(user: AppUser) -> None:
    """The twin: whatever account they claim to have."""
    assert not user.stranger().is_known()


def test_a_session_that_is_lost_is_seen(user: AppUser) -> None:
    """The app takes no token any more."""
    TokenApp.takes_tokens = False
    assert not user.is_known()


def test_a_value_that_no_answer_gave_is_named(user: AppUser) -> None:
    """With where to look."""
    user._app = replace(user._app, log_in=replace(user._app.log_in, path="/api/{realm}/login"))
    with pytest.raises(KeyError, match=r"login takes \{realm\}, and no answer gave one: see evenkeel:smoke"):
        user.log_in()


def test_an_app_that_lets_nobody_sign_up_is_told_an_account(user: AppUser) -> None:
    """As one whose first account is the only one that it makes itself."""
    user._app = replace(user._app, sign_up=replace(user._app.sign_up, path="/api/closed"))
    with pytest.raises(SignUpRefused, match=r"/api/closed answers 422: .*EVENKEEL_CHECK_EMAIL and "):
        user.sign_up()
