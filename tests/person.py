"""Someone who uses the reference app through the balancer."""

import secrets
from collections.abc import Mapping
from typing import Any

import requests

TIMEOUT = 10
"""Seconds a person waits for an answer."""


class Person:
    """Has an account of their own and keeps cookies, as a browser does."""

    def __init__(self, url: str, *, email: str | None = None, password: str | None = None) -> None:
        self.url = url
        self.email = email or f"person-{secrets.token_hex(8)}@example.org"
        self.password = password or secrets.token_urlsafe(18)
        self._browser = requests.Session()

    @classmethod
    def logged_in(cls, url: str) -> "Person":
        """Signs up and logs in; HTTPError when the app refuses."""
        person = cls(url)
        person.sign_up()
        return person.log_in()

    def sign_up(self) -> None:
        """Makes the account; HTTPError when the app refuses."""
        self.post("/register", {"email": self.email, "password": self.password, "churchName": "St. Test"})

    def log_in(self) -> "Person":
        """Starts a session; HTTPError when the app refuses."""
        self.post("/login", {"email": self.email, "password": self.password})
        return self

    def log_out(self) -> None:
        """Ends the session; HTTPError when there is none."""
        self._browser.post(f"{self.url}/logout", timeout=TIMEOUT).raise_for_status()

    def who_am_i(self) -> str:
        """The e-mail address the session belongs to; HTTPError when there is no session."""
        email: str = self.get("/me")["email"]
        return email

    def get(self, path: str) -> Any:
        """The JSON at a path, asked for with the session's cookie; HTTPError when the app refuses."""
        answer = self._browser.get(f"{self.url}{path}", timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that a JSON body is answered; HTTPError when the app refuses."""
        answer = self._browser.post(f"{self.url}{path}", json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    @property
    def cookies(self) -> requests.cookies.RequestsCookieJar:
        """What the app has given."""
        return self._browser.cookies

    @property
    def cookie(self) -> str:
        """The Cookie header of the session, for someone else who is to use it."""
        return "; ".join(f"{one.name}={one.value}" for one in self._browser.cookies)

    def forget_cookies(self) -> None:
        """Loses the session, as a browser whose cookies were cleared."""
        self._browser.cookies.clear()
