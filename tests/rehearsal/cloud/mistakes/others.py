"""Roles and keys, secrets and parameters, logs and alarms, tasks, names, objects."""

import json
from functools import partial
from typing import Any

from tests.rehearsal.cloud.mistakes.mistake import Mistake

acm = partial(Mistake, service="acm")
cloudwatch = partial(Mistake, service="cloudwatch")
ecs = partial(Mistake, service="ecs")
iam = partial(Mistake, service="iam")
kms = partial(Mistake, service="kms")
logs = partial(Mistake, service="logs")
route53 = partial(Mistake, service="route53")
s3 = partial(Mistake, service="s3")
secretsmanager = partial(Mistake, service="secretsmanager")
sns = partial(Mistake, service="sns")
ssm = partial(Mistake, service="ssm")


def trust(**statement: Any) -> str:
    """Who may take a role."""
    allowed = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**allowed, **statement}]})


def grant(version: str = "2012-10-17", **statement: Any) -> dict[str, str]:
    """The members of PutRolePolicy."""
    allowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = {"Version": version, "Statement": [{**allowed, **statement}]}
    return {"RoleName": "standing", "PolicyName": "new", "PolicyDocument": json.dumps(document)}


def alarm(**members: Any) -> dict[str, Any]:
    """The members of PutMetricAlarm."""
    return {
        "AlarmName": "new",
        "Namespace": "AWS/EC2",
        "MetricName": "CPUUtilization",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **members,
    }


def definition(**members: Any) -> dict[str, Any]:
    """The members of RegisterTaskDefinition."""
    return {
        "family": "new",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{"name": "only", "image": "none"}],
        **members,
    }


def task(**members: Any) -> dict[str, Any]:
    """The members of RunTask."""
    return {
        "cluster": "standing",
        "taskDefinition": "standing",
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["{subnet}"]}},
        **members,
    }


def record(action: str = "UPSERT", **members: Any) -> dict[str, Any]:
    """The members of ChangeResourceRecordSets."""
    made = {
        "Name": "www.evenkeel.test",
        "Type": "A",
        "TTL": 60,
        "ResourceRecords": [{"Value": "10.0.0.1"}],
        **members,
    }
    changes = [{"Action": action, "ResourceRecordSet": made}]
    return {"HostedZoneId": "{zone}", "ChangeBatch": {"Changes": changes}}


