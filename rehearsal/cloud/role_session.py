"""A role as a server or a task has it: a session that is renewed before it ends."""

import datetime
import threading
from typing import Any

from moto.core.utils import utcnow
from moto.sts.models import sts_backends

_DURATION = datetime.timedelta(hours=6)
_REFRESH = datetime.timedelta(minutes=15)  # before the end, as EC2 does
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class RoleSession:
    """Temporary credentials of a role; `name` is the session's. Safe to share between threads."""

    def __init__(self, role_arn: str, *, account: str, region: str, name: str) -> None:
        self.role_arn = role_arn
        self._account, self._region, self._name = account, region, name
        self._session: Any = None
        self._lock = threading.Lock()

    def credentials(self) -> dict[str, str]:
        """As AWS's two credential services write them."""
        with self._lock:
            if self._session is None or self._session.expiration - utcnow() < _REFRESH:
                self._session = self._assume()
            return {
                "AccessKeyId": self._session.access_key_id,
                "SecretAccessKey": self._session.secret_access_key,
                "Token": self._session.session_token,
                "Expiration": self._session.expiration.strftime(_TIME),
            }

    def _assume(self) -> Any:
        backend = sts_backends[self._account]["aws"]
        duration = int(_DURATION.total_seconds())
        return backend.assume_role(self._region, self._name, self.role_arn, "", duration, "")
