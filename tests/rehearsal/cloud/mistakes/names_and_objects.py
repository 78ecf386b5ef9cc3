"""Zones, records, buckets and objects."""

from functools import partial
from typing import Any

from tests.rehearsal.cloud.mistakes.mistake import Mistake

route53 = partial(Mistake, service="route53")
s3 = partial(Mistake, service="s3")


def record(action: str = "UPSERT", **members: Any) -> dict[str, Any]:
    """The members of ChangeResourceRecordSets."""
    made = {
        "Name": "www.evenkeel.test",
        "Type": "A",
        "TTL": 60,
        "ResourceRecords": [{"Value": "10.0.0.1"}],
        **members,
    }
    changes = [{"Action": action, "ResourceRecordSet": made}]
    return {"HostedZoneId": "{zone}", "ChangeBatch": {"Changes": changes}}


NAMES_AND_OBJECTS = (
    route53(
        what="a zone that is not there",
        operation="ChangeResourceRecordSets",
        members={**record(), "HostedZoneId": "Z00000000000000000000"},
        code="NoSuchHostedZone",
    ),
    route53(
        what="a record of a type that there is not",
        operation="ChangeResourceRecordSets",
        members=record(Type="B"),
        code="InvalidInput",
    ),
    route53(
        what="a record outside its zone",
        operation="ChangeResourceRecordSets",
        members=record(Name="www.elsewhere.test"),
        code="InvalidChangeBatch",
    ),
    route53(
        what="a record's address that is none",
        operation="ChangeResourceRecordSets",
        members=record(ResourceRecords=[{"Value": "10.0.0.300"}]),
        code="InvalidChangeBatch",
    ),
    route53(
        what="a record that is not there",
        operation="ChangeResourceRecordSets",
        members=record(action="DELETE"),
        code="InvalidChangeBatch",
    ),
    s3(
        what="a bucket's name in capitals",
        operation="CreateBucket",
        members={"Bucket": "NewBucket"},
        code="InvalidBucketName",
    ),
    s3(
        what="a bucket that is not there",
        operation="PutBucketVersioning",
        members={"Bucket": "absent-bucket", "VersioningConfiguration": {"Status": "Enabled"}},
        code="NoSuchBucket",
    ),
    s3(
        what="a bucket with an object in it",
        operation="DeleteBucket",
        members={"Bucket": "standing-bucket"},
        code="BucketNotEmpty",
    ),
    s3(
        what="a bucket's policy that is no JSON",
        operation="PutBucketPolicy",
        members={"Bucket": "standing-bucket", "Policy": "everyone"},
        code="MalformedPolicy",
    ),
    s3(
        what="versions in a state that there is not",
        operation="PutBucketVersioning",
        members={"Bucket": "standing-bucket", "VersioningConfiguration": {"Status": "On"}},
        code="MalformedXML",
    ),
    s3(
        what="encryption that there is not",
        operation="PutBucketEncryption",
        members={
            "Bucket": "standing-bucket",
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "ROT13"}}]
            },
        },
        code="MalformedXML",
    ),
    s3(
        what="an object's key of 1025 bytes",
        operation="PutObject",
        members={"Bucket": "standing-bucket", "Key": "k" * 1025, "Body": b""},
        code="KeyTooLongError",
    ),
    s3(
        what="an object with a header that HTTP cannot carry",
        operation="GetObject",
        members={"Bucket": "standing-bucket", "Key": "object", "ResponseCacheControl": "☃"},
        code="InvalidArgument",
    ),
    s3(
        what="an object that is to be new, and is not",
        operation="PutObject",
        members={"Bucket": "standing-bucket", "Key": "object", "Body": b"", "IfNoneMatch": "*"},
        code="PreconditionFailed",
    ),
    s3(
        what="an object that is to be replaced, and is not there",
        operation="PutObject",
        members={"Bucket": "standing-bucket", "Key": "absent", "Body": b"", "IfMatch": '"0"'},
        code="NoSuchKey",
    ),
    s3(
        what="an object that is not there",
        operation="GetObject",
        members={"Bucket": "standing-bucket", "Key": "absent"},
        code="NoSuchKey",
    ),
)