ROLES = (
    iam(
        what="a role's name with a space",
        operation="CreateRole",
        members={"RoleName": "new role", "AssumeRolePolicyDocument": trust()},
        code="ValidationError",
    ),
    iam(
        what="a session of 100 seconds",
        operation="CreateRole",
        members={"RoleName": "new", "AssumeRolePolicyDocument": trust(), "MaxSessionDuration": 100},
        code="ValidationError",
    ),
    iam(
        what="a policy that is no JSON",
        operation="CreateRole",
        members={"RoleName": "new", "AssumeRolePolicyDocument": "{'Version': '2012-10-17'}"},
        code="MalformedPolicyDocument",
    ),
    iam(
        what="a policy's effect in lower case",
        operation="CreateRole",
        members={"RoleName": "new", "AssumeRolePolicyDocument": trust(Effect="allow")},
        code="MalformedPolicyDocument",
    ),
    iam(
        what="a policy of a version that there is not",
        operation="PutRolePolicy",
        members=grant(version="2022-10-17"),
        code="MalformedPolicyDocument",
    ),
    iam(
        what="a managed policy of more than 6144 characters",
        operation="CreatePolicy",
        members={"PolicyName": "new", "PolicyDocument": grant(Resource=["*"] * 1600)["PolicyDocument"]},
        code="LimitExceeded",
    ),
    iam(
        what="a role's policy of more than 10240 characters",
        operation="PutRolePolicy",
        members=grant(Resource=["*"] * 2600),
        code="LimitExceeded",
    ),
    iam(
        what="an action without its service",
        operation="PutRolePolicy",
        members=grant(Action="GetObject"),
        code="MalformedPolicyDocument",
    ),
    iam(
        what="a policy's resource that is no ARN",
        operation="PutRolePolicy",
        members=grant(Resource="my-bucket/*"),
        code="MalformedPolicyDocument",
    ),
    iam(
        what="a condition that there is not",
        operation="PutRolePolicy",
        members=grant(Condition={"StringSame": {"aws:SourceAccount": "123456789012"}}),
        code="MalformedPolicyDocument",
    ),
    iam(
        what="a role's policies of more than 10240 characters",
        operation="PutRolePolicy",
        members=grant(Resource=[f"arn:aws:s3:::bucket-{number}/*" for number in range(400)]),
        code="LimitExceeded",
    ),
    iam(
        what="a policy for a role that is not there",
        operation="PutRolePolicy",
        members={**grant(), "RoleName": "absent"},
        code="NoSuchEntity",
    ),
    iam(
        what="a managed policy that is not there",
        operation="AttachRolePolicy",
        members={"RoleName": "standing", "PolicyArn": "arn:aws:iam::aws:policy/Absent"},
        code="NoSuchEntity",
    ),
    iam(
        what="a second role in a profile",
        operation="AddRoleToInstanceProfile",
        members={"InstanceProfileName": "standing", "RoleName": "standing"},
        code="LimitExceeded",
    ),
    iam(
        what="a role in use",
        operation="DeleteRole",
        members={"RoleName": "standing"},
        code="DeleteConflict",
    ),
)
SECRETS = (
    kms(
        what="a key's name without its prefix",
        operation="CreateAlias",
        members={"AliasName": "new", "TargetKeyId": "{key}"},
        code="ValidationException",
    ),
    kms(
        what="a key that is not there",
        operation="CreateAlias",
        members={"AliasName": "alias/new", "TargetKeyId": "00000000-0000-0000-0000-000000000000"},
        code="NotFoundException",
    ),
    kms(
        what="a key that dies in five days",
        operation="ScheduleKeyDeletion",
        members={"KeyId": "{key}", "PendingWindowInDays": 5},
        code="ValidationException",
    ),
    kms(
        what="a kind of key that there is not",
        operation="CreateKey",
        members={"KeySpec": "RSA_1024"},
        code="ValidationException",
    ),
    ssm(
        what="a parameter's name with a space",
        operation="PutParameter",
        members={"Name": "/new one", "Value": "x", "Type": "String"},
        code="ValidationException",
    ),
    ssm(
        what="a parameter's name of AWS's own",
        operation="PutParameter",
        members={"Name": "/aws/new", "Value": "x", "Type": "String"},
        code="AccessDeniedException",
    ),
    ssm(
        what="a parameter of a type that there is not",
        operation="PutParameter",
        members={"Name": "/new", "Value": "x", "Type": "Text"},
        code="ValidationException",
    ),
    ssm(
        what="a parameter of more than 4096 characters",
        operation="PutParameter",
        members={"Name": "/new", "Value": "x" * 4097, "Type": "String", "Tier": "Standard"},
        code="ValidationException",
    ),
    ssm(
        what="a parameter's value that its pattern forbids",
        operation="PutParameter",
        members={"Name": "/new", "Value": "x", "Type": "String", "AllowedPattern": r"^\d+$"},
        code="ParameterPatternMismatchException",
    ),
    ssm(
        what="a parameter that stands already",
        operation="PutParameter",
        members={"Name": "/standing", "Value": "x", "Type": "String"},
        code="ParameterAlreadyExists",
    ),
    ssm(
        what="a parameter that is not there",
        operation="GetParameter",
        members={"Name": "/absent"},
        code="ParameterNotFound",
    ),
    secretsmanager(
        what="a secret's name with a space",
        operation="CreateSecret",
        members={"Name": "new secret", "SecretString": "x"},
        code="ValidationException",
    ),
    secretsmanager(
        what="a secret in text and in bytes",
        operation="CreateSecret",
        members={"Name": "new", "SecretString": "x", "SecretBinary": b"x"},
        code="InvalidParameterException",
    ),
    secretsmanager(
        what="a secret that stands already",
        operation="CreateSecret",
        members={"Name": "standing", "SecretString": "x"},
        code="ResourceExistsException",
    ),
    secretsmanager(
        what="a secret that can be recovered for five days",
        operation="DeleteSecret",
        members={"SecretId": "standing", "RecoveryWindowInDays": 5},
        code="InvalidParameterException",
    ),
    secretsmanager(
        what="a secret that is not there",
        operation="PutSecretValue",
        members={"SecretId": "absent", "SecretString": "x"},
        code="ResourceNotFoundException",
    ),
    acm(
        what="a certificate for what is no name",
        operation="RequestCertificate",
        members={"DomainName": "not a name", "ValidationMethod": "DNS"},
        code="ValidationException",
    ),
    acm(
        what="a certificate that is not there",
        operation="DescribeCertificate",
        members={"CertificateArn": "{certificate}0"},
        code="ResourceNotFoundException",
    ),
    acm(
        what="a certificate in use",
        operation="DeleteCertificate",
        members={"CertificateArn": "{certificate}"},
        code="ResourceInUseException",
    ),
)
WATCHING = (
    logs(
        what="a log group's name with a space",
        operation="CreateLogGroup",
        members={"logGroupName": "new group"},
        code="InvalidParameterException",
    ),
    logs(
        what="a second log group of a name",
        operation="CreateLogGroup",
        members={"logGroupName": "standing"},
        code="ResourceAlreadyExistsException",
    ),
    logs(
        what="logs for eight days",
        operation="PutRetentionPolicy",
        members={"logGroupName": "standing", "retentionInDays": 8},
        code="InvalidParameterException",
    ),
    logs(
        what="a log group that is not there",
        operation="PutRetentionPolicy",
        members={"logGroupName": "absent", "retentionInDays": 7},
        code="ResourceNotFoundException",
    ),
    logs(
        what="a number in words",
        operation="PutRetentionPolicy",
        members={"logGroupName": "standing", "retentionInDays": "seven"},
        code="SerializationException",
    ),
    cloudwatch(
        what="a comparison that there is not",
        operation="PutMetricAlarm",
        members=alarm(ComparisonOperator="MoreThan"),
        code="ValidationError",
    ),
    cloudwatch(
        what="an alarm that evaluates nothing",
        operation="PutMetricAlarm",
        members=alarm(EvaluationPeriods=0),
        code="ValidationError",
    ),
    cloudwatch(
        what="an alarm without a number of periods",
        operation="PutMetricAlarm",
        members={key: value for key, value in alarm().items() if key != "EvaluationPeriods"},
        code="ValidationError",
    ),
    cloudwatch(
        what="a period of 25 seconds",
        operation="PutMetricAlarm",
        members=alarm(Period=25),
        code="ValidationError",
    ),
    cloudwatch(
        what="more datapoints than periods",
        operation="PutMetricAlarm",
        members=alarm(DatapointsToAlarm=2),
        code="ValidationError",
    ),
    cloudwatch(
        what="a percentile beyond 100",
        operation="PutMetricAlarm",
        members={
            **{key: value for key, value in alarm().items() if key != "Statistic"},
            "ExtendedStatistic": "p101",
        },
        code="ValidationError",
    ),
    cloudwatch(
        what="an alarm's action that is no ARN",
        operation="PutMetricAlarm",
        members=alarm(AlarmActions=["call-me"]),
        code="ValidationError",
    ),
    cloudwatch(
        what="a dashboard that is no JSON",
        operation="PutDashboard",
        members={"DashboardName": "new", "DashboardBody": "graphs"},
        code="InvalidParameterInput",
    ),
    sns(
        what="a topic's name with a space",
        operation="CreateTopic",
        members={"Name": "new topic"},
        code="InvalidParameter",
    ),
    sns(
        what="a protocol that there is not",
        operation="Subscribe",
        members={"TopicArn": "{topic}", "Protocol": "pigeon", "Endpoint": "roof"},
        code="InvalidParameter",
    ),
    sns(
        what="an address that is none",
        operation="Subscribe",
        members={"TopicArn": "{topic}", "Protocol": "email", "Endpoint": "nobody"},
        code="InvalidParameter",
    ),
    sns(
        what="a topic that is not there",
        operation="Subscribe",
        members={"TopicArn": "{topic}0", "Protocol": "email", "Endpoint": "someone@evenkeel.test"},
        code="NotFound",
    ),
)
TASKS = (
    ecs(
        what="a cluster's name with a space",
        operation="CreateCluster",
        members={"clusterName": "new cluster"},
        code="InvalidParameterException",
    ),
    ecs(
        what="a task's CPU that Fargate does not have",
        operation="RegisterTaskDefinition",
        members=definition(cpu="300"),
        code="ClientException",
    ),
    ecs(
        what="more memory than goes with the CPU",
        operation="RegisterTaskDefinition",
        members=definition(memory="16384"),
        code="ClientException",
    ),
    ecs(
        what="a task in Fargate on a bridge",
        operation="RegisterTaskDefinition",
        members=definition(networkMode="bridge"),
        code="ClientException",
    ),
    ecs(
        what="a task without a container that counts",
        operation="RegisterTaskDefinition",
        members=definition(containerDefinitions=[{"name": "only", "image": "none", "essential": False}]),
        code="ClientException",
    ),
    ecs(
        what="a task in a cluster that is not there",
        operation="RunTask",
        members=task(cluster="absent"),
        code="ClusterNotFoundException",
    ),
    ecs(
        what="a task of a definition that is not there",
        operation="RunTask",
        members=task(taskDefinition="absent"),
        code="ClientException",
    ),
    ecs(
        what="a task without a network",
        operation="RunTask",
        members={key: value for key, value in task().items() if key != "networkConfiguration"},
        code="InvalidParameterException",
    ),
    ecs(
        what="a task in a subnet that is not there",
        operation="RunTask",
        members=task(networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0123456789abcdef0"]}}),
        code="InvalidParameterException",
    ),
    ecs(
        what="eleven tasks at once",
        operation="RunTask",
        members=task(count=11),
        code="InvalidParameterException",
    ),
    ecs(
        what="a task that is not there",
        operation="StopTask",
        members={"cluster": "standing", "task": "00000000000000000000000000000000"},
        code="InvalidParameterException",
    ),
)
NAMES_AND_OBJECTS = (
    route53(
        what="a zone that is not there",
        operation="ChangeResourceRecordSets",
        members={**record(), "HostedZoneId": "Z00000000000000000000"},
        code="NoSuchHostedZone",
    ),
    route53(
        what="a record of a type that there is not",
        operation="ChangeResourceRecordSets",
        members=record(Type="B"),
        code="InvalidInput",
    ),
    route53(
        what="a record outside its zone",
        operation="ChangeResourceRecordSets",
        members=record(Name="www.elsewhere.test"),
        code="InvalidChangeBatch",
    ),
    route53(
        what="a record's address that is none",
        operation="ChangeResourceRecordSets",
        members=record(ResourceRecords=[{"Value": "10.0.0.300"}]),
        code="InvalidChangeBatch",
    ),
    route53(
        what="a record that is not there",
        operation="ChangeResourceRecordSets",
        members=record(action="DELETE"),
        code="InvalidChangeBatch",
    ),
    s3(
        what="a bucket's name in capitals",
        operation="CreateBucket",
        members={"Bucket": "NewBucket"},
        code="InvalidBucketName",
    ),
    s3(
        what="a bucket that is not there",
        operation="PutBucketVersioning",
        members={"Bucket": "absent-bucket", "VersioningConfiguration": {"Status": "Enabled"}},
        code="NoSuchBucket",
    ),
    s3(
        what="a bucket with an object in it",
        operation="DeleteBucket",
        members={"Bucket": "standing-bucket"},
        code="BucketNotEmpty",
    ),
    s3(
        what="a bucket's policy that is no JSON",
        operation="PutBucketPolicy",
        members={"Bucket": "standing-bucket", "Policy": "everyone"},
        code="MalformedPolicy",
    ),
    s3(
        what="versions in a state that there is not",
        operation="PutBucketVersioning",
        members={"Bucket": "standing-bucket", "VersioningConfiguration": {"Status": "On"}},
        code="MalformedXML",
    ),
    s3(
        what="encryption that there is not",
        operation="PutBucketEncryption",
        members={
            "Bucket": "standing-bucket",
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "ROT13"}}]
            },
        },
        code="MalformedXML",
    ),
    s3(
        what="an object's key of 1025 bytes",
        operation="PutObject",
        members={"Bucket": "standing-bucket", "Key": "k" * 1025, "Body": b""},
        code="KeyTooLongError",
    ),
    s3(
        what="an object with a header that HTTP cannot carry",
        operation="GetObject",
        members={"Bucket": "standing-bucket", "Key": "object", "ResponseCacheControl": "☃"},
        code="InvalidArgument",
    ),
    s3(
        what="an object that is not there",
        operation="GetObject",
        members={"Bucket": "standing-bucket", "Key": "absent"},
        code="NoSuchKey",
    ),
)
