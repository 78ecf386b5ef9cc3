"""Roles, keys, secrets, logs, alarms, tasks, names and objects."""

import ipaddress
import re

from rehearsal.cloud.judge.documented.rule import Check, Members, ValueRule, holds, matches, one_of, within

_SSM = "https://docs.aws.amazon.com/systems-manager/latest/APIReference"
_SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/apireference"
_SNS = "https://docs.aws.amazon.com/sns/latest/api"
_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference"
_QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
_BUCKETS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
_PROTOCOLS = (*("http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose"),)


def _is_short(members: Members) -> bool:
    tier = members.get("Tier", "Standard")
    return tier != "Standard" or len(str(members.get("Value", "")).encode()) <= 4096


def _fits_pattern(members: Members) -> bool:
    pattern, value = members.get("AllowedPattern"), members.get("Value")
    return not pattern or value is None or re.search(pattern, value) is not None


def _is_pattern(members: Members) -> bool:
    try:
        re.compile(members.get("AllowedPattern") or "")
    except re.error:
        return False
    return True


def _is_address(members: Members) -> bool:
    if members.get("Protocol") not in ("email", "email-json"):
        return True
    return re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(members.get("Endpoint", ""))) is not None


def _addresses_exist(record: Members) -> bool:
    kinds = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}
    kind = kinds.get(str(record.get("Type")))
    try:
        for value in record.get("ResourceRecords") or []:
            if kind is not None:
                kind(value.get("Value"))
    except ValueError:
        return False
    return True


def _watches_something(alarm: Members) -> str | None:
    """An alarm of one metric says how it is read and what it is compared with; others say so elsewhere."""
    given = {name for name, value in alarm.items() if value not in (None, [], {})}
    if "MetricName" in given:
        for needed in ({"Namespace"}, {"Period"}, {"Statistic", "ExtendedStatistic"}, {"Threshold"}):
            if len(needed & given) != 1:
                return f"An alarm of a metric has exactly one of the parameters: {', '.join(sorted(needed))}."
        return None
    if not given & {"Metrics", "EvaluationCriteria"}:
        return "An alarm must have one of the parameters: MetricName, Metrics, EvaluationCriteria."
    if more := given & {"Namespace", "Period", "Statistic", "ExtendedStatistic", "Dimensions", "Unit"}:
        return f"An alarm without MetricName must not have the parameters: {', '.join(sorted(more))}."
    return None


def _looks_back(alarm: Members) -> str | None:
    """An alarm of short periods looks at a day at most, one of hours at a week."""
    period = alarm.get("Period") or 0
    most, text = (86_400, "a day") if period < 3_600 else (604_800, "seven days")
    if period * (alarm.get("EvaluationPeriods") or 0) <= most:
        return None
    return (
        f"Metrics cannot be checked across more than {text} (EvaluationPeriods * Period must be <= {most})."
    )


def _characters(most: int, says: str) -> Check:
    """A policy has a size, of which white space is no part."""
    return lambda value: says if len("".join(str(value).split())) > most else None


