"""What an operation of the API is called in policies: nearly always the same."""

from collections.abc import Mapping, Sequence

from rehearsal.cloud.iam.rights import reference
from rehearsal.cloud.judge.call import JudgedCall

S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"
_PREFIXES = {"monitoring": "cloudwatch"}
"""The prefix of a service's actions, where it is not the name for which requests are signed."""
_NAMES: Mapping[str, Sequence[str]] = {
    "s3:DeleteBucketEncryption": ["PutEncryptionConfiguration"],
    "s3:DeleteBucketLifecycle": ["PutLifecycleConfiguration"],
    "s3:DeleteBucketOwnershipControls": ["PutBucketOwnershipControls"],
    "s3:DeleteObjects": ["DeleteObject"],
    "s3:DeletePublicAccessBlock": ["PutBucketPublicAccessBlock"],
    "s3:GetBucketEncryption": ["GetEncryptionConfiguration"],
    "s3:GetBucketLifecycleConfiguration": ["GetLifecycleConfiguration"],
    "s3:GetPublicAccessBlock": ["GetBucketPublicAccessBlock"],
    "s3:HeadBucket": ["ListBucket"],
    "s3:HeadObject": ["GetObject"],
    "s3:ListBuckets": ["ListAllMyBuckets"],
    "s3:ListObjectVersions": ["ListBucketVersions"],
    "s3:ListObjectsV2": ["ListBucket"],
    "s3:ListObjects": ["ListBucket"],
    "s3:PutBucketEncryption": ["PutEncryptionConfiguration"],
    "s3:PutBucketLifecycleConfiguration": ["PutLifecycleConfiguration"],
    "s3:PutPublicAccessBlock": ["PutBucketPublicAccessBlock"],
}
"""By the page `S3`, and by the Permissions section of each operation's own page in the API reference."""
_VERSIONED = {"s3:DeleteObject": "DeleteObjectVersion", "s3:GetObject": "GetObjectVersion"}
"""What naming a version takes instead."""


class UnknownActionError(LookupError):
    """An operation for which the reference has no action."""


def of(call: JudgedCall) -> list[str]:
    """The actions of a call, such as `s3:GetObject`. Raises UnknownActionError."""
    signed_for = call.model.service_model.signing_name
    prefix = _PREFIXES.get(signed_for, signed_for)
    operation = f"{prefix}:{call.operation}"
    names = [f"{prefix}:{name}" for name in _NAMES.get(operation, [call.operation])]
    if call.service == "s3" and _names_versions(call):
        names = [f"s3:{_VERSIONED[name]}" if name in _VERSIONED else name for name in names]
    for name in names:
        if reference.find(name) is None:
            raise UnknownActionError(f"{operation}: the Service Authorization Reference has no {name}")
    return names


def _names_versions(call: JudgedCall) -> bool:
    objects = (call.members.get("Delete") or {}).get("Objects") or []
    return bool(call.members.get("VersionId")) or any(item.get("VersionId") for item in objects)
