"""An S3 bucket with everything closed that can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.common import Common
from components.iam import document
from components.ordering import after
from components.protection import protection

BALANCER_LOGS = "balancer"
"""The prefix of load balancers' access logs in the log bucket."""
RELEASES_KEPT_DAYS = 90
"""Replaced or deleted releases can be had back for so long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketsSettings:
    """Releases, bundles of migrations, and logs."""

    force_destroy: bool = False
    """Whether they may be destroyed, with all that is in them; otherwise they are protected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Writer:
    """An AWS service that may write into a bucket, below a prefix only."""

    service: str
    prefix: pulumi.Input[str]
    source_account: pulumi.Input[str] | None = None
    """Whose resources it may write about, for a service that says so: others' would forge entries."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketArgs:
    """What differs between buckets."""

    settings: BucketsSettings
    keep_versions_days: int
    """How long a replaced or deleted object can be had back."""
    expire_days: int | None = None
    """Objects are deleted after so many days; never by default."""
    kms_key_arn: pulumi.Input[str] | None = None
    """Encrypts the objects; S3's own key by default, the only one that log delivery can use."""
    log_bucket: pulumi.Input[str] | None = None
    """Where S3 logs who read what (S3.9): a bucket that lets `logging.s3.amazonaws.com` write `s3/`."""
    writers: Sequence[Writer] = ()


class Bucket(pulumi.ComponentResource):
    """A private, versioned, encrypted bucket that answers TLS only.

    Makes, all of `aws.s3`: `Bucket`, `BucketPublicAccessBlock`, `BucketOwnershipControls`,
    `BucketVersioning`, `BucketServerSideEncryptionConfiguration`, `BucketLifecycleConfiguration`,
    `BucketPolicy`, and with a log bucket `BucketLogging`.
    """

    bucket: pulumi.Output[str]
    """Its name; known when the bucket is ready to be used."""
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Bucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            name,
            force_destroy=args.settings.force_destroy,
            opts=pulumi.ResourceOptions.merge(
                protection(name, "buckets.force_destroy", not args.settings.force_destroy), child
            ),
        )
        public_access_block = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access-block",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=bucket.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=child,
        )
        versioning = aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=bucket.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.bucket,
            rules=[encryption(args.kms_key_arn)],
            opts=child,
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.bucket,
            rules=lifecycle(args),
            # S3 refuses rules for old versions while there are none.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        policy = aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket.bucket,
            policy=pulumi.Output.json_dumps(policy_document(bucket.arn, args.writers)),
            # S3 answers one of two such calls at a time with a conflict.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[public_access_block]),
        )
        if args.log_bucket is not None:
            aws.s3.BucketLogging(
                f"{name}-logging",
                bucket=bucket.bucket,
                target_bucket=args.log_bucket,
                target_prefix="s3/",
                opts=child,
            )
        self.bucket = after(bucket.bucket, policy.id, versioning.id)
        self.arn = bucket.arn
        self.register_outputs({"bucket": self.bucket, "arn": self.arn})


def encryption(
    kms_key_arn: pulumi.Input[str] | None,
) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict:
    """With a key of ours, or with S3's own."""
    if kms_key_arn is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    return {
        "apply_server_side_encryption_by_default": {
            "sse_algorithm": "aws:kms",
            "kms_master_key_id": kms_key_arn,
        },
        # One call to KMS a bucket instead of one an object.
        "bucket_key_enabled": True,
    }


def for_logs(
    settings: BucketsSettings, *, access_log_retention_days: int, account_id: pulumi.Input[str]
) -> BucketArgs:
    """Where balancers and S3 write their logs.

    Log delivery can't use a key of ours; a balancer's names its account in the path only.
    """
    return BucketArgs(
        settings=settings,
        keep_versions_days=1,
        expire_days=access_log_retention_days,
        writers=[
            Writer(
                service="logdelivery.elasticloadbalancing.amazonaws.com",
                prefix=pulumi.Output.concat(BALANCER_LOGS, "/AWSLogs/", account_id),
            ),
            Writer(service="logging.s3.amazonaws.com", prefix="s3", source_account=account_id),
        ],
    )


def for_artifacts(settings: BucketsSettings, common: Common, logs: Bucket) -> BucketArgs:
    """Where releases of the app and bundles of migrations are."""
    return BucketArgs(
        settings=settings,
        keep_versions_days=RELEASES_KEPT_DAYS,
        kms_key_arn=common.kms_key_arn,
        log_bucket=logs.bucket,
    )


def lifecycle(args: BucketArgs) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    """Old versions and uploads that never ended go; objects only where they are to."""
    rule: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
        "id": "tidy",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrent_version_expiration": {"noncurrent_days": args.keep_versions_days},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
    }
    if args.expire_days is not None:
        rule["expiration"] = {"days": args.expire_days}
    return [rule]


def policy_document(arn: pulumi.Output[str], writers: Sequence[Writer]) -> dict[str, Any]:
    """Nobody without TLS (S3.5); the named services below their own prefix."""
    tls_only = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, pulumi.Output.concat(arn, "/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return document(tls_only, *(may_write(arn, writer) for writer in writers))


def may_write(arn: pulumi.Output[str], writer: Writer) -> dict[str, Any]:
    """One statement of a policy."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": writer.service},
        "Action": "s3:PutObject",
        "Resource": pulumi.Output.concat(arn, "/", writer.prefix, "/*"),
    }
    if writer.source_account is not None:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": writer.source_account}}
    return statement
