"""Load balancers, target groups and listeners."""

from functools import partial
from typing import Any

from tests.rehearsal.cloud.mistakes.mistake import Mistake

elbv2 = partial(Mistake, service="elbv2")


def balancer(**members: Any) -> dict[str, Any]:
    """The members of CreateLoadBalancer."""
    return {"Name": "new", "Subnets": ["{subnet}", "{other_subnet}"], **members}


def targets(**members: Any) -> dict[str, Any]:
    """The members of CreateTargetGroup."""
    return {"Name": "new", "Protocol": "HTTP", "Port": 80, "VpcId": "{vpc}", **members}


def listener(**members: Any) -> dict[str, Any]:
    """The members of CreateListener."""
    return {
        "LoadBalancerArn": "{balancer}",
        "Protocol": "HTTP",
        "Port": 8081,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": "{targets}"}],
        **members,
    }


def attributes(**values: str) -> list[dict[str, str]]:
    return [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]


BALANCING = (
    elbv2(
        what="a balancer's name with an underscore",
        operation="CreateLoadBalancer",
        members=balancer(Name="my_balancer"),
        code="ValidationError",
    ),
    elbv2(
        what="a balancer's name of 33 characters",
        operation="CreateLoadBalancer",
        members=balancer(Name="b" * 33),
        code="ValidationError",
    ),
    elbv2(
        what="a balancer's name of AWS's own",
        operation="CreateLoadBalancer",
        members=balancer(Name="internal-shop"),
        code="ValidationError",
    ),
    elbv2(
        what="a balancer in one subnet",
        operation="CreateLoadBalancer",
        members=balancer(Subnets=["{subnet}"]),
        code="ValidationError",
    ),
    elbv2(
        what="a balancer in a subnet that is not there",
        operation="CreateLoadBalancer",
        members=balancer(Subnets=["{subnet}", "subnet-0123456789abcdef0"]),
        code="SubnetNotFound",
    ),
    elbv2(
        what="a balancer's security group that is not there",
        operation="CreateLoadBalancer",
        members=balancer(SecurityGroups=["sg-0123456789abcdef0"]),
        code="InvalidSecurityGroup",
    ),
    elbv2(
        what="a balancer's scheme that there is not",
        operation="CreateLoadBalancer",
        members=balancer(Scheme="private"),
        code="ValidationError",
    ),
    elbv2(
        what="a balancer that is protected",
        operation="DeleteLoadBalancer",
        members={"LoadBalancerArn": "{protected}"},
        code="OperationNotPermitted",
    ),
    elbv2(
        what="a balancer's attribute that there is not",
        operation="ModifyLoadBalancerAttributes",
        members={"LoadBalancerArn": "{balancer}", "Attributes": attributes(idle="60")},
        code="ValidationError",
    ),
    elbv2(
        what="an idle time-out of 4001 seconds",
        operation="ModifyLoadBalancerAttributes",
        members={
            "LoadBalancerArn": "{balancer}",
            "Attributes": attributes(idle_timeout__timeout_seconds="4001"),
        },
        code="ValidationError",
    ),
    elbv2(
        what="targets at a port beyond 65535",
        operation="CreateTargetGroup",
        members=targets(Port=70000),
        code="ValidationError",
    ),
    elbv2(
        what="targets of a protocol that there is not",
        operation="CreateTargetGroup",
        members=targets(Protocol="GOPHER"),
        code="ValidationError",
    ),
    elbv2(
        what="targets without a VPC",
        operation="CreateTargetGroup",
        members={key: value for key, value in targets().items() if key != "VpcId"},
        code="ValidationError",
    ),
    elbv2(
        what="targets' name that ends in a hyphen",
        operation="CreateTargetGroup",
        members=targets(Name="new-"),
        code="ValidationError",
    ),
    elbv2(
        what="a check every four seconds",
        operation="CreateTargetGroup",
        members=targets(HealthCheckIntervalSeconds=4),
        code="ValidationError",
    ),
    elbv2(
        what="eleven checks before a target is healthy",
        operation="CreateTargetGroup",
        members=targets(HealthyThresholdCount=11),
        code="ValidationError",
    ),
    elbv2(
        what="a check that may last longer than the time between two",
        operation="CreateTargetGroup",
        members=targets(HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=6),
        code="ValidationError",
    ),
    elbv2(
        what="a check's success that HTTP does not have",
        operation="CreateTargetGroup",
        members=targets(Matcher={"HttpCode": "600"}),
        code="ValidationError",
    ),
    elbv2(
        what="a deregistration delay of 3601 seconds",
        operation="ModifyTargetGroupAttributes",
        members={
            "TargetGroupArn": "{targets}",
            "Attributes": attributes(deregistration_delay__timeout_seconds="3601"),
        },
        code="ValidationError",
    ),
    elbv2(
        what="targets in use",
        operation="DeleteTargetGroup",
        members={"TargetGroupArn": "{targets}"},
        code="ResourceInUse",
    ),
    elbv2(
        what="a target that is not there",
        operation="RegisterTargets",
        members={"TargetGroupArn": "{targets}", "Targets": [{"Id": "i-0123456789abcdef0"}]},
        code="InvalidTarget",
    ),
    elbv2(
        what="a listener that does nothing",
        operation="CreateListener",
        members=listener(DefaultActions=[]),
        code="ValidationError",
    ),
    elbv2(
        what="HTTPS without a certificate",
        operation="CreateListener",
        members=listener(Protocol="HTTPS"),
        code="ValidationError",
    ),
    elbv2(
        what="a certificate that is not there",
        operation="CreateListener",
        members=listener(
            Protocol="HTTPS",
            Certificates=[{"CertificateArn": "{certificate}0"}],
        ),
        code="CertificateNotFound",
    ),
    elbv2(
        what="a security policy that there is not",
        operation="CreateListener",
        members=listener(
            Protocol="HTTPS",
            Certificates=[{"CertificateArn": "{certificate}"}],
            SslPolicy="ELBSecurityPolicy-2099-01",
        ),
        code="SSLPolicyNotFound",
    ),
    elbv2(
        what="a listener's targets that are not there",
        operation="CreateListener",
        members=listener(DefaultActions=[{"Type": "forward", "TargetGroupArn": "{targets}0"}]),
        code="TargetGroupNotFound",
    ),
    elbv2(
        what="a second listener at a port",
        operation="CreateListener",
        members=listener(Port=8080),
        code="DuplicateListener",
    ),
    elbv2(
        what="a listener's action that there is not",
        operation="CreateListener",
        members=listener(DefaultActions=[{"Type": "forget", "TargetGroupArn": "{targets}"}]),
        code="ValidationError",
    ),
    elbv2(
        what="a listener that forwards to nothing",
        operation="CreateListener",
        members=listener(DefaultActions=[{"Type": "forward"}]),
        code="ValidationError",
    ),
    elbv2(
        what="a listener that forwards to a group without a name",
        operation="CreateListener",
        members=listener(
            DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"Weight": 1}]}}]
        ),
        code="ValidationError",
    ),
    elbv2(
        what="a listener that redirects with no status",
        operation="CreateListener",
        members=listener(DefaultActions=[{"Type": "redirect"}]),
        code="ValidationError",
    ),
    elbv2(
        what="a listener whose fixed response has no status",
        operation="CreateListener",
        members=listener(DefaultActions=[{"Type": "fixed-response"}]),
        code="ValidationError",
    ),
    *(
        elbv2(
            what=f"a rule's condition {what}",
            operation="CreateRule",
            members={
                "ListenerArn": "{listener}",
                "Priority": 7,
                "Conditions": [condition],
                "Actions": [{"Type": "forward", "TargetGroupArn": "{targets}"}],
            },
            code="ValidationError",
        )
        for what, condition in {
            "on nothing": {"Values": ["/a"]},
            "on a field that there is not": {"Field": "cookie", "Values": ["a"]},
            "without a value": {"Field": "path-pattern"},
            "on a header without a name": {"Field": "http-header", "HttpHeaderConfig": {"Values": ["a"]}},
        }.items()
    ),
)
