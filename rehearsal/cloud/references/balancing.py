"""Elastic Load Balancing, Auto Scaling and certificates.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/ and the pages of the other two name the
codes, operation by operation.
"""

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.judge import Refusal
from rehearsal.cloud.references.launch_templates import absent_template
from rehearsal.cloud.references.reference import Check, instances, security_groups, standing, subnets

_POLICY = "ELBSecurityPolicy-"
_POLICIES = (
    *("2016-08", "FS-2018-06", "FS-1-1-2019-08", "FS-1-2-2019-08", "FS-1-2-Res-2019-08"),
    *("FS-1-2-Res-2020-10", "TLS-1-0-2015-04", "TLS-1-1-2017-01", "TLS-1-2-2017-01", "TLS-1-2-Ext-2018-06"),
    *("TLS13-1-0-2021-06", "TLS13-1-1-2021-06", "TLS13-1-2-2021-06", "TLS13-1-2-Ext0-2021-06"),
    *("TLS13-1-2-Ext1-2021-06", "TLS13-1-2-Ext2-2021-06", "TLS13-1-2-Res-2021-06", "TLS13-1-3-2021-06"),
)
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html; those with
`FIPS` or `PQ` in their names come and go by date, and are taken as they are."""


def _create_load_balancer(call: JudgedCall) -> Refusal | None:
    wanted = call.members.get("Subnets") or [
        mapping.get("SubnetId") for mapping in call.members.get("SubnetMappings") or []
    ]
    if missing := set(wanted) - subnets(call).keys():
        return Refusal(code="SubnetNotFound", message=f"The subnet ID '{min(missing)}' does not exist")
    zones = [subnets(call)[subnet].availability_zone for subnet in wanted]
    if len(set(zones)) < len(zones):
        return Refusal(
            code="InvalidConfigurationRequest",
            message="A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        )
    if absent := set(call.members.get("SecurityGroups") or []) - security_groups(call).keys():
        return Refusal(
            code="InvalidSecurityGroup", message=f"The security group ID '{min(absent)}' does not exist"
        )
    return None


def _delete_load_balancer(call: JudgedCall) -> Refusal | None:
    balancer = standing("elbv2", call).load_balancers.get(call.members.get("LoadBalancerArn"))
    if balancer is None or balancer.attrs.get("deletion_protection.enabled") != "true":
        return None
    return Refusal(
        code="OperationNotPermitted",
        message=f"Load balancer '{balancer.arn}' cannot be deleted because deletion protection is enabled",
    )


def _create_listener(call: JudgedCall) -> Refusal | None:
    balancer = standing("elbv2", call).load_balancers.get(call.members.get("LoadBalancerArn"))
    port = call.members.get("Port")
    if balancer and port in [int(listener.port) for listener in list(balancer.listeners.values())]:
        return Refusal(code="DuplicateListener", message=f"A listener already exists on this port: {port}")
    return _has_policy(call)


def _has_policy(call: JudgedCall) -> Refusal | None:
    policy = call.members.get("SslPolicy")
    if policy is None or policy.removeprefix(_POLICY) in _POLICIES or "FIPS" in policy or "PQ" in policy:
        return None
    return Refusal(code="SSLPolicyNotFound", message=f"SSL policy '{policy}' not found")


def _register_targets(call: JudgedCall) -> Refusal | None:
    group = standing("elbv2", call).target_groups.get(call.members.get("TargetGroupArn"))
    if group is None or group.target_type != "instance":
        return None
    known = {instance.id for instance in instances(call)}
    if absent := {target["Id"] for target in call.members.get("Targets") or []} - known:
        return Refusal(
            code="InvalidTarget",
            message="The following targets are not in a running state and cannot be registered:"
            f" '{min(absent)}'",
        )
    return None


def _auto_scaling_group(call: JudgedCall) -> Refusal | None:
    wanted = [subnet.strip() for subnet in (call.members.get("VPCZoneIdentifier") or "").split(",")]
    if absent := {subnet for subnet in wanted if subnet} - subnets(call).keys():
        return Refusal(code="ValidationError", message=f"The subnet ID '{min(absent)}' does not exist")
    groups = standing("elbv2", call).target_groups
    if missing := set(call.members.get("TargetGroupARNs") or []) - groups.keys():
        return Refusal(
            code="ValidationError",
            message=f"Provided Target Groups may not be valid. Please ensure they exist: {min(missing)}",
        )
    return absent_template(call)


def _put_lifecycle_hook(call: JudgedCall) -> Refusal | None:
    name = call.members.get("AutoScalingGroupName")
    if name in standing("autoscaling", call).autoscaling_groups:
        return None
    return Refusal(
        code="ValidationError",
        message=f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found",
    )


def _delete_certificate(call: JudgedCall) -> Refusal | None:
    arn = call.members.get("CertificateArn")
    for balancer in list(standing("elbv2", call).load_balancers.values()):
        for listener in list(balancer.listeners.values()):
            if arn in listener.certificates:
                return Refusal(
                    code="ResourceInUseException", message=f"Certificate {arn} is in use by {balancer.arn}"
                )
    return None


BALANCING: dict[tuple[str, str], Check] = {
    ("elbv2", "CreateLoadBalancer"): _create_load_balancer,
    ("elbv2", "DeleteLoadBalancer"): _delete_load_balancer,
    ("elbv2", "CreateListener"): _create_listener,
    ("elbv2", "ModifyListener"): _has_policy,
    ("elbv2", "RegisterTargets"): _register_targets,
    ("autoscaling", "CreateAutoScalingGroup"): _auto_scaling_group,
    ("autoscaling", "UpdateAutoScalingGroup"): _auto_scaling_group,
    ("autoscaling", "StartInstanceRefresh"): absent_template,
    ("autoscaling", "PutLifecycleHook"): _put_lifecycle_hook,
    ("acm", "DeleteCertificate"): _delete_certificate,
}
