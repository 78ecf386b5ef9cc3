"""The calls that a stranger would make of the endpoint, and how they are signed."""

import datetime
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any
from unittest import mock
from urllib.parse import urlencode

import boto3
import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from tests.rehearsal.cloud.running import RunningCloud

REGION = "eu-central-1"
MADE_UP = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
JSON = "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded"


class Attack:
    """One call of the audit, as plain HTTP."""

    def __init__(self, service: str, method: str, path: str, body: str = "", **headers: str) -> None:
        self.service, self.method, self.path, self.body = service, method, path, body
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


ATTACKS = {
    "SendCommand": Attack(
        "ssm",
        "POST",
        "/",
        json.dumps(
            {
                "DocumentName": "AWS-RunShellScript",
                "InstanceIds": ["i-0123456789abcdef0"],
                "Parameters": {"commands": ["id"]},
            }
        ),
        Content_Type=JSON,
        X_Amz_Target="AmazonSSM.SendCommand",
    ),
    "RunInstances": Attack(
        "ec2",
        "POST",
        "/",
        urlencode(
            {
                "Action": "RunInstances",
                "Version": "2016-11-15",
                "ImageId": "ami-1",
                "SubnetId": "subnet-0123456789abcdef0",
                "MinCount": 1,
                "MaxCount": 1,
            }
        ),
        Content_Type=FORM,
    ),
    "RunTask": Attack(
        "ecs",
        "POST",
        "/",
        json.dumps({"cluster": "none", "taskDefinition": "none", "launchType": "FARGATE"}),
        Content_Type=JSON,
        X_Amz_Target="AmazonEC2ContainerServiceV20141113.RunTask",
    ),
    "ListUsers": Attack("iam", "POST", "/", "Action=ListUsers&Version=2010-05-08", Content_Type=FORM),
    "ListHostedZones": Attack("route53", "GET", "/2013-04-01/hostedzone"),
    "PutMetricData": Attack(
        "monitoring",
        "POST",
        "/service/GraniteServiceVersion20100801/operation/PutMetricData",
        Content_Type="application/cbor",
        Smithy_Protocol="rpc-v2-cbor",
    ),
    "GetObject": Attack("s3", "GET", "/held/object"),
    "PutObject": Attack("s3", "PUT", "/held/other", "theirs"),
    "status": Attack("evenkeel", "GET", "/_evenkeel/status"),
    "faults": Attack(
        "evenkeel",
        "POST",
        "/_evenkeel/faults",
        '{"action": "zone-loss", "target": "eu-central-1a"}',
        Content_Type="application/json",
    ),
    "clock": Attack(
        "evenkeel", "POST", "/_evenkeel/clock", '{"advance": 60}', Content_Type="application/json"
    ),
    "reset": Attack("moto", "POST", "/moto-api/reset"),
    "dashboard": Attack("moto", "GET", "/moto-api/"),
    "metadata": Attack("moto", "GET", "/latest/meta-data/iam/security-credentials/default-role"),
}
"""What the audit did as another user, and its like in each protocol of AWS."""
Answer = tuple[int, Mapping[str, str], bytes]


def send(
    cloud: RunningCloud, attack: Attack, headers: Mapping[str, str], method: str | None = None
) -> Answer:
    """The answer to a request with exactly these headers besides its own."""
    connection = HTTPConnection("127.0.0.1", cloud.port, timeout=30)
    try:
        connection.putrequest(method or attack.method, attack.path, skip_host=True, skip_accept_encoding=True)
        for name, value in {
            "Host": f"127.0.0.1:{cloud.port}",
            "Content-Length": str(len(attack.body.encode())),
            **attack.headers,
            **headers,
        }.items():
            connection.putheader(name, value)
        connection.endheaders(attack.body.encode())
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    finally:
        connection.close()


def signed(
    cloud: RunningCloud, attack: Attack, credentials: Credentials, *, at: datetime.datetime | None = None
) -> dict[str, str]:
    """The headers that botocore adds for these credentials."""
    request = AWSRequest(
        method=attack.method,
        url=f"{cloud.endpoint}{attack.path}",
        data=attack.body.encode(),
        headers=dict(attack.headers),
    )
    moment = at or datetime.datetime.now(datetime.UTC)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment.replace(tzinfo=None)):
        SigV4Auth(credentials, attack.service, REGION).add_auth(request)
    return {name: str(value) for name, value in request.headers.items() if name not in attack.headers}


CODES = {
    "ssm": (
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
        "InvalidSignatureException",
    ),
    "ec2": ("MissingAuthenticationToken", "AuthFailure", "AuthFailure"),
    "iam": ("MissingAuthenticationToken", "InvalidClientTokenId", "SignatureDoesNotMatch"),
    "route53": ("AccessDenied", "InvalidClientTokenId", "SignatureDoesNotMatch"),
    "s3": ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
}  # fmt: skip


def presigned(cloud: RunningCloud, credentials: Credentials, *, expires: int = 60, age: int = 0) -> str:
    """A URL for the object, of which nothing but the signature needs to be known."""
    request = AWSRequest(method="GET", url=f"{cloud.endpoint}/held/object")
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=age)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment.replace(tzinfo=None)):
        S3SigV4QueryAuth(credentials, "s3", REGION, expires=expires).add_auth(request)
    return str(request.url)


def client(endpoint: str, credentials: Credentials, service: str, **config: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def state(cloud: RunningCloud) -> tuple[object, ...]:
    objects = cloud.client("s3").list_objects_v2(Bucket="held")["Contents"]
    return (
        [command["CommandId"] for command in cloud.client("ssm").list_commands()["Commands"]],
        cloud.client("ec2").describe_instances()["Reservations"],
        [held["Key"] for held in objects],
        cloud.rows(),
    )


OTHER_USER = """
import sys, urllib.error, urllib.request
import boto3
from botocore.config import Config
endpoint, state = sys.argv[1:]
for path in ("access-key.json", ""):
    try:
        print(open(f"{state}/{path}").read())
    except OSError as error:
        print(type(error).__name__)
def client(service):
    return boto3.client(service, endpoint_url=endpoint, region_name="eu-central-1", aws_access_key_id="any",
                        aws_secret_access_key="any", config=Config(retries={"total_max_attempts": 1}))
for call in (
    lambda: client("ssm").send_command(DocumentName="AWS-RunShellScript", InstanceIds=["i-0123456789abcdef0"],
                                       Parameters={"commands": ["id"]}),
    lambda: client("ec2").run_instances(ImageId="ami-1", MinCount=1, MaxCount=1, UserData="#!/bin/sh"),
    lambda: client("ecs").run_task(cluster="none", taskDefinition="none", launchType="FARGATE"),
    lambda: client("s3").get_object(Bucket="held", Key="object"),
    lambda: urllib.request.urlopen(f"{endpoint}/_evenkeel/status"),
    lambda: urllib.request.urlopen(f"{endpoint}/_evenkeel/faults", b"{}"),
):
    try:
        print(call())
    except urllib.error.HTTPError as error:
        print(error.code)
    except Exception as error:
        print(error.response["Error"]["Code"])
"""


def refusal(url: str) -> str:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url, timeout=30)
    assert refused.value.code in (400, 403)
    return refused.value.read().decode()
