"""Elastic Load Balancing v2: load balancers, target groups, listeners."""

from typing import Any

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.resource import AutoName, Ready, Resource, SeveralCalls, Tags, Work
from rehearsal.offline.provider.values import Properties

TAGS = Tags(
    add=call("add_tags", ResourceArns=["{id}"], Tags="{tags}"),
    remove=call("remove_tags", ResourceArns=["{id}"], TagKeys="{keys}"),
    read=call("describe_tags", "TagDescriptions[0].Tags", ResourceArns=["{id}"]),
)

BALANCER_ATTRIBUTES = {
    "idleTimeout": "idle_timeout.timeout_seconds",
    "clientKeepAlive": "client_keep_alive.seconds",
    "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
    "desyncMitigationMode": "routing.http.desync_mitigation_mode",
    "enableDeletionProtection": "deletion_protection.enabled",
    "enableHttp2": "routing.http2.enabled",
    "enableCrossZoneLoadBalancing": "load_balancing.cross_zone.enabled",
    "preserveHostHeader": "routing.http.preserve_host_header.enabled",
    "accessLogs.enabled": "access_logs.s3.enabled",
    "accessLogs.bucket": "access_logs.s3.bucket",
    "accessLogs.prefix": "access_logs.s3.prefix",
    "connectionLogs.enabled": "connection_logs.s3.enabled",
    "connectionLogs.bucket": "connection_logs.s3.bucket",
    "connectionLogs.prefix": "connection_logs.s3.prefix",
}
TARGET_ATTRIBUTES = {
    "deregistrationDelay": "deregistration_delay.timeout_seconds",
    "slowStart": "slow_start.duration_seconds",
    "loadBalancingAlgorithmType": "load_balancing.algorithm.type",
    "stickiness.enabled": "stickiness.enabled",
    "stickiness.type": "stickiness.type",
    "stickiness.cookieDuration": "stickiness.lb_cookie.duration_seconds",
}


def names_of(attributes: dict[str, str]) -> str:
    """The inputs that are kept as attributes."""
    return " ".join(sorted({path.partition(".")[0] for path in attributes}))


def wanted(attributes: dict[str, str], work: Work) -> list[dict[str, str]]:
    """The changed inputs as attributes."""
    listed = []
    for path, key in attributes.items():
        name, _, part = path.partition(".")
        if name in work.changed:
            value = work.inputs.get(name)
            value = value.get(part) if part and isinstance(value, dict) else value
            if value is not None:
                listed.append(
                    {"Key": key, "Value": str(value).lower() if isinstance(value, bool) else str(value)}
                )
    return listed


def shown(attributes: dict[str, str], listed: list[dict[str, str]]) -> Properties:
    """Attributes as inputs: text, numbers and truth values all as text, which is how the API has them."""
    values = {attribute["Key"]: attribute["Value"] for attribute in listed}
    inputs: Properties = {}
    for path, key in attributes.items():
        name, _, part = path.partition(".")
        if key in values:
            if part:
                inputs.setdefault(name, {})[part] = values[key]
            else:
                inputs[name] = values[key]
    return inputs


def change_balancer(work: Work) -> None:
    """Sets the attributes whose inputs have changed."""
    if attributes := wanted(BALANCER_ATTRIBUTES, work):
        work.api.modify_load_balancer_attributes(LoadBalancerArn=work.id, Attributes=attributes)


def read_balancer(work: Work) -> dict[str, Any]:
    """The balancer, its attributes as inputs, and the `ArnSuffix` that CloudWatch has as a dimension."""
    (balancer,) = work.api.describe_load_balancers(LoadBalancerArns=[work.id])["LoadBalancers"]
    attributes = work.api.describe_load_balancer_attributes(LoadBalancerArn=work.id)["Attributes"]
    return {**balancer, **shown(BALANCER_ATTRIBUTES, attributes), "ArnSuffix": suffix(work.id)}


def change_targets(work: Work) -> None:
    """Sets the attributes whose inputs have changed."""
    if attributes := wanted(TARGET_ATTRIBUTES, work):
        work.api.modify_target_group_attributes(TargetGroupArn=work.id, Attributes=attributes)


def read_targets(work: Work) -> dict[str, Any]:
    """The group, its attributes as inputs, and the `ArnSuffix` that CloudWatch has as a dimension."""
    (group,) = work.api.describe_target_groups(TargetGroupArns=[work.id])["TargetGroups"]
    attributes = work.api.describe_target_group_attributes(TargetGroupArn=work.id)["Attributes"]
    return {**group, **shown(TARGET_ATTRIBUTES, attributes), "ArnSuffix": suffix(work.id)}


