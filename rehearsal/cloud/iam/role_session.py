"""A role as a server or a task has it: a session that is renewed before it ends."""

import datetime
import threading

from moto.core.utils import utcnow
from moto.sts.models import AssumedRole, sts_backends

_DURATION = datetime.timedelta(hours=6)
_REFRESH = datetime.timedelta(minutes=15)  # before the end, as EC2 does
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class RoleSession:
    """Temporary credentials of a role; `name` is the session's. Safe to share between threads."""

    def __init__(self, role_arn: str, *, account: str, region: str, name: str) -> None:
        self.role_arn = role_arn
        self._account, self._region, self._name = account, region, name
        self._session: AssumedRole | None = None
        self._lock = threading.Lock()

    def credentials(self) -> dict[str, str]:
        """As AWS's two credential services write them."""
        session = self.session()
        return {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "Token": session.session_token,
            "Expiration": session.expiration.strftime(_TIME),
        }

    def session(self) -> AssumedRole:
        """One that is good for a while."""
        with self._lock:
            if self._session is None or self._session.expiration - utcnow() < _REFRESH:
                backend = sts_backends[self._account]["aws"]
                duration = int(_DURATION.total_seconds())
                self._session = backend.assume_role(self._region, self._name, self.role_arn, "", duration, "")
            return self._session
