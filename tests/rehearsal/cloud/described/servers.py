"""App servers and what brings requests to them."""

import base64
from collections.abc import Callable

from tests.rehearsal.cloud.described.network import TAGS, security_group_ids, subnet_ids, tagged, vpc_id
from tests.rehearsal.cloud.described.operations import instance_profile_arn
from tests.rehearsal.cloud.described.put import Put, PuttingClient

GROUP = "described"


def image_id(aws: PuttingClient) -> str:
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    return str(aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])


def launch_template_id(aws: PuttingClient) -> str:
    made = aws.client("ec2").create_launch_template(
        LaunchTemplateName="servers",
        LaunchTemplateData={"ImageId": aws.once(image_id), "InstanceType": "t3.small"},
    )
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


def target_group_arn(aws: PuttingClient) -> str:
    made = aws.client("elbv2").create_target_group(
        Name="described-shared", Protocol="HTTP", Port=3000, VpcId=aws.once(vpc_id), TargetType="instance"
    )
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def load_balancer_arn(aws: PuttingClient) -> str:
    made = aws.client("elbv2").create_load_balancer(Name="described-shared", Subnets=aws.once(subnet_ids))
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def auto_scaling_group(aws: PuttingClient) -> Put:
    asked = {
        "AutoScalingGroupName": GROUP,
        "MinSize": 0,
        "MaxSize": 3,
        "DesiredCapacity": 0,
        "DefaultInstanceWarmup": 30,
        "HealthCheckType": "ELB",
        "HealthCheckGracePeriod": 90,
        "CapacityRebalance": True,
        "TerminationPolicies": ["OldestLaunchTemplate", "Default"],
        "TargetGroupARNs": [aws.once(target_group_arn)],
        "InstanceMaintenancePolicy": {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150},
        "MixedInstancesPolicy": {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {
                    "LaunchTemplateId": aws.once(launch_template_id),
                    "Version": "1",
                },
                "Overrides": [{"InstanceType": "t3.small"}, {"InstanceType": "t3a.small"}],
            },
            "InstancesDistribution": {
                "OnDemandPercentageAboveBaseCapacity": 50,
                "SpotAllocationStrategy": "price-capacity-optimized",
            },
        },
        "Tags": [{"Key": "Stack", "Value": "described", "PropagateAtLaunch": True}],
    }
    aws.client("autoscaling").create_auto_scaling_group(
        **asked, VPCZoneIdentifier=",".join(aws.once(subnet_ids))
    )
    return Put(
        asked=asked,
        described=aws.describe(
            "autoscaling",
            "describe_auto_scaling_groups",
            "AutoScalingGroups",
            AutoScalingGroupNames=[GROUP],
        ),
        unasked=("LaunchTemplate", "LaunchConfigurationName", "PlacementGroup", "Context", "Status"),
    )


def group_name(aws: PuttingClient) -> str:
    aws.once(auto_scaling_group)
    return GROUP


def lifecycle_hook(aws: PuttingClient) -> Put:
    asked = {
        "AutoScalingGroupName": aws.once(group_name),
        "LifecycleHookName": "drain",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "HeartbeatTimeout": 300,
        "DefaultResult": "CONTINUE",
    }
    aws.client("autoscaling").put_lifecycle_hook(**asked)
    return Put(
        asked=asked,
        described=aws.describe(
            "autoscaling",
            "describe_lifecycle_hooks",
            "LifecycleHooks",
            AutoScalingGroupName=GROUP,
            LifecycleHookNames=["drain"],
        ),
        unasked=("NotificationTargetARN", "RoleARN", "NotificationMetadata"),
    )


def scaling_policy(aws: PuttingClient) -> Put:
    asked = {
        "AutoScalingGroupName": aws.once(group_name),
        "PolicyName": "cpu",
        "PolicyType": "TargetTrackingScaling",
        "EstimatedInstanceWarmup": 60,
        "TargetTrackingConfiguration": {
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
            "TargetValue": 60.0,
            "DisableScaleIn": False,
        },
    }
    aws.client("autoscaling").put_scaling_policy(**asked)
    return Put(
        asked={**asked, "Enabled": True},
        described=aws.describe(
            "autoscaling", "describe_policies", "ScalingPolicies", AutoScalingGroupName=GROUP
        ),
        unasked=("PredictiveScalingConfiguration", "AdjustmentType", "ScalingAdjustment", "Cooldown"),
    )


