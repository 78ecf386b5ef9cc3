"""Launch templates, instances, Auto Scaling, and what balances between servers."""

import base64
from functools import partial
from typing import Any

from tests.rehearsal.cloud.mistakes.mistake import Mistake

ec2 = partial(Mistake, service="ec2")
autoscaling = partial(Mistake, service="autoscaling")
elbv2 = partial(Mistake, service="elbv2")


def template(**data: Any) -> dict[str, Any]:
    """The members of CreateLaunchTemplate."""
    return {"LaunchTemplateName": "new", "LaunchTemplateData": {"ImageId": "{image}", **data}}


def group(**members: Any) -> dict[str, Any]:
    """The members of CreateAutoScalingGroup."""
    return {
        "AutoScalingGroupName": "new",
        "MinSize": 0,
        "MaxSize": 1,
        "LaunchTemplate": {"LaunchTemplateId": "{template}", "Version": "$Latest"},
        "VPCZoneIdentifier": "{subnet}",
        **members,
    }


def hook(**members: Any) -> dict[str, Any]:
    """The members of PutLifecycleHook."""
    return {
        "LifecycleHookName": "new",
        "AutoScalingGroupName": "standing",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        **members,
    }


def schedule(**members: Any) -> dict[str, Any]:
    """The members of PutScheduledUpdateGroupAction."""
    return {"AutoScalingGroupName": "standing", "ScheduledActionName": "new", "MinSize": 0, **members}


def policy(**members: Any) -> dict[str, Any]:
    """The members of PutScalingPolicy."""
    return {
        "AutoScalingGroupName": "standing",
        "PolicyName": "new",
        "PolicyType": "TargetTrackingScaling",
        **members,
    }


def balancer(**members: Any) -> dict[str, Any]:
    """The members of CreateLoadBalancer."""
    return {"Name": "new", "Subnets": ["{subnet}", "{other_subnet}"], **members}


def targets(**members: Any) -> dict[str, Any]:
    """The members of CreateTargetGroup."""
    return {"Name": "new", "Protocol": "HTTP", "Port": 80, "VpcId": "{vpc}", **members}


def listener(**members: Any) -> dict[str, Any]:
    """The members of CreateListener."""
    return {
        "LoadBalancerArn": "{balancer}",
        "Protocol": "HTTP",
        "Port": 8081,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": "{targets}"}],
        **members,
    }


def attributes(**values: str) -> list[dict[str, str]]:
    return [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]


