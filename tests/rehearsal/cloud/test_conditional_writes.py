"""Conditional writes to S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.rehearsal.cloud.running import RunningCloud

BUCKET = "records"
ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture(scope="module")
def s3(cloud: RunningCloud) -> Any:
    """A versioned bucket, as the kit's are."""
    s3 = cloud.client("s3", ONCE)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return s3


def refused(call: Callable[..., Any], **members: Any) -> tuple[str, int]:
    """Code and status of the refusal."""
    with pytest.raises(ClientError) as refusal:
        call(Bucket=BUCKET, **members)
    answer = refusal.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_an_object_is_made_only_where_there_is_none(s3: Any) -> None:
    """A delete marker counts as none."""
    s3.put_object(Bucket=BUCKET, Key="made", Body=b"1", IfNoneMatch="*")
    assert refused(s3.put_object, Key="made", Body=b"2", IfNoneMatch="*") == ("PreconditionFailed", 412)
    s3.delete_object(Bucket=BUCKET, Key="made")
    s3.put_object(Bucket=BUCKET, Key="made", Body=b"3", IfNoneMatch="*")
    assert s3.get_object(Bucket=BUCKET, Key="made")["Body"].read() == b"3"


def test_an_object_is_replaced_only_by_who_has_seen_it(s3: Any) -> None:
    """412 for another ETag; 404 where there is no object, or a delete marker."""
    first = s3.put_object(Bucket=BUCKET, Key="seen", Body=b"1")["ETag"]
    s3.put_object(Bucket=BUCKET, Key="seen", Body=b"2", IfMatch=first)
    stale = {"Key": "seen", "Body": b"3", "IfMatch": first}
    assert refused(s3.put_object, **stale) == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=BUCKET, Key="seen")["Body"].read() == b"2"
    assert refused(s3.put_object, **stale | {"Key": "absent"}) == ("NoSuchKey", 404)
    s3.delete_object(Bucket=BUCKET, Key="seen")
    assert refused(s3.put_object, **stale) == ("NoSuchKey", 404)


def test_of_writes_at_the_same_time_one_succeeds(cloud: RunningCloud, s3: Any) -> None:
    """The others are told that they lost, or that there was a conflict."""
    clients = [cloud.client("s3", ONCE) for _ in range(8)]

    def write(client: Any, body: str, condition: dict[str, str]) -> str:
        try:
            client.put_object(Bucket=BUCKET, Key="race", Body=body.encode(), **condition)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "written"

    with ThreadPoolExecutor(len(clients)) as pool:
        condition = {"IfNoneMatch": "*"}
        for turn in range(20):
            bodies = [f"{turn}-{number}" for number in range(len(clients))]
            came = list(pool.map(write, clients, bodies, itertools.repeat(condition)))
            assert came.count("written") == 1, came
            assert set(came) <= {"written", "PreconditionFailed", "ConditionalRequestConflict"}
            held = s3.get_object(Bucket=BUCKET, Key="race")
            assert held["Body"].read().decode() == bodies[came.index("written")]
            condition = {"IfMatch": held["ETag"]}
