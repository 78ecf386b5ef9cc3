"""Roles, tasks, certificates, names, and what watches the rest."""

import json
from collections.abc import Callable
from typing import Any

from tests.rehearsal.cloud.described.network import TAGS
from tests.rehearsal.cloud.described.put import Put, PuttingClient

ACCOUNT = "123456789012"


def trust(service: str) -> dict[str, Any]:
    allowed = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [allowed]}


def role_name(aws: PuttingClient) -> str:
    aws.client("iam").create_role(
        RoleName="shared", AssumeRolePolicyDocument=json.dumps(trust("ec2.amazonaws.com"))
    )
    return "shared"


def instance_profile_arn(aws: PuttingClient) -> str:
    made = aws.client("iam").create_instance_profile(InstanceProfileName="shared")
    return str(made["InstanceProfile"]["Arn"])


def topic_arn(aws: PuttingClient) -> str:
    return str(aws.client("sns").create_topic(Name="shared")["TopicArn"])


def zone_id(aws: PuttingClient) -> str:
    made = aws.client("route53").create_hosted_zone(Name="described.dev", CallerReference="described")
    return str(made["HostedZone"]["Id"])


def role(aws: PuttingClient) -> Put:
    asked = {
        "RoleName": "described",
        "Path": "/",
        "Description": "Of a test",
        "MaxSessionDuration": 3600,
        "Tags": TAGS,
    }
    policy = trust("ecs-tasks.amazonaws.com")
    aws.client("iam").create_role(**asked, AssumeRolePolicyDocument=json.dumps(policy))
    return Put(
        asked={**asked, "AssumeRolePolicyDocument": policy},
        described=aws.describe("iam", "get_role", "Role", RoleName="described"),
        unasked=("PermissionsBoundary",),
    )


