"""Buckets, keys, secrets and parameters."""

import json
from collections.abc import Callable
from typing import Any

from tests.rehearsal.cloud.described.network import TAGS
from tests.rehearsal.cloud.described.put import Put, PuttingClient

BUCKET, LOGS = "described-artifacts", "described-logs"
REGION = {"LocationConstraint": "eu-central-1"}


def bucket_name(aws: PuttingClient) -> str:
    s3 = aws.client("s3")
    for name in (BUCKET, LOGS):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=REGION)
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{LOGS}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    s3.put_bucket_policy(Bucket=LOGS, Policy=json.dumps(policy))
    return BUCKET


def key_id(aws: PuttingClient) -> str:
    return str(aws.client("kms").create_key(Description="Of a test")["KeyMetadata"]["KeyId"])


def bucket(aws: PuttingClient) -> Put:
    aws.client("s3").create_bucket(Bucket="described", CreateBucketConfiguration=REGION)
    aws.client("s3").put_bucket_tagging(Bucket="described", Tagging={"TagSet": TAGS})
    location = aws.client("s3").get_bucket_location(Bucket="described")["LocationConstraint"]
    assert location == REGION["LocationConstraint"]
    return Put(
        asked={"TagSet": TAGS}, described=aws.describe("s3", "get_bucket_tagging", "", Bucket="described")
    )


def of_bucket(
    what: str, member: str, asked: dict[str, Any], path: str = ""
) -> Callable[[PuttingClient], Put]:
    """Puts one of a bucket's configurations, and gets it."""

    def put(aws: PuttingClient) -> Put:
        name = aws.once(bucket_name)
        getattr(aws.client("s3"), f"put_{what}")(Bucket=name, **{member: asked})
        return Put(asked=asked, described=aws.describe("s3", f"get_{what}", path, Bucket=name))

    return put


def bucket_policy(aws: PuttingClient) -> Put:
    name = aws.once(bucket_name)
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    asked = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
    aws.client("s3").put_bucket_policy(Bucket=name, **asked)
    return Put(asked=asked, described=aws.describe("s3", "get_bucket_policy", "", Bucket=name))


def bucket_object(aws: PuttingClient) -> Put:
    name = aws.once(bucket_name)
    asked = {
        "ContentType": "application/gzip",
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": aws.once(key_id),
        "Metadata": {"sha256": "0" * 64},
    }
    aws.client("s3").put_object(Bucket=name, Key="releases/one.tar.gz", Body=b"release", **asked)
    return Put(
        asked={**asked, "ContentLength": 7},
        described=aws.describe("s3", "head_object", "", Bucket=name, Key="releases/one.tar.gz"),
    )


def key(aws: PuttingClient) -> Put:
    asked = {"Description": "Of a stack", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT"}
    kms = aws.client("kms")
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    made = kms.create_key(**asked, Policy=json.dumps(policy))["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=made)
    assert json.loads(kms.get_key_policy(KeyId=made, PolicyName="default")["Policy"]) == policy
    assert kms.get_key_rotation_status(KeyId=made)["KeyRotationEnabled"] is True
    return Put(
        asked={**asked, "Enabled": True},
        described=aws.describe("kms", "describe_key", "KeyMetadata", KeyId=made),
        unasked=("DeletionDate", "ValidTo", "CustomKeyStoreId"),
    )


def alias(aws: PuttingClient) -> Put:
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    asked = {"AliasName": "alias/described", "TargetKeyId": key}
    aws.client("kms").create_alias(**asked)
    return Put(asked=asked, described=aws.describe("kms", "list_aliases", "Aliases", KeyId=key))


def secret(aws: PuttingClient) -> Put:
    asked = {"Name": "described", "Description": "Of a stack", "KmsKeyId": aws.once(key_id), "Tags": TAGS}
    aws.client("secretsmanager").create_secret(**asked)
    return Put(
        asked=asked,
        described=aws.describe("secretsmanager", "describe_secret", "", SecretId="described"),
        unasked=("DeletedDate", "RotationLambdaARN", "OwningService"),
    )


def secret_version(aws: PuttingClient) -> Put:
    aws.client("secretsmanager").create_secret(Name="versions")
    asked = {"SecretString": "a value of the test's"}
    made = aws.client("secretsmanager").put_secret_value(SecretId="versions", **asked)["VersionId"]
    return Put(
        asked={**asked, "VersionId": made, "VersionStages": ["AWSCURRENT"]},
        described=aws.describe("secretsmanager", "get_secret_value", "", SecretId="versions"),
        unasked=("SecretBinary",),
    )


def parameter(aws: PuttingClient) -> Put:
    asked = {
        "Name": "/described/gate",
        "Type": "String",
        "Value": "schema of today",
        "Description": "A gate",
        "Tier": "Standard",
    }
    aws.client("ssm").put_parameter(**asked, Tags=TAGS)
    value = aws.client("ssm").get_parameter(Name=asked["Name"])["Parameter"]["Value"]
    assert value == asked["Value"]
    return Put(
        asked=asked,
        described=aws.describe(
            "ssm",
            "describe_parameters",
            "Parameters",
            ParameterFilters=[{"Key": "Name", "Values": [asked["Name"]]}],
        ),
        unasked=("KeyId", "AllowedPattern"),
    )


ENCRYPTION = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
RULE = {
    "ID": "old-versions",
    "Status": "Enabled",
    "Filter": {"Prefix": "releases/"},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}
PUTS: dict[str, Callable[[PuttingClient], Put]] = {
    "aws:kms/alias:Alias": alias,
    "aws:kms/key:Key": key,
    "aws:s3/bucket:Bucket": bucket,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": of_bucket(
        "bucket_lifecycle_configuration", "LifecycleConfiguration", {"Rules": [RULE]}
    ),
    "aws:s3/bucketLogging:BucketLogging": of_bucket(
        "bucket_logging",
        "BucketLoggingStatus",
        {"LoggingEnabled": {"TargetBucket": LOGS, "TargetPrefix": "s3/"}},
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": bucket_object,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": of_bucket(
        "bucket_ownership_controls",
        "OwnershipControls",
        {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "OwnershipControls",
    ),
    "aws:s3/bucketPolicy:BucketPolicy": bucket_policy,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": of_bucket(
        "public_access_block",
        "PublicAccessBlockConfiguration",
        {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
        "PublicAccessBlockConfiguration",
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": of_bucket(
        "bucket_encryption",
        "ServerSideEncryptionConfiguration",
        {"Rules": [ENCRYPTION]},
        "ServerSideEncryptionConfiguration",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": of_bucket(
        "bucket_versioning", "VersioningConfiguration", {"Status": "Enabled"}
    ),
    "aws:secretsmanager/secret:Secret": secret,
    "aws:secretsmanager/secretVersion:SecretVersion": secret_version,
    "aws:ssm/parameter:Parameter": parameter,
}
