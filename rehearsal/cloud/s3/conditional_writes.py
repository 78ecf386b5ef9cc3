"""PutObject with `If-Match` or `If-None-Match`: moto looks first and writes later, S3 does both in one step.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
"""

import threading
from collections import defaultdict
from typing import Any

from moto.s3.responses import S3Response

from rehearsal.cloud import refusals
from rehearsal.cloud.moto_patch import patch
from rehearsal.cloud.refusals import Dialect

_CONFLICT = "The conditional request cannot succeed due to a conflicting operation against this resource."
_put_object: Any = S3Response.put_object
_writing: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)
"""By account, bucket and key: who writes there holds it."""


def patch_moto() -> None:
    """One write to a key at a time; once a process."""
    patch(S3Response, put_object=_put)


def _put(response: S3Response) -> Any:
    key = (response.bucket_name, response.parse_key_name())
    lock = _writing[key]
    is_conditional = bool(response.headers.get("If-Match") or response.headers.get("If-None-Match"))
    if not lock.acquire(blocking=not is_conditional):
        # moto's model of S3 lacks this error, which it would answer with the status 400.
        conflict = refusals.answer(Dialect.S3, 409, "ConditionalRequestConflict", _CONFLICT)
        return conflict.status_code, dict(conflict.headers), conflict.get_data()
    try:
        return _put_object(response)
    finally:
        lock.release()
