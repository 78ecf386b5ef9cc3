"""The VPC and who may talk to whom in it."""

from functools import cache
from typing import Literal

import pytest

from components.network import Network, NetworkArgs, NetworkSettings
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from testkit.registered import Registered, register
from tests.unit.components.rolled import COMMON

ZONES = ["xx-1a", "xx-1b", "xx-1c"]


@cache
def network(
    nat: Literal["per_zone", "one"] = "per_zone", flow_log: Literal["rejected", "all"] = "rejected"
) -> Registered:
    args = NetworkArgs(settings=NetworkSettings(nat=nat, flow_log=flow_log), zones=ZONES, common=COMMON)
    return register(lambda: Network("kit", args))


@cache
def security_groups() -> Registered:
    args = SecurityGroupsArgs(
        vpc_id="vpc", balancer_ports=(80, 443), app_port=3000, database_port=5433, redis_port=6379
    )
    return register(lambda: SecurityGroups("kit", args))


def test_a_network_of_three_zones_is_made_of_exactly_this() -> None:
    """Nothing comes along unnoticed."""
    assert network().types == {
        "aws:ec2/vpc:Vpc": 1,
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": 1,
        "aws:ec2/internetGateway:InternetGateway": 1,
        "aws:ec2/subnet:Subnet": 9,
        "aws:ec2/routeTable:RouteTable": 5,
        "aws:ec2/route:Route": 4,
        "aws:ec2/routeTableAssociation:RouteTableAssociation": 9,
        "aws:ec2/eip:Eip": 3,
        "aws:ec2/natGateway:NatGateway": 3,
        "aws:ec2/vpcEndpoint:VpcEndpoint": 1,
        "aws:ec2/flowLog:FlowLog": 1,
        "aws:cloudwatch/logGroup:LogGroup": 1,
        "aws:iam/role:Role": 1,
        "aws:iam/rolePolicy:RolePolicy": 1,
    }


@pytest.mark.parametrize("nat", ["per_zone", "one"])
def test_servers_of_a_zone_leave_through_a_nat(nat: Literal["per_zone", "one"]) -> None:
    """Their own zone's, or the only one; changing the setting changes routes and nothing they are part of."""
    routes = network(nat).all("aws:ec2/route:Route")
    assert {zone: routes[f"kit-app-{zone}-internet"]["natGatewayId"] for zone in ZONES} == {
        zone: f"kit-nat-{zone if nat == 'per_zone' else 'xx-1a'}-id" for zone in ZONES
    }


def test_data_subnets_have_no_way_out() -> None:
    """No route but the VPC's own leads to or from a database (RDS.46)."""
    made = network()
    tables = {
        one["routeTableId"]
        for name, one in made.all("aws:ec2/routeTableAssociation:RouteTableAssociation").items()
        if name.startswith("kit-data-")
    }
    assert tables == {"kit-data-id"}
    assert "kit-data-id" not in {one["routeTableId"] for one in made.all("aws:ec2/route:Route").values()}


def test_nobody_gets_a_public_address_by_itself() -> None:
    """EC2.15, in public subnets too."""
    subnets = network().all("aws:ec2/subnet:Subnet").values()
    assert [one["mapPublicIpOnLaunch"] for one in subnets] == [False] * 9


def test_the_default_security_group_is_empty() -> None:
    """EC2.2."""
    inputs = network()["aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "kit-default"]
    assert (inputs["ingress"], inputs["egress"]) == ([], [])


def test_the_flow_log_is_encrypted_and_kept() -> None:
    """EC2.6, with the group under the stack's key."""
    made = network()
    assert made["aws:ec2/flowLog:FlowLog", "kit-flow"]["trafficType"] == "REJECT"
    assert network(flow_log="all")["aws:ec2/flowLog:FlowLog", "kit-flow"]["trafficType"] == "ALL"
    assert made["aws:cloudwatch/logGroup:LogGroup", "kit-flow"] == {
        "retentionInDays": 365,
        "kmsKeyId": "arn:key",
    }


def test_who_may_talk_to_whom() -> None:
    """Every way in, with its port and its peer; there are no others."""
    rules = security_groups().all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").values()
    ways = {
        (
            str(one.get("referencedSecurityGroupId", one.get("cidrIpv4"))).removesuffix("-id"),
            one["securityGroupId"].removesuffix("-id"),
            one["fromPort"],
        )
        for one in rules
    }
    assert ways == {
        ("0.0.0.0/0", "kit-balancer", 80),
        ("0.0.0.0/0", "kit-balancer", 443),
        ("kit-balancer", "kit-app", 3000),
        ("kit-app", "kit-database", 5433),
        ("kit-app", "kit-redis", 6379),
        ("kit-migrations", "kit-database", 5433),
    }


def test_stores_start_no_conversation() -> None:
    """Database and Redis have no rule that lets them out."""
    rules = security_groups().all("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule").values()
    assert {one["securityGroupId"] for one in rules} == {"kit-balancer-id", "kit-app-id", "kit-migrations-id"}


def test_every_rule_names_one_port_and_says_what_it_is_for() -> None:
    """No range, no protocol but TCP, no rule without a description."""
    made = security_groups()
    rules = [
        *made.all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").values(),
        *made.all("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule").values(),
    ]
    assert len(rules) == 12
    assert all(
        one["fromPort"] == one["toPort"] and one["ipProtocol"] == "tcp" and one["description"]
        for one in rules
    )