def role_policy(aws: PuttingClient) -> Put:
    statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::described/*"]}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    asked = {"RoleName": aws.once(role_name), "PolicyName": "described"}
    aws.client("iam").put_role_policy(**asked, PolicyDocument=json.dumps(document))
    return Put(
        asked={**asked, "PolicyDocument": document},
        described=aws.describe("iam", "get_role_policy", "", **asked),
    )


def role_policy_attachment(aws: PuttingClient) -> Put:
    name = aws.once(role_name)
    arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    aws.client("iam").attach_role_policy(RoleName=name, PolicyArn=arn)
    return Put(
        asked={"PolicyArn": arn, "PolicyName": "AmazonSSMManagedInstanceCore"},
        described=aws.describe("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name),
    )


def instance_profile(aws: PuttingClient) -> Put:
    asked = {"InstanceProfileName": "described", "Path": "/", "Tags": TAGS}
    iam = aws.client("iam")
    iam.create_instance_profile(**asked)
    iam.add_role_to_instance_profile(InstanceProfileName="described", RoleName=aws.once(role_name))
    return Put(
        asked={**asked, "Roles": [{"RoleName": aws.once(role_name)}]},
        described=aws.describe(
            "iam", "get_instance_profile", "InstanceProfile", InstanceProfileName="described"
        ),
    )


def cluster(aws: PuttingClient) -> Put:
    asked = {
        "clusterName": "described",
        "settings": [{"name": "containerInsights", "value": "disabled"}],
        "tags": [{"key": "Stack", "value": "described"}],
    }
    aws.client("ecs").create_cluster(**asked)
    return Put(
        asked=asked,
        described=aws.describe(
            "ecs", "describe_clusters", "clusters", clusters=["described"], include=["SETTINGS", "TAGS"]
        ),
    )


def task_definition(aws: PuttingClient) -> Put:
    container = {
        "name": "migrations",
        "image": "public.ecr.aws/lambda/python:3.12",
        "essential": True,
        "entryPoint": ["python3"],
        "command": ["-c", "print()"],
        "environment": [{"name": "PGHOST", "value": "db"}],
        "secrets": [
            {
                "name": "PGPASSWORD",
                "valueFrom": f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:one",
            }
        ],
        "readonlyRootFilesystem": True,
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/described"}},
    }
    asked = {
        "family": "described",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution",
        "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/task",
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "containerDefinitions": [container],
    }
    aws.client("ecs").register_task_definition(**asked)
    return Put(
        asked=asked,
        described=aws.describe(
            "ecs", "describe_task_definition", "taskDefinition", taskDefinition="described"
        ),
    )


def certificate(aws: PuttingClient) -> Put:
    asked = {"DomainName": "shop.described.dev", "KeyAlgorithm": "RSA_2048"}
    acm = aws.client("acm")
    made = acm.request_certificate(**asked, ValidationMethod="DNS", Tags=TAGS)["CertificateArn"]
    return Put(
        # Issued once its record is seen, and nobody has published that.
        asked={**asked, "Status": "PENDING_VALIDATION", "Type": "AMAZON_ISSUED"},
        described=aws.describe("acm", "describe_certificate", "Certificate", CertificateArn=made),
        names={"KeyAlgorithm": "KeyAlgorithm"},
        unasked=("IssuedAt", "NotAfter", "FailureReason"),
    )


def record(aws: PuttingClient) -> Put:
    zone = aws.once(zone_id)
    asked = {
        "Name": "shop.described.dev.",
        "Type": "CNAME",
        "TTL": 300,
        "ResourceRecords": [{"Value": "balancer.example.org"}],
    }
    aws.client("route53").change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": asked}]},
    )
    return Put(
        asked={"ResourceRecordSets": [asked]},
        described=aws.describe("route53", "list_resource_record_sets", "", HostedZoneId=zone),
    )


def topic(aws: PuttingClient) -> Put:
    asked = {"KmsMasterKeyId": "alias/aws/sns", "DisplayName": "Alarms"}
    made = aws.client("sns").create_topic(Name="described", Attributes=asked)["TopicArn"]
    described = aws.describe("sns", "get_topic_attributes", "", TopicArn=made)
    attributes = described.value["Attributes"]
    assert asked.items() <= attributes.items()
    return Put(asked={"Attributes": attributes}, described=described)


def subscription(aws: PuttingClient) -> Put:
    topic = aws.client("sns").create_topic(Name="one-subscription")["TopicArn"]
    asked = {"TopicArn": topic, "Protocol": "email", "Endpoint": "ops@described.dev"}
    aws.client("sns").subscribe(**asked)
    return Put(
        asked=asked,
        described=aws.describe("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic),
    )


def log_group(aws: PuttingClient) -> Put:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/described/app", logGroupClass="STANDARD")
    logs.put_retention_policy(logGroupName="/described/app", retentionInDays=30)
    return Put(
        asked={"logGroupName": "/described/app", "logGroupClass": "STANDARD", "retentionInDays": 30},
        described=aws.describe(
            "logs", "describe_log_groups", "logGroups", logGroupNamePrefix="/described/app"
        ),
    )


def metric_alarm(aws: PuttingClient) -> Put:
    asked = {
        "AlarmName": "described",
        "AlarmDescription": "Too many errors",
        "ActionsEnabled": True,
        "AlarmActions": [aws.once(topic_arn)],
        "OKActions": [aws.once(topic_arn)],
        "MetricName": "HTTPCode_Target_5XX_Count",
        "Namespace": "AWS/ApplicationELB",
        "Statistic": "Sum",
        "Dimensions": [{"Name": "LoadBalancer", "Value": "app/described/0123456789abcdef"}],
        "Period": 60,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 3,
        "Threshold": 10.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }
    aws.client("cloudwatch").put_metric_alarm(**asked)
    return Put(
        asked=asked,
        described=aws.describe("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNames=["described"]),
        unasked=("ExtendedStatistic", "Unit", "EvaluateLowSampleCountPercentile", "ThresholdMetricId"),
    )


def dashboard(aws: PuttingClient) -> Put:
    asked = {"DashboardName": "described", "DashboardBody": json.dumps({"widgets": []})}
    aws.client("cloudwatch").put_dashboard(**asked)
    return Put(
        asked=asked, described=aws.describe("cloudwatch", "get_dashboard", "", DashboardName="described")
    )


PUTS: dict[str, Callable[[PuttingClient], Put]] = {
    "aws:acm/certificate:Certificate": certificate,
    "aws:cloudwatch/dashboard:Dashboard": dashboard,
    "aws:cloudwatch/logGroup:LogGroup": log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": metric_alarm,
    "aws:ecs/cluster:Cluster": cluster,
    "aws:ecs/taskDefinition:TaskDefinition": task_definition,
    "aws:iam/instanceProfile:InstanceProfile": instance_profile,
    "aws:iam/role:Role": role,
    "aws:iam/rolePolicy:RolePolicy": role_policy,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": role_policy_attachment,
    "aws:route53/record:Record": record,
    "aws:sns/topic:Topic": topic,
    "aws:sns/topicSubscription:TopicSubscription": subscription,
}
