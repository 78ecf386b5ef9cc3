"""What a client puts is what every client is told, attribute by attribute: each type that the stacks use."""

import socket
from dataclasses import replace
from typing import Any

import boto3
import pytest

from testkit.program import ROOT, configuration, program
from tests.rehearsal.cloud.described import PUTS
from tests.rehearsal.cloud.described.network import TAGS
from tests.rehearsal.cloud.described.put import PuttingClient, differences, leaves
from tests.rehearsal.cloud.described.storage import REGION
from tests.rehearsal.cloud.running import RunningCloud

STACKS = [path.name.split(".")[1] for path in (ROOT / "stacks").glob("Pulumi.*.yaml")]
NOTHING_IS_PUT = {"aws:acm/certificateValidation:CertificateValidation"}
"""Waits for a certificate, which is put by another."""


@pytest.fixture(scope="module")
def aws(cloud: RunningCloud) -> PuttingClient:
    return PuttingClient(cloud)


def otherwise(asked: Any) -> Any:
    """The same members with other values."""
    if isinstance(asked, dict):
        return {name: otherwise(value) for name, value in asked.items()}
    return [otherwise(value) for value in asked] if isinstance(asked, list) else f"not {asked}"


@pytest.mark.parametrize("kind", PUTS)
def test_what_is_put_is_described(aws: PuttingClient, kind: str) -> None:
    """And nothing that nobody asked for. The twin: asked for otherwise, every attribute is a difference."""
    put = PUTS[kind](aws)
    assert differences(put) == []
    assert len(differences(replace(put, asked=otherwise(put.asked)))) == leaves(put) > 0


def test_every_type_of_the_stacks_is_put() -> None:
    used = {kind for stack in STACKS for kind in program(configuration(stack), stack=stack).types}
    assert {kind for kind in used if kind.startswith("aws:")} - NOTHING_IS_PUT == PUTS.keys()


def test_a_certificate_is_issued_once_its_record_is_published(aws: PuttingClient) -> None:
    acm, route53 = aws.client("acm"), aws.client("route53")
    arn = acm.request_certificate(DomainName="a.proved.dev", ValidationMethod="DNS")["CertificateArn"]
    described = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    (option,) = described["DomainValidationOptions"]
    assert (described["Status"], option["ValidationStatus"]) == ("PENDING_VALIDATION", "PENDING_VALIDATION")
    zone = route53.create_hosted_zone(Name="proved.dev", CallerReference="proved")["HostedZone"]["Id"]
    record = {
        "Name": option["ResourceRecord"]["Name"],
        "Type": "CNAME",
        "TTL": 60,
        "ResourceRecords": [{"Value": option["ResourceRecord"]["Value"]}],
    }
    changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"


def test_the_tags_of_a_bucket_are_s3_controls_too(
    aws: PuttingClient, cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which Pulumi's own plugin asks for them; its clients put the account before the endpoint's name."""
    look_up = socket.getaddrinfo

    def named(host: Any, *arguments: Any, **options: Any) -> Any:
        """As a resolver that knows every name below localhost."""
        return look_up("127.0.0.1" if host == "123456789012.localhost" else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", named)
    control = boto3.client(
        "s3control",
        endpoint_url=cloud.endpoint.replace("127.0.0.1", "localhost"),
        region_name="eu-central-1",
        aws_access_key_id=cloud.key.id,
        aws_secret_access_key=cloud.key.secret,
    )
    bucket = {"AccountId": "123456789012", "ResourceArn": "arn:aws:s3:::by-control"}
    aws.client("s3").create_bucket(Bucket="by-control", CreateBucketConfiguration=REGION)
    aws.client("s3").put_bucket_tagging(Bucket="by-control", Tagging={"TagSet": TAGS})
    assert control.list_tags_for_resource(**bucket)["Tags"] == TAGS
    control.tag_resource(**bucket, Tags=[{"Key": "More", "Value": "yes"}])
    control.untag_resource(**bucket, TagKeys=[TAGS[0]["Key"]])
    described = aws.client("s3").get_bucket_tagging(Bucket="by-control")
    assert described["TagSet"] == [{"Key": "More", "Value": "yes"}]


def test_a_target_that_a_hook_notifies_is_described(aws: PuttingClient) -> None:
    """Where one is put: the twin of a hook without one."""
    autoscaling = aws.client("autoscaling")
    put = PUTS["aws:autoscaling/lifecycleHook:LifecycleHook"](aws)
    group, name = put.asked["AutoScalingGroupName"], put.asked["LifecycleHookName"]
    target = {
        "RoleARN": "arn:aws:iam::123456789012:role/hooks",
        "NotificationTargetARN": "arn:aws:sqs:eu-central-1:123456789012:hooks",
    }
    transition = put.asked["LifecycleTransition"]
    autoscaling.put_lifecycle_hook(
        AutoScalingGroupName=group, LifecycleHookName=name, LifecycleTransition=transition, **target
    )
    (found,) = autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=group, LifecycleHookNames=[name])[
        "LifecycleHooks"
    ]
    assert target.items() <= found.items()
