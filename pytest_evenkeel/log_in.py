"""How one logs in to the app, as the stack's settings say: `evenkeel:smoke.session`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pytest_evenkeel.app_request import AppRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class Cookie:
    """What a browser knows its session by."""

    name: str
    max_age: int | None
    """Seconds for which the browser keeps it; None where it is gone with the browser."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogIn:
    """The requests of a session's life."""

    sign_up: AppRequest
    log_in: AppRequest
    who_am_i: AppRequest
    log_out: AppRequest | None
    """None where the settings name none: sessions then end by themselves."""
    cookie: Cookie | None

    @classmethod
    def of(cls, session: Mapping[str, Any]) -> Self:
        """What the stack's output says."""
        log_out, cookie = session.get("log_out"), session.get("cookie")
        return cls(
            sign_up=AppRequest(**session["sign_up"]),
            log_in=AppRequest(**session["log_in"]),
            who_am_i=AppRequest(**session["who_am_i"]),
            log_out=AppRequest(**log_out) if log_out else None,
            cookie=Cookie(**cookie) if cookie else None,
        )
