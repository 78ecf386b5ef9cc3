"""Whose an access key is: the deployer's, or a session of a role that a server or a task has."""

import datetime
import hmac
from dataclasses import dataclass, field

from moto.sts.models import AssumedRole, sts_backends

from rehearsal.access_key import AccessKey
from rehearsal.cloud.refusals import Reason, RefusedError
from rehearsal.cloud.site import every
from rehearsal.sigv4 import Claim


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who signs with a key."""

    secret: str = field(repr=False)
    session: AssumedRole | None
    """None for the deployer, who may do everything."""
    service: str
    """What the request is signed for."""
    region: str
    """Where it is signed for."""


class Identities:
    """Knows every key of this cloud."""

    def __init__(self, key: AccessKey) -> None:
        self._key = key

    def find(self, claim: Claim, now: datetime.datetime) -> Identity:
        """Whom a request says it is from. Raises RefusedError: nobody, or a session that has ended."""
        if claim.key_id == self._key.id:
            if claim.token is not None:
                raise RefusedError(Reason.WRONG_TOKEN)
            return Identity(secret=self._key.secret, session=None, service=claim.service, region=claim.region)
        session = _session(claim.key_id)
        if session is None:
            raise RefusedError(Reason.UNKNOWN_KEY)
        if not hmac.compare_digest(session.session_token.encode(), (claim.token or "").encode()):
            raise RefusedError(Reason.WRONG_TOKEN)
        if session.expiration.replace(tzinfo=datetime.UTC) < now:
            raise RefusedError(Reason.EXPIRED_TOKEN)
        return Identity(
            secret=session.secret_access_key,
            session=session,
            service=claim.service,
            region=claim.region,
        )


def _session(key_id: str) -> AssumedRole | None:
    for backend in every(sts_backends):
        if session := backend.get_assumed_role_from_access_key(key_id):
            return session  # type: ignore[no-any-return] # moto's dict of backends is untyped
    return None
