"""Whose an access key is: the rehearsal's own, an IAM user's, or that of a session of a role."""

import datetime
import hmac
from dataclasses import dataclass, field

from moto.iam.models import User, iam_backends
from moto.sts.models import AssumedRole, sts_backends

from rehearsal.access_key import AccessKey
from rehearsal.cloud.body import every
from rehearsal.cloud.refusals import Reason, RefusedError
from rehearsal.sigv4 import Claim


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who signs with a key."""

    secret: str = field(repr=False)
    session: AssumedRole | None = None
    """Of a role."""
    user: User | None = None
    """Who has neither a session nor a user may do everything: the key is the rehearsal's own."""
    service: str
    """What the request is signed for."""
    region: str
    """Where it is signed for."""


class Identities:
    """Knows every key of this cloud."""

    def __init__(self, key: AccessKey) -> None:
        self._key = key
        self.expired: set[str] = set()
        """Ids of users' keys that are refused as a session's are when it has ended."""

    def is_of_user(self, key_id: str) -> bool:
        """Whether an IAM user has this key."""
        return _user(key_id) is not None

    def find(self, claim: Claim, now: datetime.datetime) -> Identity:
        """Whom a request says it is from. Raises RefusedError: nobody, or a session that has ended."""
        if claim.key_id == self._key.id:
            if claim.token is not None:
                raise RefusedError(Reason.WRONG_TOKEN)
            return Identity(secret=self._key.secret, service=claim.service, region=claim.region)
        if found := _user(claim.key_id):
            if claim.token is not None:
                raise RefusedError(Reason.WRONG_TOKEN)
            if claim.key_id in self.expired:
                raise RefusedError(Reason.EXPIRED_TOKEN)
            user, secret = found
            return Identity(secret=secret, user=user, service=claim.service, region=claim.region)
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


def _user(key_id: str) -> tuple[User, str] | None:
    """Whose a key is, and its secret."""
    for backend in every(iam_backends):
        for user in list(backend.users.values()):
            for key in list(user.access_keys):
                if key.access_key_id == key_id and key.status == "Active":
                    return user, key.secret_access_key
    return None


def _session(key_id: str) -> AssumedRole | None:
    for backend in every(sts_backends):
        if session := backend.get_assumed_role_from_access_key(key_id):
            return session  # type: ignore[no-any-return] # moto's dict of backends is untyped
    return None
