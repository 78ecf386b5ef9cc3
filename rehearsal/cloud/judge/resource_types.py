"""Which CloudFormation resource type describes what an operation makes or changes.

Members and properties match by name, in whatever case; `names` has those that differ, with `None` for a
member that means something else than the property of its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceType:
    """The type that an operation is about."""

    type: str
    whole: bool = True
    """Whether the call has every property that is required; a modification has those that change."""
    names: Mapping[str, str | None]


def _made(type: str, **names: str | None) -> ResourceType:
    return ResourceType(type=type, names=names)


def _changed(type: str, **names: str | None) -> ResourceType:
    return ResourceType(type=type, whole=False, names=names)


_GROUP = "AWS::AutoScaling::AutoScalingGroup"
RESOURCE_TYPES: Mapping[tuple[str, str], ResourceType] = {
    ("acm", "RequestCertificate"): _made("AWS::CertificateManager::Certificate"),
    ("autoscaling", "CreateAutoScalingGroup"): _made(
        "AWS::AutoScaling::AutoScalingGroup", VPCZoneIdentifier=None
    ),
    ("autoscaling", "UpdateAutoScalingGroup"): _changed(
        "AWS::AutoScaling::AutoScalingGroup", VPCZoneIdentifier=None
    ),
    ("autoscaling", "PutLifecycleHook"): _changed("AWS::AutoScaling::LifecycleHook"),
    ("autoscaling", "PutScalingPolicy"): _made("AWS::AutoScaling::ScalingPolicy"),
    ("autoscaling", "PutScheduledUpdateGroupAction"): _changed("AWS::AutoScaling::ScheduledAction"),
    ("autoscaling", "PutWarmPool"): _made("AWS::AutoScaling::WarmPool"),
    ("cloudwatch", "PutMetricAlarm"): _made("AWS::CloudWatch::Alarm"),
    ("cloudwatch", "PutCompositeAlarm"): _made("AWS::CloudWatch::CompositeAlarm"),
    ("ec2", "AllocateAddress"): _changed("AWS::EC2::EIP"),
    ("ec2", "CreateFlowLogs"): _changed("AWS::EC2::FlowLog"),
    ("ec2", "CreateLaunchTemplate"): _made("AWS::EC2::LaunchTemplate"),
    ("ec2", "CreateLaunchTemplateVersion"): _changed("AWS::EC2::LaunchTemplate"),
    ("ec2", "CreateNatGateway"): _changed("AWS::EC2::NatGateway"),
    ("ec2", "CreateRoute"): _changed("AWS::EC2::Route"),
    ("ec2", "CreateSecurityGroup"): _made("AWS::EC2::SecurityGroup", Description="GroupDescription"),
    ("ec2", "CreateSubnet"): _changed("AWS::EC2::Subnet"),
    ("ec2", "CreateVpc"): _changed("AWS::EC2::VPC"),
    ("ec2", "CreateVpcEndpoint"): _made("AWS::EC2::VPCEndpoint"),
    ("ec2", "RunInstances"): _changed("AWS::EC2::Instance"),
    ("ecs", "CreateCluster"): _made("AWS::ECS::Cluster"),
    ("ecs", "RegisterTaskDefinition"): _made("AWS::ECS::TaskDefinition"),
    ("elasticache", "CreateCacheParameterGroup"): _made(
        "AWS::ElastiCache::ParameterGroup", CacheParameterGroupName=None
    ),
    ("elasticache", "CreateCacheSubnetGroup"): _made(
        "AWS::ElastiCache::SubnetGroup", CacheSubnetGroupDescription="Description"
    ),
    ("elasticache", "CreateReplicationGroup"): _made("AWS::ElastiCache::ReplicationGroup"),
    ("elasticache", "ModifyReplicationGroup"): _changed("AWS::ElastiCache::ReplicationGroup"),
    ("elbv2", "CreateListener"): _made("AWS::ElasticLoadBalancingV2::Listener"),
    ("elbv2", "ModifyListener"): _changed("AWS::ElasticLoadBalancingV2::Listener"),
    ("elbv2", "CreateLoadBalancer"): _made("AWS::ElasticLoadBalancingV2::LoadBalancer"),
    ("elbv2", "CreateRule"): _made("AWS::ElasticLoadBalancingV2::ListenerRule"),
    ("elbv2", "CreateTargetGroup"): _made("AWS::ElasticLoadBalancingV2::TargetGroup"),
    ("elbv2", "ModifyTargetGroup"): _changed("AWS::ElasticLoadBalancingV2::TargetGroup"),
    ("iam", "CreateInstanceProfile"): _changed("AWS::IAM::InstanceProfile"),
    ("iam", "CreateRole"): _made("AWS::IAM::Role"),
    ("kms", "CreateAlias"): _made("AWS::KMS::Alias"),
    ("kms", "CreateKey"): _changed("AWS::KMS::Key"),
    ("logs", "CreateLogGroup"): _made("AWS::Logs::LogGroup"),
    ("logs", "PutRetentionPolicy"): _made("AWS::Logs::LogGroup"),
    ("logs", "PutMetricFilter"): _made("AWS::Logs::MetricFilter"),
    ("rds", "CreateDBInstance"): _made("AWS::RDS::DBInstance", DBName=None),
    ("rds", "ModifyDBInstance"): _changed("AWS::RDS::DBInstance"),
    ("rds", "CreateDBParameterGroup"): _made("AWS::RDS::DBParameterGroup", DBParameterGroupFamily="Family"),
    ("rds", "CreateDBSubnetGroup"): _made("AWS::RDS::DBSubnetGroup"),
    ("rds", "CreateEventSubscription"): _made("AWS::RDS::EventSubscription"),
    ("secretsmanager", "CreateSecret"): _made("AWS::SecretsManager::Secret"),
    ("sns", "CreateTopic"): _made("AWS::SNS::Topic", Name="TopicName"),
    ("sns", "Subscribe"): _made("AWS::SNS::Subscription"),
    ("ssm", "PutParameter"): _changed("AWS::SSM::Parameter", Type=None),  # which is no secret there
}