def suffix(arn: str) -> str:
    """What CloudWatch's dimensions call it: `app/name/0123` and `targetgroup/name/0123`."""
    return arn.rpartition(":")[2].removeprefix("loadbalancer/")


HEALTH_CHECK: dict[str, Any] = {
    "HealthCheckEnabled": "{healthCheck.enabled}",
    "HealthCheckPath": "{healthCheck.path}",
    "HealthCheckPort": "{healthCheck.port}",
    "HealthCheckProtocol": "{healthCheck.protocol}",
    "HealthCheckIntervalSeconds": "{healthCheck.interval}",
    "HealthCheckTimeoutSeconds": "{healthCheck.timeout}",
    "HealthyThresholdCount": "{healthCheck.healthyThreshold}",
    "UnhealthyThresholdCount": "{healthCheck.unhealthyThreshold}",
    "Matcher": {"HttpCode": "{healthCheck.matcher}"},
}
CERTIFICATES = [{"CertificateArn": "{certificateArn}"}]

RESOURCES = [
    Resource(
        type="aws:lb/loadBalancer:LoadBalancer",
        service="elbv2",
        create=call("create_load_balancer", Scheme="{internal && 'internal' || 'internet-facing'}"),
        id="LoadBalancers[0].LoadBalancerArn",
        read=(SeveralCalls(run=read_balancer),),
        update=(
            SeveralCalls(run=change_balancer, inputs=names_of(BALANCER_ATTRIBUTES)),
            call("set_subnets", inputs="subnets", LoadBalancerArn="{id}"),
            call("set_security_groups", inputs="securityGroups", LoadBalancerArn="{id}"),
            call("set_ip_address_type", inputs="ipAddressType", LoadBalancerArn="{id}"),
        ),
        delete=call("delete_load_balancer", LoadBalancerArn="{id}"),
        fixed="name internal loadBalancerType",
        names={"loadBalancerType": "Type", "name": "Name"},
        state={
            "arn": "LoadBalancerArn",
            "internal": "Scheme=='internal'",
            "subnets": "AvailabilityZones[].SubnetId",
            "zoneId": "CanonicalHostedZoneId",
            "name": "LoadBalancerName",
        },
        outputs="arn arnSuffix dnsName vpcId zoneId",
        defaults={"loadBalancerType": "application"},
        name=AutoName(longest=32),
        tags=TAGS,
        ready=Ready(when="State.Code=='active'", failed="State.Code=='failed'", says="State.Code"),
        lasting_delete=True,
    ),
    Resource(
        type="aws:lb/targetGroup:TargetGroup",
        service="elbv2",
        create=call("create_target_group", **HEALTH_CHECK),
        id="TargetGroups[0].TargetGroupArn",
        read=(SeveralCalls(run=read_targets),),
        update=(
            SeveralCalls(run=change_targets, inputs=names_of(TARGET_ATTRIBUTES)),
            call("modify_target_group", inputs="", TargetGroupArn="{id}", **HEALTH_CHECK),
        ),
        delete=call("delete_target_group", TargetGroupArn="{id}"),
        fixed="name port protocol protocolVersion vpcId targetType ipAddressType",
        names={"name": "Name"},
        state={
            "arn": "TargetGroupArn",
            "name": "TargetGroupName",
            "healthCheck": "{enabled: HealthCheckEnabled, path: HealthCheckPath, port: HealthCheckPort, "
            "protocol: HealthCheckProtocol, interval: HealthCheckIntervalSeconds, timeout: "
            "HealthCheckTimeoutSeconds, "
            "healthyThreshold: HealthyThresholdCount, unhealthyThreshold: UnhealthyThresholdCount, "
            "matcher: Matcher.HttpCode}",
        },
        outputs="arn arnSuffix",
        defaults={"targetType": "instance"},
        name=AutoName(longest=32),
        tags=TAGS,
    ),
    Resource(
        type="aws:lb/listener:Listener",
        service="elbv2",
        create=call("create_listener", Certificates=CERTIFICATES),
        id="Listeners[0].ListenerArn",
        read=(call("describe_listeners", "Listeners[0]", ListenerArns=["{id}"]),),
        update=(call("modify_listener", ListenerArn="{id}", Certificates=CERTIFICATES, whole=True),),
        delete=call("delete_listener", ListenerArn="{id}"),
        fixed="loadBalancerArn",
        names={
            "defaultActions.redirect": "RedirectConfig",
            "defaultActions.forward": "ForwardConfig",
            "defaultActions.forward.targetGroups.arn": "TargetGroupArn",
            "defaultActions.fixedResponse": "FixedResponseConfig",
        },
        state={"arn": "ListenerArn", "certificateArn": "Certificates[0].CertificateArn"},
        outputs="arn",
        tags=TAGS,
    ),
]
