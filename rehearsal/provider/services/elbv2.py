"""Elastic Load Balancing: application load balancers, target groups, listeners."""

from collections.abc import Mapping
from typing import Any

from rehearsal.provider.resource import AutoName, Ready, Resource, Step, Tags, call
from rehearsal.provider.work import Work

TAGS = Tags(
    add=call("add_tags", ResourceArns=["{id}"], Tags="{tags}"),
    remove=call("remove_tags", ResourceArns=["{id}"], TagKeys="{keys}"),
    read=call("describe_tags", "TagDescriptions[0].Tags", ResourceArns=["{id}"]),
)
ATTRIBUTES = {
    "idleTimeout": "idle_timeout.timeout_seconds",
    "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
    "desyncMitigationMode": "routing.http.desync_mitigation_mode",
    "enableDeletionProtection": "deletion_protection.enabled",
}
ACCESS_LOGS = {
    "enabled": "access_logs.s3.enabled",
    "bucket": "access_logs.s3.bucket",
    "prefix": "access_logs.s3.prefix",
}
NAME_LENGTH = 32
"""Of load balancers and target groups."""


def attribute(key: str) -> str:
    """JMESPath for one of a resource's attributes."""
    return f"Attributes[?Key == '{key}'].Value | [0]"


def change_attributes(work: Work) -> None:
    """Those that differ."""
    values: dict[str, Any] = {
        key: work.inputs[name]
        for name, key in ATTRIBUTES.items()
        if name in work.changed and name in work.inputs
    }
    if "accessLogs" in work.changed:
        logs = work.inputs.get("accessLogs", {"enabled": False})
        values |= {key: logs[name] for name, key in ACCESS_LOGS.items() if name in logs}
    work.api.modify_load_balancer_attributes(
        LoadBalancerArn=work.id,
        Attributes=[{"Key": key, "Value": text(value)} for key, value in values.items()],
    )


def text(value: Any) -> str:
    """An attribute's value, as the API writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def suffix(key: str, marker: str) -> Any:
    """How CloudWatch calls a resource: its ARN from a marker on."""

    def cut(raw: Mapping[str, Any]) -> str:
        arn = str(raw[key])
        return arn[arn.index(marker) :]

    return cut


RESOURCES = [
    Resource(
        type="aws:lb/loadBalancer:LoadBalancer",
        service="elbv2",
        create=call("create_load_balancer", Scheme="{internal && 'internal' || 'internet-facing'}"),
        id="LoadBalancers[0].LoadBalancerArn",
        read=(
            call("describe_load_balancers", "LoadBalancers[0]", LoadBalancerArns=["{id}"]),
            call("describe_load_balancer_attributes", "{Attributes: Attributes}", LoadBalancerArn="{id}"),
        ),
        update=(
            call("set_subnets", LoadBalancerArn="{id}"),
            call("set_security_groups", LoadBalancerArn="{id}"),
            Step(run=change_attributes, inputs=" ".join([*ATTRIBUTES, "accessLogs"])),
        ),
        delete=call("delete_load_balancer", LoadBalancerArn="{id}"),
        fixed="name internal loadBalancerType",
        names={"loadBalancerType": "Type"},
        state={
            "arn": "LoadBalancerArn",
            "arnSuffix": suffix("LoadBalancerArn", "app/"),
            "dnsName": "DNSName",
            "zoneId": "CanonicalHostedZoneId",
            "internal": "Scheme == 'internal'",
            "subnets": "AvailabilityZones[].SubnetId",
            "accessLogs": f"{{enabled: {attribute(ACCESS_LOGS['enabled'])}, bucket: {attribute(ACCESS_LOGS['bucket'])}, "
            f"prefix: {attribute(ACCESS_LOGS['prefix'])}}}",
            **{name: attribute(key) for name, key in ATTRIBUTES.items()},
        },
        outputs="arn arnSuffix dnsName zoneId vpcId",
        name=AutoName(longest=NAME_LENGTH),
        tags=TAGS,
        ready=Ready(when="State.Code == 'active'", says="State.Code", failed="State.Code == 'failed'"),
        lasting_delete=True,
    ),
    Resource(
        type="aws:lb/targetGroup:TargetGroup",
        service="elbv2",
        create=call(
            "create_target_group",
            Protocol="{protocol}",
            HealthCheckProtocol="{healthCheck.protocol}",
            HealthCheckPath="{healthCheck.path}",
            HealthCheckIntervalSeconds="{healthCheck.interval}",
            HealthCheckTimeoutSeconds="{healthCheck.timeout}",
            HealthyThresholdCount="{healthCheck.healthyThreshold}",
            UnhealthyThresholdCount="{healthCheck.unhealthyThreshold}",
            Matcher={"HttpCode": "{healthCheck.matcher}"},
        ),
        id="TargetGroups[0].TargetGroupArn",
        read=(
            call("describe_target_groups", "TargetGroups[0]", TargetGroupArns=["{id}"]),
            call("describe_target_group_attributes", "{Attributes: Attributes}", TargetGroupArn="{id}"),
        ),
        update=(
            call(
                "modify_target_group",
                inputs="healthCheck",
                TargetGroupArn="{id}",
                HealthCheckProtocol="{healthCheck.protocol}",
                HealthCheckPath="{healthCheck.path}",
                HealthCheckIntervalSeconds="{healthCheck.interval}",
                HealthCheckTimeoutSeconds="{healthCheck.timeout}",
                HealthyThresholdCount="{healthCheck.healthyThreshold}",
                UnhealthyThresholdCount="{healthCheck.unhealthyThreshold}",
                Matcher={"HttpCode": "{healthCheck.matcher}"},
            ),
            call(
                "modify_target_group_attributes",
                TargetGroupArn="{id}",
                Attributes=[
                    {"Key": "deregistration_delay.timeout_seconds", "Value": "{deregistrationDelay}"}
                ],
            ),
        ),
        delete=call("delete_target_group", TargetGroupArn="{id}"),
        fixed="name port protocol vpcId targetType",
        state={
            "name": "TargetGroupName",
            "arn": "TargetGroupArn",
            "arnSuffix": suffix("TargetGroupArn", "targetgroup/"),
            "deregistrationDelay": attribute("deregistration_delay.timeout_seconds"),
            "healthCheck": "{protocol: HealthCheckProtocol, path: HealthCheckPath, interval: HealthCheckIntervalSeconds, "
            "timeout: HealthCheckTimeoutSeconds, healthyThreshold: HealthyThresholdCount, "
            "unhealthyThreshold: UnhealthyThresholdCount, matcher: Matcher.HttpCode}",
        },
        outputs="arn arnSuffix",
        name=AutoName(longest=NAME_LENGTH),
        tags=TAGS,
    ),
    Resource(
        type="aws:lb/listener:Listener",
        service="elbv2",
        create=call("create_listener", Certificates=[{"CertificateArn": "{certificateArn}"}]),
        id="Listeners[0].ListenerArn",
        read=(call("describe_listeners", "Listeners[0]", ListenerArns=["{id}"]),),
        update=(
            call(
                "modify_listener", ListenerArn="{id}", Certificates=[{"CertificateArn": "{certificateArn}"}]
            ),
        ),
        delete=call("delete_listener", ListenerArn="{id}"),
        fixed="loadBalancerArn",
        names={"defaultActions.redirect": "RedirectConfig"},
        state={"arn": "ListenerArn", "certificateArn": "Certificates[0].CertificateArn"},
        outputs="arn",
        tags=TAGS,
    ),
]
