"""The kit and its checks fill a request in the same way: the one judges rollouts, the others servers."""

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.rollout.request import FORM, RequestTemplate, UnknownNameError
from components.rollout.session import SessionSettings
from components.rollout.smoke import SmokeSettings
from pytest_evenkeel.app_request import AppRequest
from pytest_evenkeel.stack import app_says

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["{email}", "Token {token}", "a={email}&b={password}", "{unknown}", "{ email }"]
)
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
TEMPLATES = st.builds(
    RequestTemplate,
    path=TEXTS,
    method=st.sampled_from(["GET", "POST"]),
    headers=st.dictionaries(st.sampled_from(["Authorization", "content-type"]), TEXTS | st.just(FORM)),
    body=BODIES,
    reads=st.dictionaries(TEXTS, st.sampled_from(["token", "user.token"]), max_size=2),
)
VALUES = st.fixed_dictionaries({"email": TEXTS, "password": TEXTS, "token": TEXTS})


@given(TEMPLATES, VALUES)
def test_a_request_is_filled_as_the_kit_fills_it(template: RequestTemplate, values: dict[str, str]) -> None:
    """Whatever its path, headers and body are."""
    own = AppRequest(**asdict(template))
    try:
        filled = template.filled(values)
    except UnknownNameError:
        with pytest.raises(KeyError):
            own.filled(values)
        return
    assert own.filled(values) == {
        "method": filled.method,
        "path": filled.path,
        "headers": filled.headers,
        "data": filled.body,
    }


@given(TEMPLATES, st.sampled_from(['{"user": {"token": "t"}}', '{"token": 1}', "[]", "no JSON", ""]))
def test_an_answer_is_read_as_the_kit_reads_it(template: RequestTemplate, answer: str) -> None:
    """Also one that lacks what is read."""
    assert AppRequest(**asdict(template)).read(answer) == template.read(answer)


def test_the_output_says_what_the_settings_say() -> None:
    """A path stands for the usual request; without a slow request it is the log-in."""
    settings = SmokeSettings(
        session=SessionSettings(sign_up="/join", log_in="/login", who_am_i="/me", log_out="/logout")
    )
    said = app_says(settings.checks)
    assert said.session
    assert said.session.log_out == AppRequest(path="/logout", method="POST")
    assert said.session.who_am_i == AppRequest(path="/me", method="GET")
    assert said.slow_request == said.session.log_in
    assert said.slow_request.body == {"email": "{email}", "password": "{password}"}


def test_an_app_without_a_log_in_has_a_slow_request_if_it_is_named() -> None:
    """Else none."""
    assert app_says(SmokeSettings().checks).slow_request is None
    named = SmokeSettings(slow_request=RequestTemplate(path="/echo", body="text"))
    assert app_says(named.checks).slow_request == AppRequest(path="/echo", method="POST", body="text")
