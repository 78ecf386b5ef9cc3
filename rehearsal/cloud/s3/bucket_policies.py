"""Bucket policies as far as moto judges them, which knows no conditions.

A statement that refuses everyone *without TLS* would refuse everyone. On loopback nobody listens in: every
request counts as one with TLS, so such statements are kept, shown, and never refuse.
"""

import json
from types import SimpleNamespace
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

from rehearsal.cloud.moto_patch import patch

WITHOUT_TLS = {"Bool": {"aws:SecureTransport": "false"}}

_log_delivery_allowed: Any = FakeBucket._log_permissions_enabled_policy


def patch_moto() -> None:
    """Judge by what is left; once a process."""
    patch(
        FakeBucket,
        get_permission=_get_permission,
        _log_permissions_enabled_policy=staticmethod(_may_deliver_logs),
    )


def with_tls(policy: bytes) -> dict[str, Any]:
    """The policy as it is for a request with TLS."""
    document: dict[str, Any] = json.loads(policy)
    statements = [
        statement for statement in document["Statement"] if statement.get("Condition") != WITHOUT_TLS
    ]
    return {**document, "Statement": statements}


def _get_permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps(with_tls(bucket.policy))).is_action_permitted(action, resource)


def _may_deliver_logs(target_bucket: FakeBucket, target_prefix: str | None) -> bool:
    if target_bucket.policy is None:
        return False
    judged = SimpleNamespace(
        policy=json.dumps(with_tls(target_bucket.policy)).encode(),
        partition=target_bucket.partition,
        name=target_bucket.name,
    )
    return bool(_log_delivery_allowed(judged, target_prefix))
