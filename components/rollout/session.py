"""A session of an account that is kept for checks: made before a rollout, it has to hold after it."""

import hashlib
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from http.cookiejar import CookieJar
from typing import Literal

from components.browser import browser
from components.gates.gate import GateClosed
from components.rollout.request import Request, RequestTemplate, UnknownNameError
from components.values import Seconds, Section, Text, Value

REQUEST_TIMEOUT = 10
SUCCESS = range(200, 300)
REFUSED = range(400, 500)
UNAUTHORIZED, FORBIDDEN, TOO_MANY = 401, 403, 429
TOKEN_HEADER = "X-Check-Token"
"""By it the app knows the check, as its environment has the token too (`CHECK_TOKEN`)."""


class Unanswered(Exception):
    """The app did not answer as it should; it may do so later."""


class Limited(Unanswered):
    """The app has had enough requests, and counts the check's among them: no verdict on the release."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CookieSettings:
    """The cookie that a browser has its session by."""

    name: Text
    """Such as sid."""
    max_age: Seconds | None = None
    """So long a browser keeps it. Without it the cookie is gone when the browser is closed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionSettings:
    """How a client of the app gets a session, and how it sees that it still has one.

    Each is a path, or a request with its method, headers and body.
    """

    sign_up: Request
    """Makes an account. A path gets a POST of JSON: email, password and the fields below."""
    log_in: Request
    """Starts a session. A path gets a POST of JSON: email and password."""
    who_am_i: Request
    """Answers 200 with the account's e-mail address to whoever is logged in. A path gets a GET."""
    fields: dict[Text, Value] = field(default_factory=dict)
    """What signing up at a path asks for, besides e-mail address and password."""
    log_out: Request | None = None
    """Ends a session: the checks of the servers log out, where they know how. A path gets a POST."""
    cookie: Section[CookieSettings] | None = None
    """For the checks of the servers: it has to be out of others' reach. An app with tokens has none."""

    @property
    def signing_up(self) -> RequestTemplate:
        """The request that makes an account."""
        return _request(self.sign_up, "POST", {**_CREDENTIALS, **self.fields})

    @property
    def logging_in(self) -> RequestTemplate:
        """The request that starts a session."""
        return _request(self.log_in, "POST", _CREDENTIALS)

    @property
    def asking(self) -> RequestTemplate:
        """The request that shows whose session it is."""
        return _request(self.who_am_i, "GET", None)

    @property
    def logging_out(self) -> RequestTemplate | None:
        """The request that ends the session."""
        return _request(self.log_out, "POST", None) if self.log_out else None


_CREDENTIALS = {"email": "{email}", "password": "{password}"}


def _request(
    given: str | RequestTemplate, method: Literal["GET", "POST"], body: Mapping[str, str] | None
) -> RequestTemplate:
    if isinstance(given, RequestTemplate):
        return given
    return RequestTemplate(path=given, method=method, body=body)


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
    """One session: cookies, as a browser keeps them, or a token. Each request is a connection of its own.

    It is left to expire.
    """

    settings: SessionSettings
    domain: str
    """Of the account's e-mail address."""
    account: CheckAccount | None = None
    """Who was logged in last."""
    through: str | None = None
    """The host that is connected to, where that is not the URL's."""
    cookies: CookieJar = field(default_factory=CookieJar)
    given: dict[str, str] = field(default_factory=dict)
    """What the answers gave that later requests take, such as a token."""
    predates: bool = False
    """Whether it was made before the rollout, which it can then judge."""

    @property
    def is_open(self) -> bool:
        """Whether the app gave a cookie or a token at log-in, which may have lost its force since."""
        return len(self.cookies) > 0 or bool(self.given)

    @property
    def email(self) -> str:
        """Of who was logged in last."""
        return self.account.email if self.account else "nobody"

    @property
    def _values(self) -> Mapping[str, str]:
        return {"email": self.email, "password": self.account.password} if self.account else {}

    def open(self, url: str, *, password: str, token: str, through: str | None = None) -> None:
        """Logs in; signs up first where there is no such account yet."""
        self._forget()
        self.predates = False
        self.through = through
        self.account = CheckAccount(domain=self.domain, password=password, token=token)
        log_in, sign_up = self.settings.logging_in, self.settings.signing_up
        status = self._ask(url, log_in)[0]
        if status in REFUSED and status != TOO_MANY:
            self._refuse(url + sign_up.path, self._ask(url, sign_up)[0])
            status = self._ask(url, log_in)[0]
        self._refuse(url + log_in.path, status)
        try:
            self.check(url)
        except GateClosed as error:
            self._forget()
            raise Unanswered(
                f"evenkeel:smoke.session: {self.settings.asking.path} does not show who has logged in at "
                f"{log_in.path} (200, with {self.email} in it)"
            ) from error

    def check(self, url: str) -> None:
        """Asks who is logged in. GateClosed when it is nobody, or someone else."""
        asking = self.settings.asking
        status, body = self._ask(url, asking)
        if status in (UNAUTHORIZED, FORBIDDEN):
            raise GateClosed(
                f"The session of {self.email} is lost: {asking.method} {url}{asking.path} answers {status}. "
                "Users have lost theirs too. Look at the sessions' Redis, and at what the app signs its "
                "cookies with."
            )
        self._refuse(url + asking.path, status)
        if self.email not in body:
            raise GateClosed(f"{asking.method} {url}{asking.path} shows someone else than {self.email}")

    def _forget(self) -> None:
        self.cookies.clear()
        self.given.clear()

    def _refuse(self, address: str, status: int) -> None:
        if status == TOO_MANY:
            raise Limited(
                f"{address} answers 429 to {self.email}: the app limits how often one may ask, and counts "
                f"the check's requests too. Let those pass whose header {TOKEN_HEADER} is the environment's "
                "CHECK_TOKEN: docs/your-own-app.md"
            )
        if status not in SUCCESS:
            raise Unanswered(f"{address} answers {status} to {self.email}: see evenkeel:smoke.session")

    def _ask(self, url: str, template: RequestTemplate) -> tuple[int, str]:
        """Status and text."""
        try:
            filled = template.filled({**self._values, **self.given})
        except UnknownNameError as error:
            raise Unanswered(
                f"evenkeel:smoke.session: {template.path} takes {{{error.args[0]}}}, and no answer gave "
                "one: see `reads`"
            ) from None
        address = url + filled.path
        request = urllib.request.Request(
            address, data=filled.body, headers=dict(filled.headers), method=filled.method
        )
        if self.account:
            # Not to where the app may lead: the token is for the app alone.
            request.add_unredirected_header(TOKEN_HEADER, self.account.token)
        opener = browser(address, self.through, urllib.request.HTTPCookieProcessor(self.cookies))
        try:
            with opener.open(request, timeout=REQUEST_TIMEOUT) as answer:
                text = answer.read().decode(errors="replace")
                self.given.update(template.read(text))
                return answer.status, text
        except urllib.error.HTTPError as error:
            return error.code, ""
        except (OSError, HTTPException) as error:
            raise Unanswered(f"{address}: {error}") from error