INSTANCES = (
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
AUTO_SCALING = (
    autoscaling(
        what="half of a maintenance policy",
        operation="CreateAutoScalingGroup",
        members=group(InstanceMaintenancePolicy={"MinHealthyPercentage": 100}),
        code="ValidationError",
    ),
    autoscaling(
        what="a maintenance policy whose limits are too far apart",
        operation="CreateAutoScalingGroup",
        members=group(InstanceMaintenancePolicy={"MinHealthyPercentage": 50, "MaxHealthyPercentage": 200}),
        code="ValidationError",
    ),
    autoscaling(
        what="a group's name of 256 characters",
        operation="CreateAutoScalingGroup",
        members=group(AutoScalingGroupName="g" * 256),
        code="ValidationError",
    ),
    autoscaling(
        what="a group smaller than its smallest",
        operation="CreateAutoScalingGroup",
        members=group(MinSize=2, MaxSize=1),
        code="ValidationError",
    ),
    autoscaling(
        what="a group without a maximum",
        operation="CreateAutoScalingGroup",
        members={key: value for key, value in group().items() if key != "MaxSize"},
        code="ValidationError",
    ),
    autoscaling(
        what="a group that launches nothing",
        operation="CreateAutoScalingGroup",
        members={key: value for key, value in group().items() if key != "LaunchTemplate"},
        code="ValidationError",
    ),
    autoscaling(
        what="a group of a launch template that is not there",
        operation="CreateAutoScalingGroup",
        members=group(LaunchTemplate={"LaunchTemplateId": "lt-0123456789abcdef0"}),
        code="ValidationError",
    ),
    autoscaling(
        what="a group in a subnet that is not there",
        operation="CreateAutoScalingGroup",
        members=group(VPCZoneIdentifier="subnet-0123456789abcdef0"),
        code="ValidationError",
    ),
    autoscaling(
        what="a group's targets that are not there",
        operation="CreateAutoScalingGroup",
        members=group(TargetGroupARNs=["{targets}0"]),
        code="ValidationError",
    ),
    autoscaling(
        what="a kind of health check that there is not",
        operation="CreateAutoScalingGroup",
        members=group(HealthCheckType="PING"),
        code="ValidationError",
    ),
    autoscaling(
        what="a termination policy that there is not",
        operation="CreateAutoScalingGroup",
        members=group(TerminationPolicies=["AnyInstance"]),
        code="ValidationError",
    ),
    autoscaling(
        what="a second group of a name",
        operation="CreateAutoScalingGroup",
        members=group(AutoScalingGroupName="standing"),
        code="AlreadyExists",
    ),
    autoscaling(
        what="more servers than a group may have",
        operation="SetDesiredCapacity",
        members={"AutoScalingGroupName": "standing", "DesiredCapacity": 9},
        code="ValidationError",
    ),
    autoscaling(
        what="a hook that waits ten seconds",
        operation="PutLifecycleHook",
        members=hook(HeartbeatTimeout=10),
        code="ValidationError",
    ),
    autoscaling(
        what="a hook of a transition that there is not",
        operation="PutLifecycleHook",
        members=hook(LifecycleTransition="autoscaling:EC2_INSTANCE_STOPPING"),
        code="ValidationError",
    ),
    autoscaling(
        what="a hook's result that there is not",
        operation="PutLifecycleHook",
        members=hook(DefaultResult="RETRY"),
        code="ValidationError",
    ),
    autoscaling(
        what="a hook of a group that is not there",
        operation="PutLifecycleHook",
        members=hook(AutoScalingGroupName="absent"),
        code="ValidationError",
    ),
    autoscaling(
        what="a cron expression of four fields",
        operation="PutScheduledUpdateGroupAction",
        members=schedule(Recurrence="0 8 * *"),
        code="ValidationError",
    ),
    autoscaling(
        what="a cron expression for hour 24",
        operation="PutScheduledUpdateGroupAction",
        members=schedule(Recurrence="0 24 * * *"),
        code="ValidationError",
    ),
    autoscaling(
        what="a time zone that there is not",
        operation="PutScheduledUpdateGroupAction",
        members=schedule(Recurrence="0 8 * * *", TimeZone="Europe/Atlantis"),
        code="ValidationError",
    ),
    autoscaling(
        what="a policy that tracks nothing",
        operation="PutScalingPolicy",
        members=policy(),
        code="ValidationError",
    ),
    autoscaling(
        what="a metric that there is not",
        operation="PutScalingPolicy",
        members=policy(
            TargetTrackingConfiguration={
                "TargetValue": 1.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageMood"},
            }
        ),
        code="ValidationError",
    ),
    autoscaling(
        what="requests per target without the targets",
        operation="PutScalingPolicy",
        members=policy(
            TargetTrackingConfiguration={
                "TargetValue": 1.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget"},
            }
        ),
        code="ValidationError",
    ),
    autoscaling(
        what="a refresh that keeps 101 % healthy",
        operation="StartInstanceRefresh",
        members={"AutoScalingGroupName": "standing", "Preferences": {"MinHealthyPercentage": 101}},
        code="ValidationError",
    ),
    autoscaling(
        what="a refresh of a group that is not there",
        operation="StartInstanceRefresh",
        members={"AutoScalingGroupName": "absent"},
        code="ValidationError",
    ),
    autoscaling(
        what="the end of a refresh that is not there",
        operation="CancelInstanceRefresh",
        members={"AutoScalingGroupName": "standing"},
        code="ActiveInstanceRefreshNotFound",
    ),
    autoscaling(
        what="a warm pool of a state that there is not",
        operation="PutWarmPool",
        members={"AutoScalingGroupName": "standing", "PoolState": "Lukewarm"},
        code="ValidationError",
    ),
    autoscaling(
        what="a group that is not there",
        operation="DeleteAutoScalingGroup",
        members={"AutoScalingGroupName": "absent"},
        code="ValidationError",
    ),
)
BALANCING = (
    elbv2(
        what="a balancer's name with an underscore",
        operation="CreateLoadBalancer",
        members=balancer(Name="my_balancer"),
        code="ValidationError",
    ),
    elbv2(
        what="a balancer's name of 33 characters",
        operation="CreateLoadBalancer",
        members=balancer(Name="b" * 33),
        code="ValidationError",
    ),
    elbv2(
        what="a balancer's name of AWS's own",
        operation="CreateLoadBalancer",
        members=balancer(Name="internal-shop"),
        code="ValidationError",
    ),
    elbv2(
        what="a balancer in one subnet",
        operation="CreateLoadBalancer",
        members=balancer(Subnets=["{subnet}"]),
        code="ValidationError",
    ),
    elbv2(
        what="a balancer in a subnet that is not there",
        operation="CreateLoadBalancer",
        members=balancer(Subnets=["{subnet}", "subnet-0123456789abcdef0"]),
        code="SubnetNotFound",
    ),
    elbv2(
        what="a balancer's security group that is not there",
        operation="CreateLoadBalancer",
        members=balancer(SecurityGroups=["sg-0123456789abcdef0"]),
        code="InvalidSecurityGroup",
    ),
    elbv2(
        what="a balancer's scheme that there is not",
        operation="CreateLoadBalancer",
        members=balancer(Scheme="private"),
        code="ValidationError",
    ),
    elbv2(
        what="a balancer that is protected",
        operation="DeleteLoadBalancer",
        members={"LoadBalancerArn": "{protected}"},
        code="OperationNotPermitted",
    ),
    elbv2(
        what="a balancer's attribute that there is not",
        operation="ModifyLoadBalancerAttributes",
        members={"LoadBalancerArn": "{balancer}", "Attributes": attributes(idle="60")},
        code="ValidationError",
    ),
    elbv2(
        what="an idle time-out of 4001 seconds",
        operation="ModifyLoadBalancerAttributes",
        members={
            "LoadBalancerArn": "{balancer}",
            "Attributes": attributes(idle_timeout__timeout_seconds="4001"),
        },
        code="ValidationError",
    ),
    elbv2(
        what="targets at a port beyond 65535",
        operation="CreateTargetGroup",
        members=targets(Port=70000),
        code="ValidationError",
    ),
    elbv2(
        what="targets of a protocol that there is not",
        operation="CreateTargetGroup",
        members=targets(Protocol="GOPHER"),
        code="ValidationError",
    ),
    elbv2(
        what="targets without a VPC",
        operation="CreateTargetGroup",
        members={key: value for key, value in targets().items() if key != "VpcId"},
        code="ValidationError",
    ),
    elbv2(
        what="targets' name that ends in a hyphen",
        operation="CreateTargetGroup",
        members=targets(Name="new-"),
        code="ValidationError",
    ),
    elbv2(
        what="a check every four seconds",
        operation="CreateTargetGroup",
        members=targets(HealthCheckIntervalSeconds=4),
        code="ValidationError",
    ),
    elbv2(
        what="eleven checks before a target is healthy",
        operation="CreateTargetGroup",
        members=targets(HealthyThresholdCount=11),
        code="ValidationError",
    ),
    elbv2(
        what="a check that may last longer than the time between two",
        operation="CreateTargetGroup",
        members=targets(HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=6),
        code="ValidationError",
    ),
    elbv2(
        what="a check's success that HTTP does not have",
        operation="CreateTargetGroup",
        members=targets(Matcher={"HttpCode": "600"}),
        code="ValidationError",
    ),
    elbv2(
        what="a deregistration delay of 3601 seconds",
        operation="ModifyTargetGroupAttributes",
        members={
            "TargetGroupArn": "{targets}",
            "Attributes": attributes(deregistration_delay__timeout_seconds="3601"),
        },
        code="ValidationError",
    ),
    elbv2(
        what="targets in use",
        operation="DeleteTargetGroup",
        members={"TargetGroupArn": "{targets}"},
        code="ResourceInUse",
    ),
    elbv2(
        what="a target that is not there",
        operation="RegisterTargets",
        members={"TargetGroupArn": "{targets}", "Targets": [{"Id": "i-0123456789abcdef0"}]},
        code="InvalidTarget",
    ),
    elbv2(
        what="HTTPS without a certificate",
        operation="CreateListener",
        members=listener(Protocol="HTTPS"),
        code="ValidationError",
    ),
    elbv2(
        what="a certificate that is not there",
        operation="CreateListener",
        members=listener(
            Protocol="HTTPS",
            Certificates=[{"CertificateArn": "{certificate}0"}],
        ),
        code="CertificateNotFound",
    ),
    elbv2(
        what="a security policy that there is not",
        operation="CreateListener",
        members=listener(
            Protocol="HTTPS",
            Certificates=[{"CertificateArn": "{certificate}"}],
            SslPolicy="ELBSecurityPolicy-2099-01",
        ),
        code="SSLPolicyNotFound",
    ),
    elbv2(
        what="a listener's targets that are not there",
        operation="CreateListener",
        members=listener(DefaultActions=[{"Type": "forward", "TargetGroupArn": "{targets}0"}]),
        code="TargetGroupNotFound",
    ),
    elbv2(
        what="a second listener at a port",
        operation="CreateListener",
        members=listener(Port=8080),
        code="DuplicateListener",
    ),
    elbv2(
        what="a listener's action that there is not",
        operation="CreateListener",
        members=listener(DefaultActions=[{"Type": "forget", "TargetGroupArn": "{targets}"}]),
        code="ValidationError",
    ),
)
