"""Buckets with everything closed that can be."""

import json
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.bucket import Bucket, BucketArgs, BucketsSettings, Writer, for_logs
from testkit.registered import register

PROTECTED = BucketsSettings()
RELEASES = BucketArgs(settings=PROTECTED, keep_versions_days=30, kms_key_arn="arn:key", log_bucket="logs")
S3 = Writer(service="logging.s3.amazonaws.com", prefix="s3", source_account="123456789012")
LOGS = BucketArgs(settings=PROTECTED, keep_versions_days=1, expire_days=90, writers=[S3])
TYPES = {
    "aws:s3/bucket:Bucket": 1,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": 1,
    "aws:s3/bucketVersioning:BucketVersioning": 1,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": 1,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": 1,
    "aws:s3/bucketPolicy:BucketPolicy": 1,
}


def test_a_bucket_is_made_of_exactly_this() -> None:
    """With logging where there is a log bucket."""
    assert register(lambda: Bucket("kit", LOGS)).types == TYPES
    assert register(lambda: Bucket("kit", RELEASES)).types == {
        **TYPES,
        "aws:s3/bucketLogging:BucketLogging": 1,
    }


@pytest.mark.parametrize("force_destroy", [True, False])
def test_a_bucket_is_protected_unless_it_may_be_destroyed(force_destroy: bool) -> None:
    """By its own setting."""
    made = register(
        lambda: Bucket("kit", replace(RELEASES, settings=BucketsSettings(force_destroy=force_destroy)))
    )
    assert made["aws:s3/bucket:Bucket", "kit"]["forceDestroy"] is force_destroy
    assert made.options["aws:s3/bucket:Bucket", "kit"].protect is not force_destroy


def test_nothing_of_it_is_public() -> None:
    """S3.8: all four."""
    made = register(lambda: Bucket("kit", RELEASES))
    assert made["aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "kit-public-access-block"] == {
        "bucket": "kit-0123456",
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }


def test_without_tls_everyone_is_refused() -> None:
    """S3.5, for the bucket and for its objects; services write below their prefix and nowhere else."""
    made = register(lambda: Bucket("kit", LOGS))
    refuse, write = json.loads(made["aws:s3/bucketPolicy:BucketPolicy", "kit-policy"]["policy"])["Statement"]
    assert refuse == {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:kit", "arn:kit/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    assert (write["Effect"], write["Action"], write["Resource"]) == ("Allow", "s3:PutObject", "arn:kit/s3/*")
    assert write["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert write["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_objects_are_encrypted_with_the_given_key() -> None:
    """S3.17; without one, with S3's own, which log delivery needs."""
    kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    key = "applyServerSideEncryptionByDefault"
    (ours,) = register(lambda: Bucket("kit", RELEASES))[kind, "kit-encryption"]["rules"]
    assert ours[key] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:key"}
    (theirs,) = register(lambda: Bucket("kit", LOGS))[kind, "kit-encryption"]["rules"]
    assert theirs[key] == {"sseAlgorithm": "AES256"}


def test_only_logs_expire() -> None:
    """Objects stay unless a bucket says otherwise; old versions and broken uploads always go."""
    kind = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    (kept,) = register(lambda: Bucket("kit", RELEASES))[kind, "kit-lifecycle"]["rules"]
    assert "expiration" not in kept
    assert kept["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    (logs,) = register(lambda: Bucket("kit", LOGS))[kind, "kit-lifecycle"]["rules"]
    assert logs["expiration"] == {"days": 90}


def test_balancers_of_this_account_write_their_logs_and_no_others() -> None:
    """Below the account's path: whoever knows the bucket's name may not have his own logs there."""
    by_service: dict[str, Any] = {}

    def program() -> None:
        logs = for_logs(PROTECTED, access_log_retention_days=90, account_id="123456789012")
        for writer in logs.writers:
            pulumi.Output.from_input({writer.service: writer.prefix}).apply(by_service.update)

    register(program)
    assert by_service == {
        "logdelivery.elasticloadbalancing.amazonaws.com": "balancer/AWSLogs/123456789012",
        "logging.s3.amazonaws.com": "s3",
    }
