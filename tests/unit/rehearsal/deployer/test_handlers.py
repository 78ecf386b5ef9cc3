"""The policy of a deployer against a source that this project did not write: CloudFormation's schemas.

Each says which permissions a type's handlers need to create, read, update and delete a resource. What a
deployer of this kit has not is in a table, with the reason.
"""

import re

import pytest

from rehearsal.cloud.judge import schemas
from stacks import deployer_policy
from tests.unit.rehearsal.deployer.test_policy import listed, statements

TYPES = """
    AWS::AutoScaling::AutoScalingGroup AWS::AutoScaling::LifecycleHook AWS::AutoScaling::ScalingPolicy
    AWS::AutoScaling::ScheduledAction AWS::CertificateManager::Certificate AWS::CloudWatch::Alarm
    AWS::CloudWatch::Dashboard AWS::EC2::EIP AWS::EC2::FlowLog AWS::EC2::InternetGateway
    AWS::EC2::LaunchTemplate AWS::EC2::NatGateway AWS::EC2::Route AWS::EC2::RouteTable AWS::EC2::SecurityGroup
    AWS::EC2::SecurityGroupEgress AWS::EC2::SecurityGroupIngress AWS::EC2::Subnet
    AWS::EC2::SubnetRouteTableAssociation AWS::EC2::VPC AWS::EC2::VPCEndpoint AWS::EC2::VPCGatewayAttachment
    AWS::ECS::Cluster AWS::ECS::TaskDefinition AWS::ElastiCache::ParameterGroup
    AWS::ElastiCache::ReplicationGroup AWS::ElastiCache::SubnetGroup AWS::ElasticLoadBalancingV2::Listener
    AWS::ElasticLoadBalancingV2::LoadBalancer AWS::ElasticLoadBalancingV2::TargetGroup
    AWS::IAM::InstanceProfile AWS::IAM::Role AWS::IAM::RolePolicy AWS::KMS::Alias AWS::KMS::Key
    AWS::Logs::LogGroup AWS::RDS::DBInstance AWS::RDS::DBParameterGroup AWS::RDS::DBSubnetGroup
    AWS::RDS::EventSubscription AWS::Route53::RecordSet AWS::S3::Bucket AWS::S3::BucketPolicy
    AWS::SNS::Subscription AWS::SNS::Topic AWS::SSM::Parameter AWS::SecretsManager::Secret
"""
LEFT_OUT = {
    r"acm-pca:.+|acm:UpdateCertificateOptions": "no private authority, no export of certificates",
    r"autoscaling:.+(LoadBalancers|TrafficSources|NotificationConfiguration)": "target groups only",
    r"autoscaling:(Resume|Suspend)Processes|autoscaling:DescribeTags": "no process is suspended",
    r"cloudwatch:GetMetricData": "no policy of predictions",
    r"cognito-idp:.+|firehose:.+|managed-fleets:.+|s3tables:.+|vpc-lattice:.+|vpce:.+": "others' parts",
    r"ec2:(Accept|Associate)Address.*|ec2:.+NatGatewayAddress": "an address stays with its gateway",
    r"ec2:.+VpnGateways?|ec2:.+VpcEncryptionControls?|ec2:ModifyVpcTenancy|ec2:.+SubnetCidrBlock": "not used",
    r"ec2:DescribeTags|ec2:DescribeIpamPools": "CloudFormation's own way to look",
    r"ec2:UpdateSecurityGroupRuleDescriptions.+": "rules are modified as a whole",
    r"ecs:(ListTagsForResource|PutAccountSetting.*|PutClusterCapacityProviders|UpdateClusterSettings)": (
        "tags come with the description; no provider of capacity"
    ),
    r"elasticache:(Create|Delete)CacheCluster|elasticache:CreateSnapshot": "replication groups only",
    r"elasticache:(DescribeEngineDefaultParameters|ModifyReplicationGroupShardConfiguration)": "one shard",
    r"elasticloadbalancing:(Deregister|Register)Targets": "the group's servers register themselves",
    r"elasticloadbalancing:Modify(CapacityReservation|IpPools)": "no reserved capacity, no pools",
    r"iam:.+PermissionsBoundary": "roles have no boundary",
    r"kms:DisableKey": "the key is never disabled",
    r"logs:(Create|Delete|Update|Get)LogDelivery|logs:ListLogDeliveries": "flow logs go by a role",
    r"logs:(CreateLogStream|PutLogEvents)|s3:REST\.PUT\.OBJECT": "the services write",
    r"logs:.+(DataProtectionPolicy|IndexPolicy|IndexPolicies|ResourcePolicy|ResourcePolicies)": "not used",
    r"logs:(PutBearerTokenAuthentication|PutLogGroupDeletionProtection)": "not used",
    r"rds:.+(Replica|RoleToDBInstance|RoleFromDBInstance|PointInTime|AutomatedBackups.*)": "not used",
    r"rds:DescribeDB(Cluster.*|EngineVersions|Snapshots)|rds:DescribeE(ngine|vents).*|rds:CreateDBSnapshot": (
        "no clusters; RDS itself takes the final snapshot"
    ),
    r"rds:RebootDBInstance": "a parameter that waits for a restart is applied by hand",
    r"route53:ListHostedZones": "the zone is given by its id",
    r"s3:(Delete|Get|Put).*(Analytics|Inventory|Metrics|IntelligentTiering|Abac|Notification).*": "not used",
    r"s3:(Delete|Put).*(Website|CORS|Cors|Replication|Accelerate).*|s3:.+Metadata.*Table.+": "not used",
    r"s3:Put(Bucket)?ObjectLockConfiguration|s3:Put(Bucket|Object)Acl": "no lock, no access lists",
    r"s3:DeleteBucket(Encryption|Lifecycle)": "no IAM actions: Put…Configuration is what they take",
    r"secretsmanager:(GetRandomPassword|RemoveRegionsFromReplication|ReplicateSecretToRegions)": "not used",
    r"sns:.+DataProtectionPolicy": "not used",
    r"ssm:GetParameters": "GetParameter is used",
}
"""Why a permission is not in the policy."""


def allowed() -> set[str]:
    return {action for statement in statements() for action in listed(statement["Action"])}


def handlers(kind: str) -> set[str]:
    """The permissions of a type's handlers."""
    steps = schemas.resource_schema(kind)["handlers"]
    return {
        permission
        for step in ("create", "read", "update", "delete")
        for permission in steps.get(step, {}).get("permissions", [])
        if "*" not in permission
    }


@pytest.mark.parametrize("kind", TYPES.split())
def test_what_the_handlers_need_is_in_the_policy(kind: str) -> None:
    """Or left out for a reason."""
    missing = {
        one for one in handlers(kind) - allowed() if not any(re.fullmatch(each, one) for each in LEFT_OUT)
    }
    assert missing == set()


def test_each_reason_is_needed() -> None:
    """And nothing is left out that the policy has all the same."""
    needed = {permission for kind in TYPES.split() for permission in handlers(kind)}
    for pattern in LEFT_OUT:
        found = {one for one in needed if re.fullmatch(pattern, one)}
        assert found, pattern
        assert found & allowed() == set(), pattern


def test_there_is_a_policy() -> None:
    """An empty one would have nothing missing in what nobody uses."""
    assert len(deployer_policy.FILE.read_text()) > 10_000
