"""A boto3 client that waits for what AWS has not spread yet, and reads lists to their end.

As the official provider does, call by call; here it is done once for all calls.
"""

import re
import threading
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.offline.provider.errors import is_gone
from rehearsal.texts import texts

SPREAD_WITHIN = 120.0
"""Seconds until a change is known everywhere. Source: `propagationTimeout` of the official provider."""
POLL = 1.0
NOT_SPREAD = re.compile(
    r"Invalid IAM Instance Profile|[Uu]nable to assume|invalid principal|Invalid principal"
    r"|does not include the required permissions"
)
"""Messages about a role that another service does not know yet, as the official provider looks for them in
`aws_autoscaling_group`, `aws_flow_log`, `aws_ecs_cluster`, `aws_kms_key`, `aws_s3_bucket_policy` and
`aws_db_instance`."""
MAKING = ("create_", "allocate_")
DELETING = ("delete_", "release_", "detach_", "remove_", "disassociate_", "revoke_")
LIMITS = {"MaxRecords", "MaxResults", "PageSize", "MaxItems"}


class PatientClient:
    """The client; its operations wait and read on. Threads may share it."""

    def __init__(self, client: Any, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._sleep = sleep
        self._lock = threading.Lock()
        self._made: dict[str, float] = {}

    def __getattr__(self, name: str) -> Any:
        """An operation, or whatever else the client has."""
        attribute = getattr(self._client, name)
        if name not in self._client.meta.method_to_api_mapping:
            return attribute
        return lambda **arguments: self._patiently(name, arguments)

    def _patiently(self, name: str, arguments: dict[str, Any]) -> Any:
        deadline = time.monotonic() + SPREAD_WITHIN
        while True:
            try:
                answer = self._whole(name, arguments)
            except ClientError as error:
                if name.startswith(DELETING) and is_gone(error) and was_repeated(error):
                    return {}  # the first attempt had deleted it, and its answer was lost
                if not self._may_pass(arguments, error) or time.monotonic() > deadline:
                    raise
            else:
                self._remember(name, arguments, answer)
                return answer
            self._sleep(POLL)

    def _whole(self, name: str, arguments: dict[str, Any]) -> Any:
        """The answer, with the pages that follow unless the caller says how much it wants."""
        if self._client.can_paginate(name) and not arguments.keys() & LIMITS:
            return self._client.get_paginator(name).paginate(**arguments).build_full_result()
        return getattr(self._client, name)(**arguments)

    def _may_pass(self, arguments: dict[str, Any], error: ClientError) -> bool:
        """Whether AWS may think otherwise in a moment."""
        if NOT_SPREAD.search(str(error)):
            return True
        with self._lock:
            fresh = {text for text, since in self._made.items() if time.monotonic() < since + SPREAD_WITHIN}
        return is_gone(error) and not fresh.isdisjoint(texts(arguments))

    def _remember(self, name: str, arguments: dict[str, Any], answer: Any) -> None:
        with self._lock:
            if name.startswith(MAKING):
                self._made |= dict.fromkeys(texts(answer), time.monotonic())
            elif name.startswith(DELETING):
                for each in texts(arguments):
                    self._made.pop(each, None)


def was_repeated(error: ClientError) -> bool:
    """Whether boto3 had sent the call before, and got no answer that it could use."""
    return int(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)) > 0
