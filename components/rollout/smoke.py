"""Asks the app through its load balancer: is it the release that was deployed, and who is logged in?"""

import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from http.client import HTTPException
from typing import Annotated, Any
from urllib.parse import urlsplit

import pulumi
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field

from components.browser import browser
from components.gates.aws_api import AwsApi
from components.gates.gate import GateClosed
from components.rollout.request import RequestTemplate
from components.rollout.session import CheckSession, Limited, SessionSettings, Unanswered
from components.values import Section, UrlPath

POLL = 2.0
"""Seconds until a wrong answer is asked for again."""
TIMEOUT = 180
"""Seconds for a new name to be known in DNS, and the last old server to be out of rotation."""
REQUEST_TIMEOUT = 10
ATTEMPTS = 3
"""To make a session before a rollout, which does not wait for it longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SmokeSettings:
    """What the verified gate asks the app through the balancer, after a rollout."""

    paths: Annotated[list[UrlPath], Field(min_length=1)] = field(default_factory=lambda: ["/readyz"])
    """Each has to answer 200."""
    session: Section[SessionSettings] | None = None
    """A session that is made before the rollout and has to hold after it, by an account that is kept for
    this. Where one signs up and logs in (POST of JSON: email, password, and for sign_up the fields), and what
    answers 200 with the account's e-mail to who is logged in (GET). A session has to live longer than a
    rollout with its bake_time: one that expires meanwhile fails the deployment of a good release. An app that
    limits log-ins lets those with CHECK_TOKEN pass: docs/your-own-app.md. For the checks of the servers alone
    are log_out, and cookie with name and max_age (seconds): docs/infra-tests.md.

        {sign_up: /register, log_in: /login, who_am_i: /me, fields: {churchName: Checks}}
    """
    slow_request: Section[RequestTemplate] | None = None
    """What the checks of the servers have in flight while a worker leaves: a request that is answered when
    its body has arrived, needs no session and changes nothing. Without it that is the session's log_in, with
    "no address" as e-mail address."""

    def check_session(self, domain: str) -> CheckSession | None:
        """The session that a rollout is judged by, of an account whose e-mail address is in the domain."""
        return CheckSession(settings=self.session, domain=domain) if self.session else None

    @property
    def checks(self) -> dict[str, Any]:
        """What the checks of the servers are told of the app: docs/infra-tests.md."""
        session, slow = self.session, self.slow_request
        if session is None:
            return {"session": None, "slow_request": slow and asdict(slow)}
        requests = {
            "sign_up": session.signing_up,
            "log_in": session.logging_in,
            "who_am_i": session.asking,
            "log_out": session.logging_out,
        }
        return {
            "session": {
                **{name: one and asdict(one) for name, one in requests.items()},
                "cookie": session.cookie and asdict(session.cookie),
            },
            "slow_request": asdict(slow or session.logging_in),
        }


def answers_wanted(max_size: int) -> int:
    """How many answers in a row have to be right.

    The balancer goes round, so three times the group's size meets each of its servers.
    """
    return max(10, 3 * max_size)


@dataclass(frozen=True, kw_only=True, slots=True)
class Smoke:
    """What the app is asked."""

    url: pulumi.Input[str]
    """Of the app, through the balancer."""
    through: pulumi.Input[str] | None
    """The balancer's name, where the app's own is the user's to publish and may lead nowhere yet."""
    release: str
    paths: Sequence[str]
    """Each has to answer 200."""
    answers: int
    """Consecutive correct answers that are required: the balancer goes round, so they cover every server."""
    session: CheckSession | None
    password_secret_arn: pulumi.Input[str] | None
    """Of the session's account; read when it is needed."""
    token_secret_arn: pulumi.Input[str] | None
    """Of the token by which the app knows a check."""
    api: AwsApi

    @property
    def context(self) -> Mapping[str, pulumi.Input[Any]]:
        """What is known only when the gate's hook runs, as arguments of `before` and `verify`."""
        return {
            "url": self.url,
            "through": self.through,
            "password_secret_arn": self.password_secret_arn,
            "token_secret_arn": self.token_secret_arn,
        }

    def before(
        self,
        *,
        url: str,
        password_secret_arn: str | None,
        token_secret_arn: str | None,
        through: str | None = None,
    ) -> None:
        """Makes the session that has to outlive the rollout.

        Where log-in fails it only warns: a broken release must stay replaceable.
        """
        for attempt in range(ATTEMPTS):
            try:
                self._open(url, through, password_secret_arn, token_secret_arn)
                if self.session is not None:
                    self.session.predates = True
                return
            except Unanswered as error:
                problem = error
            time.sleep(POLL * (attempt < ATTEMPTS - 1))
        pulumi.log.warn(
            f"could not log in before the rollout, so session continuity will not be checked: {problem}"
        )

    def verify(
        self,
        *,
        url: str,
        password_secret_arn: str | None,
        token_secret_arn: str | None,
        through: str | None = None,
    ) -> None:
        """The `verified` gate's check: each answer is right, of this release, and to who was logged in.

        Where nobody was, as on a first deployment, a new log-in has to work, and no session is judged.

        An app that has had enough of the check's requests is no reason to fail a release: others may have
        brought it there. The session is then not judged, which a warning says.
        """
        deadline = time.monotonic() + TIMEOUT
        session = self.session
        right = 0
        while right < self.answers:
            problem = smoke(url, self.release, self.paths, through)
            limited = False
            if session is not None and not problem:
                try:
                    self._open(url, through, password_secret_arn, token_secret_arn)
                    session.check(url)
                except Unanswered as error:
                    problem, limited = str(error), isinstance(error, Limited)
            right = 0 if problem else right + 1
            if not problem:
                continue
            if time.monotonic() <= deadline:
                pulumi.log.info(f"waiting: {problem}", ephemeral=True)
                time.sleep(POLL)
            elif limited:
                pulumi.log.warn(f"NOT JUDGED: whether users stay logged in was not looked at. {problem}")
                session, deadline = None, time.monotonic() + TIMEOUT
            else:
                raise GateClosed(
                    f"The app does not answer as it should: {problem}. "
                    "Fix the cause and run `pulumi up` again."
                )
        pulumi.log.info(f"{url} answers with release {self.release[:12]}{judgement(session)}")
        if through is not None and not known(url):
            pulumi.log.warn(
                f"{urlsplit(url).hostname} leads nowhere yet: publish it as an alias of {through}"
            )

    def _open(
        self, url: str, through: str | None, password_secret_arn: str | None, token_secret_arn: str | None
    ) -> None:
        if self.session is not None and not self.session.is_open:
            try:
                secrets = self.api.client("secretsmanager")
                password, token = (
                    secrets.get_secret_value(SecretId=arn)["SecretString"]
                    for arn in (password_secret_arn, token_secret_arn)
                )
            except (BotoCoreError, ClientError) as error:
                raise Unanswered(f"the check account's password can't be read: {error}") from error
            self.session.open(url, password=password, token=token, through=through)


def known(url: str) -> bool:
    """Whether the URL's host has an address."""
    try:
        return bool(socket.getaddrinfo(urlsplit(url).hostname, None))
    except OSError:
        return False


def judgement(session: CheckSession | None) -> str:
    """What a session that holds says of the rollout, to be added to a sentence."""
    if session is None:
        return ""
    if session.predates:
        return f", and {session.email}, logged in before the rollout, is still logged in"
    return f", and {session.email} can log in; no session to judge was made before the rollout"


def smoke(url: str, release: str, paths: Sequence[str], through: str | None = None) -> str | None:
    """What is wrong with the app's answers; None when nothing is."""
    opener = browser(url, through)
    for path in (*paths, "/healthz"):
        try:
            with opener.open(url + path, timeout=REQUEST_TIMEOUT) as answer:
                body = answer.read().decode(errors="replace")
        except (OSError, HTTPException) as error:
            return f"GET {url}{path}: {error}"
    if release not in body:
        shown = body[:200]
        return f"GET {url}/healthz does not show release {release} (environment variable RELEASE): {shown}"
    return None
