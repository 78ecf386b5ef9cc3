"""A session of an account that is kept for checks: made before a rollout, it has to hold after it."""

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from http.cookiejar import CookieJar

from components.browser import browser
from components.gates.gate import GateClosed
from components.values import Text, UrlPath, Value

REQUEST_TIMEOUT = 10
SUCCESS = range(200, 300)
UNAUTHORIZED, FORBIDDEN, TOO_MANY = 401, 403, 429
TOKEN_HEADER = "X-Check-Token"
"""By it the app knows the check, as its environment has the token too (`CHECK_TOKEN`)."""


class Unanswered(Exception):
    """The app did not answer as it should; it may do so later."""


class Limited(Unanswered):
    """The app has had enough requests, and counts the check's among them: no verdict on the release."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionSettings:
    """How a client of the app gets a session, and how it sees that it still has one."""

    sign_up: UrlPath
    log_in: UrlPath
    who_am_i: UrlPath
    fields: dict[Text, Value] = field(default_factory=dict)
    """What signing up asks for, besides e-mail address and password."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckAccount:
    """Who logs in, and by what the app is to know that it is the check."""

    domain: str
    password: str = field(repr=False)
    token: str = field(repr=False)

    @property
    def email(self) -> str:
        """Nobody can guess it: whoever could would sign up with it first, or have it locked.

        Another password is another account: one that the app knows by the old password would refuse it.
        """
        return f"checks-{hashlib.sha256(self.password.encode()).hexdigest()[:24]}@{self.domain}"


@dataclass(kw_only=True, slots=True)
class CheckSession:
    """One session, as a browser keeps it. Each request is a connection of its own, to meet every server.

    It is left to expire: there is no setting for where one logs out.
    """

    settings: SessionSettings
    domain: str
    """Of the account's e-mail address."""
    account: CheckAccount | None = None
    """Who was logged in last."""
    through: str | None = None
    """The host that is connected to, where that is not the URL's."""
    cookies: CookieJar = field(default_factory=CookieJar)
    predates: bool = False
    """Whether it was made before the rollout, which it can then judge."""

    @property
    def is_open(self) -> bool:
        """Whether the app has set a cookie at log-in; the cookie may have lost its force since."""
        return len(self.cookies) > 0

    @property
    def email(self) -> str:
        """Of who was logged in last."""
        return self.account.email if self.account else "nobody"

    def open(self, url: str, *, password: str, token: str, through: str | None = None) -> None:
        """Logs in; signs up first where there is no such account yet."""
        self.cookies.clear()
        self.predates = False
        self.through = through
        self.account = CheckAccount(domain=self.domain, password=password, token=token)
        credentials = {"email": self.email, "password": password}
        status = self._ask(url + self.settings.log_in, credentials)[0]
        if status == UNAUTHORIZED:
            self._expect(url + self.settings.sign_up, {**credentials, **self.settings.fields})
            status = self._ask(url + self.settings.log_in, credentials)[0]
        self._refuse(url + self.settings.log_in, status)
        try:
            self.check(url)
        except GateClosed as error:
            self.cookies.clear()
            raise Unanswered(
                f"evenkeel:smoke.session: {self.settings.who_am_i} does not show who has logged in at "
                f"{self.settings.log_in} (200, with {self.email} in it)"
            ) from error

    def check(self, url: str) -> None:
        """Asks who is logged in. GateClosed when it is nobody, or someone else."""
        status, body = self._ask(url + self.settings.who_am_i)
        if status in (UNAUTHORIZED, FORBIDDEN):
            raise GateClosed(
                f"The session of {self.email} is lost: GET {url}{self.settings.who_am_i} answers {status}. "
                "Users have lost theirs too. Look at the sessions' Redis, and at what the app signs its "
                "cookies with."
            )
        self._refuse(url + self.settings.who_am_i, status)
        if self.email not in body:
            raise GateClosed(f"GET {url}{self.settings.who_am_i} shows someone else than {self.email}")

    def _expect(self, address: str, body: Mapping[str, str]) -> None:
        self._refuse(address, self._ask(address, body)[0])

    def _refuse(self, address: str, status: int) -> None:
        if status == TOO_MANY:
            raise Limited(
                f"{address} answers 429 to {self.email}: the app limits how often one may ask, and counts "
                f"the check's requests too. Let those pass whose header {TOKEN_HEADER} is the environment's "
                "CHECK_TOKEN: docs/your-own-app.md"
            )
        if status not in SUCCESS:
            raise Unanswered(f"{address} answers {status} to {self.email}: see evenkeel:smoke.session")

    def _ask(self, address: str, body: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Status and text; with a body it is a POST of JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data=data, headers={"Content-Type": "application/json"})
        if self.account:
            # Not to where the app may lead: the token is for the app alone.
            request.add_unredirected_header(TOKEN_HEADER, self.account.token)
        opener = browser(address, self.through, urllib.request.HTTPCookieProcessor(self.cookies))
        try:
            with opener.open(request, timeout=REQUEST_TIMEOUT) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, ""
        except (OSError, HTTPException) as error:
            raise Unanswered(f"{address}: {error}") from error
