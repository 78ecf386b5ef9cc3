"""S3: buckets, what is set on them, and objects."""

from typing import Any

from rehearsal.offline.provider.call import ApiCall, call
from rehearsal.offline.provider.resource import AutoName, Resource, SeveralCalls, Tags, Work


def create_bucket(work: Work) -> None:
    """Outside us-east-1 S3 wants to be told where."""
    arguments: dict[str, Any] = {"Bucket": work.inputs["bucket"]}
    if work.region != "us-east-1":
        arguments["CreateBucketConfiguration"] = {"LocationConstraint": work.region}
    if work.inputs.get("objectLockEnabled"):
        arguments["ObjectLockEnabledForBucket"] = True
    work.api.create_bucket(**arguments)


def delete_bucket(work: Work) -> None:
    """With `forceDestroy` all objects go first, in all versions."""
    if work.inputs.get("forceDestroy"):
        delete_versions(work, work.id)
    work.api.delete_bucket(Bucket=work.id)


def delete_object(work: Work) -> None:
    """An object goes with all its versions, as the official provider does it."""
    delete_versions(work, work.inputs["bucket"], work.inputs["key"])


def delete_versions(work: Work, bucket: str, key: str | None = None) -> None:
    """All versions and delete markers in a bucket, or only of one key."""
    for page in work.api.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key or ""):
        for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            if key is None or version["Key"] == key:
                work.api.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])


def head(work: Work) -> dict[str, Any]:
    """What S3 says about an object; its ETag without the quotes."""
    shown: dict[str, Any] = work.api.head_object(Bucket=work.inputs["bucket"], Key=work.inputs["key"])
    return {**shown, "ETag": shown["ETag"].strip('"')}


def bucket_setting(
    name: str,
    put: ApiCall,
    read: ApiCall,
    delete: ApiCall | None,
    names: dict[str, str] | None = None,
    **more: Any,
) -> Resource:
    """What is set on a bucket: put as a whole, known by the bucket's name."""
    return Resource(
        type=f"aws:s3/{name[0].lower()}{name[1:]}:{name}",
        service="s3",
        create=put,
        id="bucket",
        read=(read,),
        update=(put,),
        delete=delete,
        fixed="bucket",
        names=names or {},
        **more,
    )


BUCKET_TAGS = call("put_bucket_tagging", Bucket="{id}", Tagging={"TagSet": "{all}"})
OBJECT_TAGS = call("put_object_tagging", Bucket="{bucket}", Key="{key}", Tagging={"TagSet": "{all}"})
PUT_OBJECT = call("put_object", whole=True)

RESOURCES = [
    Resource(
        type="aws:s3/bucket:Bucket",
        service="s3",
        create=SeveralCalls(run=create_bucket, inputs="bucket objectLockEnabled"),
        id="bucket",
        read=(call("get_bucket_location", Bucket="{id}"),),
        delete=SeveralCalls(run=delete_bucket),
        fixed="bucket objectLockEnabled",
        local="forceDestroy",
        state={
            "arn": "join('', ['arn:', Partition, ':s3:::', Id])",
            "bucket": "Id",
            "bucketDomainName": "join('', [Id, '.s3.amazonaws.com'])",
            "bucketRegionalDomainName": "join('', [Id, '.s3.', Region, '.amazonaws.com'])",
            "bucketRegion": "Region",
        },
        outputs="arn bucketDomainName bucketRegionalDomainName bucketRegion",
        defaults={"forceDestroy": False},
        name=AutoName(property="bucket", longest=63, lower=True),
        tags=Tags(
            add=BUCKET_TAGS,
            remove=BUCKET_TAGS,
            read=call("get_bucket_tagging", "TagSet", Bucket="{id}"),
        ),
    ),
    bucket_setting(
        "BucketVersioning",
        call("put_bucket_versioning", whole=True),
        call(
            "get_bucket_versioning",
            "{VersioningConfiguration: {Status: Status || 'Disabled', MFADelete: MFADelete}}",
            Bucket="{bucket}",
        ),
        call("put_bucket_versioning", Bucket="{bucket}", VersioningConfiguration={"Status": "Suspended"}),
    ),
    bucket_setting(
        "BucketPublicAccessBlock",
        call("put_public_access_block", inside="PublicAccessBlockConfiguration", whole=True),
        call("get_public_access_block", "PublicAccessBlockConfiguration", Bucket="{bucket}"),
        call("delete_public_access_block", Bucket="{bucket}"),
        defaults=dict.fromkeys(
            ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), False
        ),
    ),
    bucket_setting(
        "BucketOwnershipControls",
        call("put_bucket_ownership_controls", whole=True),
        call("get_bucket_ownership_controls", Bucket="{bucket}"),
        call("delete_bucket_ownership_controls", Bucket="{bucket}"),
        {"rule": "OwnershipControls.Rules"},
    ),
    bucket_setting(
        "BucketServerSideEncryptionConfiguration",
        call("put_bucket_encryption", whole=True),
        call("get_bucket_encryption", Bucket="{bucket}"),
        call("delete_bucket_encryption", Bucket="{bucket}"),
        {"rules": "ServerSideEncryptionConfiguration.Rules"},
    ),
    bucket_setting(
        "BucketLifecycleConfiguration",
        call("put_bucket_lifecycle_configuration", whole=True),
        call("get_bucket_lifecycle_configuration", Bucket="{bucket}"),
        call("delete_bucket_lifecycle", Bucket="{bucket}"),
        {"rules": "LifecycleConfiguration.Rules"},
        state={"rules": "Rules"},
    ),
    bucket_setting(
        "BucketPolicy",
        call("put_bucket_policy", whole=True),
        call("get_bucket_policy", Bucket="{bucket}"),
        call("delete_bucket_policy", Bucket="{bucket}"),
    ),
    bucket_setting(
        "BucketLogging",
        call("put_bucket_logging", whole=True),
        call("get_bucket_logging", "LoggingEnabled", Bucket="{bucket}"),
        call("put_bucket_logging", Bucket="{bucket}", BucketLoggingStatus={}),
        {
            "targetBucket": "BucketLoggingStatus.LoggingEnabled.TargetBucket",
            "targetPrefix": "BucketLoggingStatus.LoggingEnabled.TargetPrefix",
        },
        state={"targetBucket": "TargetBucket", "targetPrefix": "TargetPrefix"},
    ),
    Resource(
        type="aws:s3/bucketObjectv2:BucketObjectv2",
        service="s3",
        create=PUT_OBJECT,
        id="join('/', [bucket, key])",
        read=(SeveralCalls(run=head),),
        update=(PUT_OBJECT,),
        delete=SeveralCalls(run=delete_object),
        fixed="bucket key",
        local="sourceHash forceDestroy",
        names={"source": "Body", "content": "Body", "kmsKeyId": "SSEKMSKeyId"},
        state={"arn": "join('', ['arn:', Partition, ':s3:::', Inputs.bucket, '/', Inputs.key])"},
        outputs="arn etag versionId",
        volatile="etag versionId",
        tags=Tags(
            add=OBJECT_TAGS,
            remove=OBJECT_TAGS,
            read=call("get_object_tagging", "TagSet", Bucket="{bucket}", Key="{key}"),
        ),
    ),
]
