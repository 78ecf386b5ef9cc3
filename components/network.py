"""The VPC: public, app and data subnets over the zones, and the ways between them and the world."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated, Literal

import pulumi
import pulumi_aws as aws
from pydantic import Field

from components import values
from components.common import Common
from components.flow_log import FlowLog, FlowLogArgs
from components.naming import named
from components.ordering import after
from components.subnets import Tier, layout

DEFAULT_CIDR = IPv4Network("10.0.0.0/16")


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkSettings:
    """The VPC: public, app and data subnets in each zone."""

    cidr: values.Network = DEFAULT_CIDR
    """/16 to /22."""
    zones: Annotated[int, Field(ge=2, le=3)] = 3
    """Availability zones, 2 or 3."""
    nat: Literal["per_zone", "one"] = "per_zone"
    """per_zone: a zone's failure stays its own. one: cheaper."""
    flow_log: Literal["rejected", "all"] = "rejected"
    """What the flow log keeps: rejected, what security groups refused (EC2.6), or all, which can cost more
    than the servers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkArgs:
    """Where the VPC is, and its settings."""

    settings: NetworkSettings
    zones: Sequence[str]
    """Names of the availability zones."""
    common: Common


class Network(pulumi.ComponentResource):
    """A VPC in which servers reach out and nobody reaches in, and stores do neither.

    Makes, all of `aws.ec2`: `Vpc`, `DefaultSecurityGroup` (empty), `InternetGateway`, a `Subnet` and its
    `RouteTableAssociation` per tier and zone, a `RouteTable` for public, one for data and one per zone for
    app, `Route`s, `Eip` and `NatGateway` for each zone or once, a `VpcEndpoint` for S3; and a `FlowLog`
    component.
    """

    vpc_id: pulumi.Output[str]
    public_subnet_ids: list[pulumi.Output[str]]
    app_subnet_ids: list[pulumi.Output[str]]
    """Ready once there is a way out: a server installs itself at its start."""
    data_subnet_ids: list[pulumi.Output[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Network", name, None, opts)
        self._name = name
        self._zones = args.zones
        self._child = pulumi.ResourceOptions(parent=self)
        self._vpc = aws.ec2.Vpc(
            name,
            cidr_block=str(args.settings.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=named(name),
            opts=self._child,
        )
        aws.ec2.DefaultSecurityGroup(
            f"{name}-default",
            vpc_id=self._vpc.id,
            ingress=[],
            egress=[],
            tags=named(f"{name}-default"),
            opts=self._child,
        )
        self._internet = aws.ec2.InternetGateway(
            f"{name}-internet", vpc_id=self._vpc.id, tags=named(name), opts=self._child
        )
        subnets = self._subnets(args.settings.cidr)
        public = self._associate("public", subnets["public"], self._public_tables())
        tables = self._app_tables(subnets["public"], args.settings.nat)
        app = self._associate("app", subnets["app"], tables)
        data = self._associate("data", subnets["data"], [self._table("data")] * len(args.zones))
        aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=self._vpc.id,
            service_name=f"com.amazonaws.{args.common.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=tables,
            tags=named(f"{name}-s3"),
            opts=self._child,
        )
        FlowLog(
            f"{name}-flow",
            FlowLogArgs(
                vpc_id=self._vpc.id,
                traffic=args.settings.flow_log,
                common=args.common,
            ),
            self._child,
        )
        self.vpc_id = self._vpc.id
        self.public_subnet_ids, self.app_subnet_ids, self.data_subnet_ids = public, app, data
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "public_subnet_ids": self.public_subnet_ids,
                "app_subnet_ids": self.app_subnet_ids,
                "data_subnet_ids": self.data_subnet_ids,
            }
        )

    def _subnets(self, cidr: IPv4Network) -> dict[Tier, list[aws.ec2.Subnet]]:
        subnets: dict[Tier, list[aws.ec2.Subnet]] = {"public": [], "app": [], "data": []}
        for subnet in layout(cidr, len(self._zones)):
            zone = self._zones[subnet.zone]
            name = f"{self._name}-{subnet.tier}-{zone}"
            subnets[subnet.tier].append(
                aws.ec2.Subnet(
                    name,
                    vpc_id=self._vpc.id,
                    availability_zone=zone,
                    cidr_block=str(subnet.cidr),
                    map_public_ip_on_launch=False,
                    tags=named(name),
                    opts=self._child,
                )
            )
        return subnets

    def _table(self, suffix: str) -> pulumi.Output[str]:
        name = f"{self._name}-{suffix}"
        return aws.ec2.RouteTable(name, vpc_id=self._vpc.id, tags=named(name), opts=self._child).id

    def _public_tables(self) -> list[pulumi.Output[str]]:
        table = self._table("public")
        route = aws.ec2.Route(
            f"{self._name}-public-internet",
            route_table_id=table,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=self._internet.id,
            opts=self._child,
        )
        return [after(table, route.id)] * len(self._zones)

    def _app_tables(
        self, public: Sequence[aws.ec2.Subnet], nat: Literal["per_zone", "one"]
    ) -> list[pulumi.Output[str]]:
        """A table a zone, whichever NAT it leads to, so that changing the setting changes routes only."""
        gateways = [
            self._nat(self._zones[at], public[at]) for at in range(1 if nat == "one" else len(public))
        ]
        tables = []
        for at, zone in enumerate(self._zones):
            table = self._table(f"app-{zone}")
            route = aws.ec2.Route(
                f"{self._name}-app-{zone}-internet",
                route_table_id=table,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=gateways[at % len(gateways)].id,
                opts=self._child,
            )
            tables.append(after(table, route.id))
        return tables

    def _nat(self, zone: str, subnet: aws.ec2.Subnet) -> aws.ec2.NatGateway:
        name = f"{self._name}-nat-{zone}"
        address = aws.ec2.Eip(name, domain="vpc", tags=named(name), opts=self._child)
        return aws.ec2.NatGateway(
            name,
            subnet_id=subnet.id,
            allocation_id=address.id,
            tags=named(name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._internet]),
        )

    def _associate(
        self, tier: Tier, subnets: Sequence[aws.ec2.Subnet], tables: Sequence[pulumi.Output[str]]
    ) -> list[pulumi.Output[str]]:
        """The subnets' ids, once they are routed."""
        ids = []
        for zone, subnet, table in zip(self._zones, subnets, tables, strict=True):
            association = aws.ec2.RouteTableAssociation(
                f"{self._name}-{tier}-{zone}", subnet_id=subnet.id, route_table_id=table, opts=self._child
            )
            ids.append(after(subnet.id, association.id))
        return ids
