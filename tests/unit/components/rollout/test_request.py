"""Requests of settings."""

import json
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.rollout.request import RequestTemplate, UnknownNameError

VALUES = {"email": "checks@shop.invalid", "password": 'a"b&c={token}'}


def test_values_stand_wherever_a_text_has_their_names() -> None:
    """In the body at any depth, in headers, in the path."""
    template = RequestTemplate(
        path="/users/{email}",
        headers={"Authorization": "Token {password}"},
        body={"user": {"email": "{email}", "tags": ["{password}", 5]}},
    )
    filled = template.filled(VALUES)
    assert (filled.method, filled.path) == ("POST", "/users/checks@shop.invalid")
    assert filled.headers == {"Authorization": 'Token a"b&c={token}', "Content-Type": "application/json"}
    assert json.loads(filled.body or b"") == {
        "user": {"email": "checks@shop.invalid", "tags": ['a"b&c={token}', 5]}
    }


@given(st.text(), st.text())
def test_a_value_is_one_field_of_a_form(email: str, password: str) -> None:
    """Whatever characters it has; none of it is taken for a placeholder."""
    template = RequestTemplate(
        path="/login",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body="email={email}&password={password}&go=1",
    )
    body = (template.filled({"email": email, "password": password}).body or b"").decode()
    assert parse_qs(body, keep_blank_values=True) == {"email": [email], "password": [password], "go": ["1"]}


def test_a_value_that_nobody_gave_is_named() -> None:
    """Such as a token before the log-in."""
    with pytest.raises(UnknownNameError, match="token"):
        RequestTemplate(path="/me", headers={"Authorization": "Bearer {token}"}).filled(VALUES)


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ('{"user": {"token": "t1"}}', {"token": "t1"}),
        ('{"user": {"token": 5}}', {}),
        ('{"user": null}', {}),
        ("[]", {}),
        ("<html>", {}),
    ],
)
def test_what_the_answer_has_is_read(answer: str, read: dict[str, str]) -> None:
    """Text alone: anything else is no token."""
    assert RequestTemplate(path="/login", reads={"token": "user.token"}).read(answer) == read