OTHERS = (
    ValueRule(
        operations="iam CreatePolicy CreatePolicyVersion",
        member="PolicyDocument",
        check=_characters(6144, "Cannot exceed quota for PolicySize: 6144"),
        page=_QUOTAS,
        code="LimitExceeded",
    ),
    ValueRule(
        operations="iam PutRolePolicy",
        member="PolicyDocument",
        check=_characters(10240, "Maximum policy size of 10240 bytes exceeded"),
        page=_QUOTAS,
        code="LimitExceeded",
    ),
    ValueRule(
        operations="kms ScheduleKeyDeletion",
        member="PendingWindowInDays",
        check=within(7, 30),
        page="https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html",
    ),
    ValueRule(
        operations="ssm PutParameter",
        member="Name",
        check=matches(
            r"/?[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*|arn:.+",
            'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can'
            " consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters,"
            " numbers and the following 3 symbols .-_",
        ),
        page=f"{_SSM}/API_PutParameter.html",
    ),
    ValueRule(
        operations="ssm PutParameter",
        member="Name",
        check=matches(r"(?i)(?!/?aws).*", "No access to reserved parameter name: {value}."),
        code="AccessDeniedException",
        page=f"{_SSM}/API_PutParameter.html",
    ),
    ValueRule(
        operations="ssm PutParameter",
        check=holds(
            _is_short, "Standard tier parameters support a maximum parameter value of 4096 characters."
        ),
        page=f"{_SSM}/API_PutParameter.html",
    ),
    ValueRule(
        operations="ssm PutParameter",
        check=holds(_is_pattern, "The regular expression of AllowedPattern is not valid."),
        code="InvalidAllowedPatternException",
        page=f"{_SSM}/API_PutParameter.html",
    ),
    ValueRule(
        operations="ssm PutParameter",
        check=holds(_fits_pattern, "The parameter value doesn't match AllowedPattern."),
        code="ParameterPatternMismatchException",
        page=f"{_SSM}/API_PutParameter.html",
    ),
    ValueRule(
        operations="secretsmanager CreateSecret",
        member="Name",
        check=matches(
            r"[a-zA-Z0-9/_+=.@-]+",
            "Invalid name {value}. Must be a valid name containing alphanumeric characters, or any of:"
            " -/_+=.@!",
        ),
        page=f"{_SECRETS}/API_CreateSecret.html",
    ),
    ValueRule(
        operations="secretsmanager CreateSecret PutSecretValue UpdateSecret",
        check=holds(
            lambda members: not ("SecretString" in members and "SecretBinary" in members),
            "You can't specify both a binary secret value and a string secret value in the same secret.",
        ),
        code="InvalidParameterException",
        page=f"{_SECRETS}/API_CreateSecret.html",
    ),
    ValueRule(
        operations="cloudwatch PutMetricAlarm PutCompositeAlarm",
        member="AlarmActions.*",
        check=matches("arn:aws[a-z-]*:.+", "Invalid arn syntax: {value}"),
        page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    ValueRule(
        operations="cloudwatch PutMetricAlarm",
        check=_watches_something,
        page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    ValueRule(
        operations="cloudwatch PutMetricAlarm",
        check=_looks_back,
        page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    ValueRule(
        operations="cloudwatch PutMetricAlarm",
        member="Period",
        check=holds(
            lambda period: period in (10, 20, 30) or (period > 0 and period % 60 == 0),
            "Period must be 10, 20, 30 or a multiple of 60, not {value}",
        ),
        page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    ValueRule(
        operations="sns Subscribe",
        member="Protocol",
        check=one_of(*_PROTOCOLS),
        page=f"{_SNS}/API_Subscribe.html",
    ),
    ValueRule(
        operations="sns Subscribe",
        check=holds(_is_address, "Invalid parameter: Email address"),
        page=f"{_SNS}/API_Subscribe.html",
    ),
    ValueRule(
        operations="ecs CreateCluster",
        member="clusterName",
        check=matches(r"[a-zA-Z0-9_-]{1,255}", "Identifier must have letters, numbers, hyphens, underscores"),
        page=f"{_ECS}/API_CreateCluster.html",
    ),
    ValueRule(
        operations="ecs RunTask",
        member="count",
        check=within(1, 10),
        page=f"{_ECS}/API_RunTask.html",
    ),
    ValueRule(
        operations="route53 ChangeResourceRecordSets",
        member="ChangeBatch.Changes.*.ResourceRecordSet",
        check=holds(_addresses_exist, "Invalid Resource Record: an IP address is not valid"),
        code="InvalidChangeBatch",
        page="https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
    ),
    ValueRule(
        operations="s3 CreateBucket",
        member="Bucket",
        check=matches(
            r"(?!xn--|sthree-|amzn-s3-demo-)(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
            r"(?<!-s3alias)(?<!--ol-s3)(?<!\.mrap)(?<!--x-s3)",
            "The specified bucket is not valid.",
        ),
        code="InvalidBucketName",
        page=_BUCKETS,
    ),
    ValueRule(
        operations="s3 PutObject",
        member="Key",
        check=holds(lambda key: len(key.encode()) <= 1024, "Your key is too long"),
        code="KeyTooLongError",
        page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html",
    ),
)
