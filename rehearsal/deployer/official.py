"""Actions that the official plugin calls, or a changed setting does, beside those that rehearsals recorded.

The plugin is Terraform's provider: its calls are in github.com/hashicorp/terraform-provider-aws, in
`internal/service/SERVICE/RESOURCE.go`. CloudFormation's schemas, which say what a type's handlers call, are a
second source: tests/unit/rehearsal/deployer/test_handlers.py holds the policy against them.
"""

from collections.abc import Iterator, Mapping, Sequence

from rehearsal.cloud.iam.rights import reference, resources
from rehearsal.deployer.policy import OWN
from rehearsal.deployer.right import General

ACTIONS: Mapping[str, str] = {
    "aws:acm/certificate:Certificate": """
        acm:AddTagsToCertificate acm:DescribeCertificate acm:ListTagsForCertificate
        acm:RemoveTagsFromCertificate
    """,
    "aws:autoscaling/group:Group": """
        autoscaling:AttachLoadBalancerTargetGroups autoscaling:CreateOrUpdateTags
        autoscaling:DeleteTags autoscaling:DescribeWarmPool
        autoscaling:DetachLoadBalancerTargetGroups autoscaling:DisableMetricsCollection
        autoscaling:EnableMetricsCollection autoscaling:UpdateAutoScalingGroup
        elasticloadbalancing:DescribeTargetHealth
    """,
    "aws:cloudwatch/dashboard:Dashboard": "cloudwatch:GetDashboard",
    "aws:cloudwatch/logGroup:LogGroup": """
        logs:AssociateKmsKey logs:DeleteRetentionPolicy logs:DisassociateKmsKey
        logs:ListTagsForResource logs:TagResource logs:UntagResource
    """,
    "aws:cloudwatch/metricAlarm:MetricAlarm": """
        cloudwatch:ListTagsForResource cloudwatch:TagResource cloudwatch:UntagResource
    """,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": """
        ec2:RevokeSecurityGroupEgress ec2:RevokeSecurityGroupIngress
    """,
    "aws:ec2/eip:Eip": "ec2:DescribeAddressesAttribute ec2:DisassociateAddress",
    "aws:ec2/launchTemplate:LaunchTemplate": """
        ec2:CreateLaunchTemplateVersion ec2:DescribeLaunchTemplates ec2:ModifyLaunchTemplate
    """,
    "aws:ec2/route:Route": "ec2:ReplaceRoute",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "ec2:ReplaceRouteTableAssociation",
    "aws:ec2/securityGroup:SecurityGroup": "ec2:DescribeNetworkInterfaces ec2:RevokeSecurityGroupEgress",
    "aws:ec2/subnet:Subnet": "ec2:DescribeNetworkInterfaces ec2:ModifySubnetAttribute",
    "aws:ec2/vpc:Vpc": """
        ec2:DescribeNetworkAcls ec2:DescribeRouteTables ec2:DescribeSecurityGroups
        ec2:DescribeVpcAttribute ec2:ModifyVpcAttribute
    """,
    "aws:ec2/vpcEndpoint:VpcEndpoint": "ec2:DescribePrefixLists ec2:ModifyVpcEndpoint",
    "aws:ecs/cluster:Cluster": "ecs:TagResource ecs:UntagResource ecs:UpdateCluster",
    "aws:ecs/taskDefinition:TaskDefinition": """
        ecs:DeregisterTaskDefinition ecs:TagResource ecs:UntagResource
    """,
    "aws:elasticache/parameterGroup:ParameterGroup": """
        elasticache:DescribeCacheParameters elasticache:ModifyCacheParameterGroup
        elasticache:ResetCacheParameterGroup
    """,
    "aws:elasticache/replicationGroup:ReplicationGroup": """
        elasticache:AddTagsToResource elasticache:DecreaseReplicaCount
        elasticache:IncreaseReplicaCount elasticache:ListTagsForResource
        elasticache:ModifyReplicationGroup elasticache:RemoveTagsFromResource
    """,
    "aws:elasticache/subnetGroup:SubnetGroup": "elasticache:ModifyCacheSubnetGroup",
    "aws:iam/instanceProfile:InstanceProfile": "iam:TagInstanceProfile iam:UntagInstanceProfile",
    "aws:iam/role:Role": """
        iam:ListInstanceProfilesForRole iam:ListRolePolicies iam:TagRole iam:UntagRole
        iam:UpdateAssumeRolePolicy iam:UpdateRole iam:UpdateRoleDescription
    """,
    "aws:kms/alias:Alias": "kms:ListAliases kms:UpdateAlias",
    "aws:kms/key:Key": """
        kms:DisableKeyRotation kms:EnableKeyRotation kms:GetKeyPolicy kms:GetKeyRotationStatus
        kms:ListResourceTags kms:PutKeyPolicy kms:TagResource kms:UntagResource
        kms:UpdateKeyDescription
    """,
    "aws:lb/listener:Listener": """
        elasticloadbalancing:AddTags elasticloadbalancing:DescribeListenerAttributes
        elasticloadbalancing:ModifyListener elasticloadbalancing:ModifyListenerAttributes
        elasticloadbalancing:RemoveTags
    """,
    "aws:lb/loadBalancer:LoadBalancer": """
        ec2:DescribeNetworkInterfaces elasticloadbalancing:DescribeCapacityReservation
        elasticloadbalancing:DescribeTags elasticloadbalancing:ModifyLoadBalancerAttributes
        elasticloadbalancing:SetIpAddressType elasticloadbalancing:SetSecurityGroups
        elasticloadbalancing:SetSubnets
    """,
    "aws:lb/targetGroup:TargetGroup": """
        elasticloadbalancing:ModifyTargetGroup elasticloadbalancing:ModifyTargetGroupAttributes
    """,
    "aws:rds/eventSubscription:EventSubscription": """
        rds:AddSourceIdentifierToSubscription rds:ModifyEventSubscription
        rds:RemoveSourceIdentifierFromSubscription
    """,
    "aws:rds/instance:Instance": """
        rds:AddTagsToResource rds:ListTagsForResource rds:ModifyDBInstance rds:RemoveTagsFromResource
        rds:RestoreDBInstanceFromDBSnapshot
    """,
    "aws:rds/parameterGroup:ParameterGroup": """
        rds:DescribeDBParameters rds:ModifyDBParameterGroup rds:ResetDBParameterGroup
    """,
    "aws:rds/subnetGroup:SubnetGroup": "rds:ModifyDBSubnetGroup",
    "aws:route53/record:Record": "route53:GetHostedZone route53:ListResourceRecordSets",
    "aws:s3/bucket:Bucket": """
        s3:GetAccelerateConfiguration s3:GetBucketAcl s3:GetBucketCORS s3:GetBucketLocation
        s3:GetBucketLogging s3:GetBucketObjectLockConfiguration s3:GetBucketPolicy
        s3:GetBucketRequestPayment s3:GetBucketTagging s3:GetBucketVersioning s3:GetBucketWebsite
        s3:GetEncryptionConfiguration s3:GetLifecycleConfiguration s3:GetReplicationConfiguration
        s3:ListBucket s3:ListTagsForResource s3:PutBucketTagging s3:TagResource s3:UntagResource
    """,
    "aws:s3/bucketObjectv2:BucketObjectv2": """
        s3:DeleteObject s3:GetObject s3:GetObjectTagging s3:PutObjectTagging
    """,
    "aws:secretsmanager/secret:Secret": """
        secretsmanager:GetResourcePolicy secretsmanager:TagResource secretsmanager:UntagResource
        secretsmanager:UpdateSecret
    """,
    "aws:sns/topic:Topic": """
        sns:ListTagsForResource sns:SetTopicAttributes sns:TagResource sns:UntagResource
    """,
    "aws:sns/topicSubscription:TopicSubscription": """
        sns:GetSubscriptionAttributes sns:ListSubscriptionsByTopic sns:SetSubscriptionAttributes
    """,
    "aws:ssm/parameter:Parameter": """
        ssm:AddTagsToResource ssm:DescribeParameters ssm:ListTagsForResource
        ssm:RemoveTagsFromResource
    """,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "ec2:ModifySecurityGroupRules",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "ec2:ModifySecurityGroupRules",
}
"""Actions by the type of the resource."""
ON_BEHALF = """
    ec2:DescribeAccountAttributes ec2:DescribeAvailabilityZones ec2:DescribeInternetGateways
    ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcAttribute ec2:DescribeVpcs
"""
"""What RDS and Elastic Load Balancing look up in the caller's name while they make something, by the create
handlers of AWS::RDS::DBInstance and AWS::ElasticLoadBalancingV2::LoadBalancer."""
GATES = "autoscaling:CancelInstanceRefresh autoscaling:RollbackInstanceRefresh ecs:StopTask"
"""What a release or a migration that goes wrong takes."""
BESIDE: Mapping[str, str] = {
    # A snapshot may be of a stack that is gone: `database.restore_from_snapshot`.
    "rds:RestoreDBInstanceFromDBSnapshot": "arn:${Partition}:rds:${Region}:${Account}:snapshot:*",
    # Whether a record is known everywhere.
    "route53:GetChange": "arn:${Partition}:route53:::change/*",
    # What preflight asks where there are to be Spot Instances, or where an account has no quota of its own.
    "servicequotas:GetServiceQuota": "arn:${Partition}:servicequotas:${Region}:${Account}:ec2/L-34B43A08",
    "servicequotas:GetAWSDefaultServiceQuota": "*",
}
"""Actions on what no life of a stack showed."""
APP_SECRETS = "arn:${Partition}:secretsmanager:${Region}:${Account}:secret:${AppSecrets}"
"""Those that `app.secrets` names by their ARNs: whether they are there, and which version is current."""
SPOT = General(
    action="iam:CreateServiceLinkedRole",
    resource="arn:${Partition}:iam::${Account}:role/aws-service-role/spot.amazonaws.com/*",
    context=(("iam:AWSServiceName", "spot.amazonaws.com"),),
)
"""What preflight makes for Spot Instances."""
TAGS = ("ec2:CreateTags", "ec2:DeleteTags")
"""EC2's, when `evenkeel:tags` changes: of what is the stack's already."""


def rights(seen: Sequence[General]) -> Iterator[General]:
    """Each action on what a rehearsal saw of the kinds of resources that it has."""
    known = {one.resource for one in seen if "/aws-service-role/" not in one.resource}
    yield SPOT
    for action in ("secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds"):
        yield General(action=action, resource=APP_SECRETS)
    yield from (General(action=action, resource=resource) for action, resource in BESIDE.items())
    for action in sorted({*" ".join([*ACTIONS.values(), ON_BEHALF, GATES]).split()}):
        yield from (General(action=action, resource=resource) for resource in _on(action, known))
    for action in TAGS:
        yield from (
            General(action=action, resource=resource, context=OWN)
            for resource in _on(action, known)
            if "${Account}" in resource
        )


def _on(action: str, known: set[str]) -> list[str]:
    known_action = reference.find(action)
    if known_action is None:
        raise LookupError(f"the Service Authorization Reference has no {action}")
    if known_action.lists and action.partition(":")[0] in resources.BY_FILTERS:
        return ["*"]
    return sorted({arn for arn in known for kind in known_action.types if resources.is_of(kind, arn)}) or [
        "*"
    ]
