"""Launch templates and instances."""

import base64
from functools import partial
from typing import Any

from tests.rehearsal.cloud.mistakes.mistake import Mistake

ec2 = partial(Mistake, service="ec2")


def template(**data: Any) -> dict[str, Any]:
    """The members of CreateLaunchTemplate."""
    return {"LaunchTemplateName": "new", "LaunchTemplateData": {"ImageId": "{image}", **data}}


INSTANCES = (
    ec2(
        what="tags of no kind of resource in a launch template",
        operation="CreateLaunchTemplate",
        members=template(TagSpecifications=[{"Tags": [{"Key": "a", "Value": "b"}]}]),
        code="InvalidParameterValue",
    ),
    ec2(
        what="tags of no kind of resource",
        operation="CreateVpc",
        members={
            "CidrBlock": "10.9.0.0/16",
            "TagSpecifications": [{"Tags": [{"Key": "a", "Value": "b"}]}],
        },
        code="InvalidParameterValue",
    ),
    ec2(
        what="user data of more than 16 KiB",
        operation="CreateLaunchTemplate",
        members=template(UserData=base64.b64encode(b"#" * (16 * 1024 + 1)).decode()),
        code="InvalidUserData.Malformed",
    ),
    ec2(
        what="user data that is not base64",
        operation="CreateLaunchTemplate",
        members=template(UserData="#!/bin/sh"),
        code="InvalidUserData.Malformed",
    ),
    ec2(
        what="a hop limit of 99",
        operation="CreateLaunchTemplate",
        members=template(MetadataOptions={"HttpPutResponseHopLimit": 99}),
        code="InvalidParameterValue",
    ),
    ec2(
        what="a launch template's name with a colon",
        operation="CreateLaunchTemplate",
        members={**template(), "LaunchTemplateName": "new:one"},
        code="InvalidLaunchTemplateName.MalformedException",
    ),
    ec2(
        what="a second launch template of a name",
        operation="CreateLaunchTemplate",
        members={**template(), "LaunchTemplateName": "standing"},
        code="InvalidLaunchTemplateName.AlreadyExistsException",
    ),
    ec2(
        what="a version of a launch template that is not there",
        operation="CreateLaunchTemplateVersion",
        members={"LaunchTemplateId": "lt-0123456789abcdef0", "LaunchTemplateData": {"KeyName": "x"}},
        code="InvalidLaunchTemplateId.NotFound",
    ),
    ec2(
        what="a volume of a type that there is not",
        operation="CreateLaunchTemplate",
        members=template(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "gp9"}}]),
        code="InvalidParameterValue",
    ),
    ec2(
        what="an instance of an image that is not there",
        operation="RunInstances",
        members={"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1},
        code="InvalidAMIID.NotFound",
    ),
    ec2(
        what="an instance of a type that there is not",
        operation="RunInstances",
        members={"ImageId": "{image}", "InstanceType": "t9.huge", "MinCount": 1, "MaxCount": 1},
        code="InvalidParameterValue",
    ),
    ec2(
        what="no number of instances",
        operation="RunInstances",
        members={"ImageId": "{image}", "InstanceType": "t3.small"},
        code="MissingParameter",
    ),
    ec2(
        what="more instances than the account may run",
        operation="RunInstances",
        members={"ImageId": "{image}", "InstanceType": "t3.small", "MinCount": 65, "MaxCount": 65},
        code="InstanceLimitExceeded",
    ),
    ec2(
        what="an instance that is not there",
        operation="TerminateInstances",
        members={"InstanceIds": ["i-0123456789abcdef0"]},
        code="InvalidInstanceID.NotFound",
    ),
    ec2(
        what="an instance's id that is none",
        operation="TerminateInstances",
        members={"InstanceIds": ["the-first"]},
        code="InvalidInstanceID.Malformed",
    ),
)
