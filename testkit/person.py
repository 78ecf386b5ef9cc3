"""Someone who uses an app through the balancer."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

TIMEOUT = 10
"""Seconds a person waits for an answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Routes:
    """Where one signs up, in and out (POST), and is told who one is (GET: JSON with `email`)."""

    sign_up: str
    log_in: str
    log_out: str
    who_am_i: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """What signing up asks for, besides e-mail address and password."""


REFERENCE_APP = Routes(
    sign_up="/register",
    log_in="/login",
    log_out="/logout",
    who_am_i="/me",
    fields={"churchName": "St. Test"},
)


class Person:
    """Has an account of their own and keeps cookies, as a browser does."""

    def __init__(
        self,
        url: str,
        *,
        email: str | None = None,
        password: str | None = None,
        routes: Routes = REFERENCE_APP,
    ) -> None:
        self.url = url
        self._routes = routes
        self.email = email or f"person-{secrets.token_hex(8)}@example.org"
        self.password = password or secrets.token_urlsafe(18)
        self._browser = requests.Session()

    @classmethod
    def logged_in(cls, url: str, routes: Routes = REFERENCE_APP) -> "Person":
        """Signs up and logs in; HTTPError when the app refuses."""
        person = cls(url, routes=routes)
        person.sign_up()
        return person.log_in()

    def sign_up(self) -> None:
        """Makes the account; HTTPError when the app refuses."""
        self.post(self._routes.sign_up, {**self._credentials, **self._routes.fields})

    def log_in(self) -> "Person":
        """Starts a session; HTTPError when the app refuses."""
        self.post(self._routes.log_in, self._credentials)
        return self

    def log_out(self) -> None:
        """Ends the session; HTTPError when there is none."""
        self._browser.post(self.url + self._routes.log_out, timeout=TIMEOUT).raise_for_status()

    def who_am_i(self) -> str:
        """The e-mail address the session belongs to; HTTPError when there is no session."""
        email: str = self.get(self._routes.who_am_i)["email"]
        return email

    def get(self, path: str) -> Any:
        """The JSON at a path, asked for with the session's cookie; HTTPError when the app refuses."""
        return self.answer(path).json()

    def answer(self, path: str) -> requests.Response:
        """The whole answer at a path; HTTPError when the app refuses."""
        answer = self._browser.get(f"{self.url}{path}", timeout=TIMEOUT)
        answer.raise_for_status()
        return answer

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that a JSON body is answered; HTTPError when the app refuses."""
        answer = self._browser.post(f"{self.url}{path}", json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    @property
    def _credentials(self) -> Mapping[str, str]:
        return {"email": self.email, "password": self.password}

    @property
    def cookies(self) -> requests.cookies.RequestsCookieJar:
        """What the app has given."""
        return self._browser.cookies

    @property
    def cookie(self) -> str:
        """The Cookie header of the session, for someone else who is to use it."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._browser.cookies)

    def forget_cookies(self) -> None:
        """Loses the session, as a browser whose cookies were cleared."""
        self._browser.cookies.clear()
