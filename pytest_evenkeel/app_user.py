"""Someone who uses the app through the balancer."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from pytest_evenkeel.app_request import AppRequest
from pytest_evenkeel.log_in import LogIn

TIMEOUT = 10
"""Seconds a user waits for an answer."""
DOMAIN = "checks.example.org"
"""Of accounts that the checks make."""


ACCOUNT = ("EVENKEEL_CHECK_EMAIL", "EVENKEEL_CHECK_PASSWORD")
"""Variables with an account of the app for the checks to log in with; without it they register one."""


class SignUpRefused(Exception):
    """The app makes no account for a check."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What one logs in with."""

    email: str
    password: str = field(repr=False)

    @classmethod
    def new(cls) -> "Account":
        """Of nobody yet."""
        return cls(email=f"check-{secrets.token_hex(8)}@{DOMAIN}", password=secrets.token_urlsafe(18))


class AppUser:
    """Keeps cookies as a browser does, and what the answers gave, such as a token."""

    def __init__(self, url: str, requests_of_app: LogIn, account: Account) -> None:
        self.url, self.email = url, account.email
        self._app = requests_of_app
        self._values = {"email": account.email, "password": account.password}
        self._given: dict[str, str] = {}
        self._browser = requests.Session()

    def sign_up(self) -> None:
        """Makes the account; SignUpRefused when the app lets nobody in."""
        answer = self._send(self._app.sign_up)
        if not answer.ok:
            raise SignUpRefused(
                f"The app refuses an account for the checks, {answer.request.path_url} answers "
                f"{answer.status_code}: see evenkeel:smoke.session.sign_up, or give the checks an account, "
                f"{' and '.join(ACCOUNT)}"
            )

    def log_in(self) -> None:
        """Starts a session; HTTPError when the app refuses."""
        self._send(self._app.log_in).raise_for_status()

    def log_out(self) -> None:
        """Ends the session, where the settings say how; HTTPError when there is none."""
        if self._app.log_out:
            self._send(self._app.log_out).raise_for_status()

    def is_known(self) -> bool:
        """Whether the app still knows who asks; HTTPError when it fails to answer (5xx)."""
        answer = self._send(self._app.who_am_i)
        if answer.status_code >= requests.codes.server_error:
            answer.raise_for_status()
        return answer.ok and self.email in answer.text

    def answer(self, path: str) -> requests.Response:
        """The answer at a path, asked for as `who_am_i` is; HTTPError when the app refuses."""
        return self._ask("GET", path)

    def get(self, path: str) -> Any:
        """The JSON at a path; HTTPError when the app refuses."""
        return self.answer(path).json()

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that a JSON body is answered; HTTPError when the app refuses."""
        return self._ask("POST", path, json=body).json()

    @property
    def cookies(self) -> requests.cookies.RequestsCookieJar:
        """What the app has given."""
        return self._browser.cookies

    def stranger(self) -> "AppUser":
        """Who has nothing of the session, and claims to be the same."""
        other = AppUser(self.url, self._app, Account(email=self.email, password=""))
        other._given = dict.fromkeys(self._given, "forged")
        return other

    def _ask(self, method: str, path: str, **what: Any) -> requests.Response:
        headers = self._app.who_am_i.filled(self._known)["headers"]
        answer = self._browser.request(method, self.url + path, headers=headers, timeout=TIMEOUT, **what)
        answer.raise_for_status()
        return answer

    def _send(self, template: AppRequest) -> requests.Response:
        filled = template.filled(self._known)
        address = self.url + filled.pop("path")
        answer = self._browser.request(**filled, url=address, timeout=TIMEOUT)
        self._given.update(template.read(answer.text))
        return answer

    @property
    def _known(self) -> Mapping[str, str]:
        return {**self._values, **self._given}