def launch_template(aws: PuttingClient) -> Put:
    asked = {
        "ImageId": aws.once(image_id),
        "InstanceType": "t3.small",
        "EbsOptimized": True,
        "UserData": base64.b64encode(b"#!/bin/sh\n").decode(),
        "IamInstanceProfile": {"Arn": aws.once(instance_profile_arn)},
        "MetadataOptions": {
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 1,
            "HttpEndpoint": "enabled",
            "InstanceMetadataTags": "disabled",
        },
        "Monitoring": {"Enabled": True},
        "NetworkInterfaces": [
            {"DeviceIndex": 0, "AssociatePublicIpAddress": False, "Groups": aws.once(security_group_ids)[:1]}
        ],
        "BlockDeviceMappings": [
            {
                "DeviceName": "/dev/xvda",
                "Ebs": {"Encrypted": True, "VolumeSize": 20, "VolumeType": "gp3"},
            }
        ],
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "app"}]}],
    }
    made = aws.client("ec2").create_launch_template(
        LaunchTemplateName="described",
        LaunchTemplateData=asked,
        TagSpecifications=tagged("launch-template"),
    )["LaunchTemplate"]["LaunchTemplateId"]
    version = aws.describe(
        "ec2", "describe_launch_template_versions", "LaunchTemplateVersions", LaunchTemplateId=made
    )
    kinds = [one["ResourceType"] for one in version.value["LaunchTemplateData"]["TagSpecifications"]]
    assert kinds == ["instance"], "the template's own tags are no tags of what it launches"
    return Put(asked={"LaunchTemplateData": asked}, described=version, unasked=("VersionDescription",))


def load_balancer(aws: PuttingClient) -> Put:
    asked = {
        "Name": "described",
        "Scheme": "internet-facing",
        "Type": "application",
        "IpAddressType": "ipv4",
        "SecurityGroups": aws.once(security_group_ids)[:1],
    }
    aws.client("elbv2").create_load_balancer(**asked, Subnets=aws.once(subnet_ids), Tags=TAGS)
    zones = [{"SubnetId": identity} for identity in aws.once(subnet_ids)]
    return Put(
        asked={**asked, "AvailabilityZones": zones},
        described=aws.describe("elbv2", "describe_load_balancers", "LoadBalancers", Names=["described"]),
        names={"Name": "LoadBalancerName"},
    )


def target_group(aws: PuttingClient) -> Put:
    asked = {
        "Name": "described",
        "Protocol": "HTTP",
        "ProtocolVersion": "HTTP1",
        "Port": 3000,
        "VpcId": aws.once(vpc_id),
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckPath": "/readyz",
        "HealthCheckIntervalSeconds": 5,
        "HealthCheckTimeoutSeconds": 4,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 3,
        "Matcher": {"HttpCode": "200"},
        "TargetType": "instance",
        "IpAddressType": "ipv4",
    }
    aws.client("elbv2").create_target_group(**asked, Tags=TAGS)
    return Put(
        asked=asked,
        described=aws.describe("elbv2", "describe_target_groups", "TargetGroups", Names=["described"]),
        names={"Name": "TargetGroupName"},
    )


def listener(aws: PuttingClient) -> Put:
    asked = {
        "LoadBalancerArn": aws.once(load_balancer_arn),
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": [
            {
                "Type": "redirect",
                "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
            }
        ],
    }
    made = aws.client("elbv2").create_listener(**asked)["Listeners"][0]["ListenerArn"]
    return Put(
        asked=asked,
        described=aws.describe("elbv2", "describe_listeners", "Listeners", ListenerArns=[made]),
        unasked=("SslPolicy", "Certificates", "AlpnPolicy"),
    )


PUTS: dict[str, Callable[[PuttingClient], Put]] = {
    "aws:autoscaling/group:Group": lambda aws: aws.once(auto_scaling_group),
    "aws:autoscaling/lifecycleHook:LifecycleHook": lifecycle_hook,
    "aws:autoscaling/policy:Policy": scaling_policy,
    "aws:ec2/launchTemplate:LaunchTemplate": launch_template,
    "aws:lb/listener:Listener": listener,
    "aws:lb/loadBalancer:LoadBalancer": load_balancer,
    "aws:lb/targetGroup:TargetGroup": target_group,
}
