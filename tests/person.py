"""Someone who uses the reference app through the balancer."""

import secrets

import requests

TIMEOUT = 10
"""Seconds a person waits for an answer."""


class Person:
    """Has an account of their own and keeps cookies, as a browser does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.email = f"person-{secrets.token_hex(8)}@example.org"
        self._password = secrets.token_urlsafe(18)
        self._browser = requests.Session()

    @classmethod
    def logged_in(cls, url: str) -> "Person":
        """Signs up and logs in; HTTPError when the app refuses."""
        person = cls(url)
        account = {"email": person.email, "password": person._password}
        person._post("/register", account | {"churchName": "St. Test"})
        person._post("/login", account)
        return person

    def who_am_i(self) -> str:
        """The e-mail address the session belongs to; HTTPError when there is no session."""
        answer = self._browser.get(f"{self.url}/me", timeout=TIMEOUT)
        answer.raise_for_status()
        email: str = answer.json()["email"]
        return email

    @property
    def cookie(self) -> str:
        """The Cookie header of the session, for someone else who is to use it."""
        return "; ".join(f"{one.name}={one.value}" for one in self._browser.cookies)

    def forget_cookies(self) -> None:
        """Loses the session, as a browser whose cookies were cleared."""
        self._browser.cookies.clear()

    def _post(self, path: str, body: dict[str, str]) -> None:
        self._browser.post(f"{self.url}{path}", json=body, timeout=TIMEOUT).raise_for_status()
