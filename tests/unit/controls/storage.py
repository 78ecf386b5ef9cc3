"""Buckets, the key, logs and the topic."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from testkit.registered import Registered
from tests.unit.controls.control import MISSING, Control, Flip, Inputs, at, changed, each, named, plain, put
from tests.unit.controls.network import BALANCER

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
CLOSED = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
BY_DEFAULT = "rules.0.applyServerSideEncryptionByDefault"
KEY = "aws:kms/key:Key"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
TOPIC = "aws:sns/topic:Topic"


def each_bucket(
    id: str,
    promise: str,
    kind: str,
    good: Callable[[Inputs], bool],
    *bad: Callable[[Inputs], object],
    unless: Callable[[Registered, str], bool] = lambda *_: False,
) -> Control:
    """Every bucket has a resource of the kind that is good; without it, or with `bad`, it is broken.

    `unless` names the buckets that are left out.
    """

    def about(made: Registered) -> Iterator[tuple[str, dict[str, Inputs]]]:
        for bucket in made.all(BUCKET):
            if not unless(made, bucket):
                own = {name: one for name, one in made.all(kind).items() if one["bucket"] == named(bucket)}
                yield bucket, own

    def broken(made: Registered) -> Iterator[str]:
        for bucket, own in about(made):
            if not own or not all(good(inputs) for inputs in own.values()):
                yield bucket

    def flips(made: Registered) -> Iterator[Flip]:
        for _, own in about(made):
            for name in own:
                yield without(kind, name)
                yield from (changed(kind, name, change) for change in bad)

    return Control(id=id, promise=promise, broken=broken, flips=flips)


def without(kind: str, name: str) -> Flip:
    """The resource is not made."""
    return lambda copy: copy.inputs.pop((kind, name))


def takes_logs(made: Registered, bucket: str) -> bool:
    """The bucket of logs: its own would be about themselves, and log delivery can't use a KMS key."""
    return any(at(one, "accessLogs.bucket") == named(bucket) for one in made.all(BALANCER).values())


def statements(inputs: Inputs) -> list[dict[str, Any]]:
    """Of a policy."""
    found: list[dict[str, Any]] = json.loads(plain(inputs["policy"]))["Statement"]
    return found


def tls_only(inputs: Inputs) -> bool:
    """Everybody is refused without, in the bucket and at each object."""
    return any(
        (one["Effect"], one["Principal"], one["Action"]) == ("Deny", "*", "s3:*")
        and one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        and len(one["Resource"]) == 2
        for one in statements(inputs)
    )


STORAGE = (
    each_bucket("S3.5", "TLS only", POLICY, tls_only, put("policy", '{"Statement": []}')),
    each_bucket(
        "S3.8",
        "nothing public",
        PUBLIC_ACCESS,
        lambda one: all(one[flag] is True for flag in CLOSED),
        *(put(flag, False) for flag in CLOSED),
    ),
    each_bucket("S3.9", "access logs", LOGGING, lambda one: bool(one["targetBucket"]), unless=takes_logs),
    each_bucket(
        "S3.13",
        "a lifecycle",
        LIFECYCLE,
        lambda one: at(one, "rules.0.status") == "Enabled",
        put("rules.0.status", "Disabled"),
    ),
    each_bucket(
        "S3.14",
        "versioned",
        VERSIONING,
        lambda one: at(one, "versioningConfiguration.status") == "Enabled",
        put("versioningConfiguration.status", "Suspended"),
    ),
    each_bucket(
        "S3.17",
        "encrypted with the stack's key",
        ENCRYPTION,
        lambda one: at(one, f"{BY_DEFAULT}.kmsMasterKeyId") not in (MISSING, None),
        put(BY_DEFAULT, {"sseAlgorithm": "AES256"}),
        unless=takes_logs,
    ),
    each("KMS.4", "rotation", KEY, "enableKeyRotation", True, False),
    each("log groups encrypted", "with the stack's key", LOG_GROUP, "kmsKeyId", bool, None),
    each("log groups kept", "for a year", LOG_GROUP, "retentionInDays", lambda one: one >= 365, 30),
    each("SNS.1", "an encrypted topic", TOPIC, "kmsMasterKeyId", bool, None),
)
