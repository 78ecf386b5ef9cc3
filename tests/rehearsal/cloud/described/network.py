"""EC2's network."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from tests.rehearsal.cloud.described.put import Put, PuttingClient

TAGS = [{"Key": "Stack", "Value": "described"}]


def tagged(kind: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": TAGS}]


def vpc_id(aws: PuttingClient) -> str:
    made = aws.client("ec2").create_vpc(CidrBlock="10.20.0.0/16")
    return str(made["Vpc"]["VpcId"])


def subnet_ids(aws: PuttingClient) -> list[str]:
    return [
        aws.client("ec2").create_subnet(
            VpcId=aws.once(vpc_id), CidrBlock=f"10.20.{n}.0/24", AvailabilityZone=f"eu-central-1{zone}"
        )["Subnet"]["SubnetId"]
        for n, zone in enumerate("abc")
    ]


def security_group_ids(aws: PuttingClient) -> list[str]:
    return [
        aws.client("ec2").create_security_group(
            GroupName=name, Description=f"For {name}", VpcId=aws.once(vpc_id)
        )["GroupId"]
        for name in ("app", "data")
    ]


def internet_gateway_id(aws: PuttingClient) -> str:
    ec2 = aws.client("ec2")
    gateway = str(ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=aws.once(vpc_id))
    return gateway


def route_table_id(aws: PuttingClient) -> str:
    return str(aws.client("ec2").create_route_table(VpcId=aws.once(vpc_id))["RouteTable"]["RouteTableId"])


def allocation_id(aws: PuttingClient) -> str:
    return str(aws.client("ec2").allocate_address(Domain="vpc")["AllocationId"])


def vpc(aws: PuttingClient) -> Put:
    asked = {"CidrBlock": "10.21.0.0/16", "InstanceTenancy": "default"}
    ec2 = aws.client("ec2")
    made = ec2.create_vpc(**asked, TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]
    return Put(
        asked={**asked, "Tags": TAGS}, described=aws.describe("ec2", "describe_vpcs", "Vpcs", VpcIds=[made])
    )


def subnet(aws: PuttingClient) -> Put:
    asked = {"VpcId": aws.once(vpc_id), "CidrBlock": "10.20.99.0/24", "AvailabilityZone": "eu-central-1a"}
    ec2 = aws.client("ec2")
    made = ec2.create_subnet(**asked, TagSpecifications=tagged("subnet"))["Subnet"]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=made, MapPublicIpOnLaunch={"Value": True})
    return Put(
        asked={**asked, "Tags": TAGS, "MapPublicIpOnLaunch": True},
        described=aws.describe("ec2", "describe_subnets", "Subnets", SubnetIds=[made]),
    )


def internet_gateway(aws: PuttingClient) -> Put:
    ec2 = aws.client("ec2")
    made = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway"))["InternetGateway"]
    gateway, vpc = made["InternetGatewayId"], ec2.create_vpc(CidrBlock="10.22.0.0/16")["Vpc"]["VpcId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return Put(
        asked={"Tags": TAGS, "Attachments": [{"VpcId": vpc, "State": "available"}]},
        described=aws.describe(
            "ec2", "describe_internet_gateways", "InternetGateways", InternetGatewayIds=[gateway]
        ),
    )


def elastic_ip(aws: PuttingClient) -> Put:
    asked = {"Domain": "vpc"}
    made = aws.client("ec2").allocate_address(**asked, TagSpecifications=tagged("elastic-ip"))
    return Put(
        asked={**asked, "Tags": TAGS, "PublicIp": made["PublicIp"]},
        described=aws.describe(
            "ec2", "describe_addresses", "Addresses", AllocationIds=[made["AllocationId"]]
        ),
    )


def nat_gateway(aws: PuttingClient) -> Put:
    allocation = aws.once(allocation_id)
    asked = {"SubnetId": aws.once(subnet_ids)[0], "ConnectivityType": "public"}
    made = aws.client("ec2").create_nat_gateway(
        **asked, AllocationId=allocation, TagSpecifications=tagged("natgateway")
    )["NatGateway"]["NatGatewayId"]
    described = aws.describe("ec2", "describe_nat_gateways", "NatGateways", NatGatewayIds=[made])
    (address,) = described.value["NatGatewayAddresses"]
    assert ip_address(address["PrivateIp"]) in ip_network("10.20.0.0/24"), "it lies in its subnet"
    return Put(
        asked={**asked, "Tags": TAGS, "NatGatewayAddresses": [{"AllocationId": allocation}]},
        described=described,
    )


def route_table(aws: PuttingClient) -> Put:
    asked = {"VpcId": aws.once(vpc_id)}
    made = aws.client("ec2").create_route_table(**asked, TagSpecifications=tagged("route-table"))
    return Put(
        asked={**asked, "Tags": TAGS},
        described=aws.describe(
            "ec2",
            "describe_route_tables",
            "RouteTables",
            RouteTableIds=[made["RouteTable"]["RouteTableId"]],
        ),
    )


def route(aws: PuttingClient) -> Put:
    asked = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": aws.once(internet_gateway_id)}
    aws.client("ec2").create_route(**asked, RouteTableId=aws.once(route_table_id))
    return Put(
        asked={"Routes": [{**asked, "Origin": "CreateRoute", "State": "active"}]},
        described=aws.describe(
            "ec2", "describe_route_tables", "RouteTables", RouteTableIds=[aws.once(route_table_id)]
        ),
    )


def route_table_association(aws: PuttingClient) -> Put:
    asked = {"RouteTableId": aws.once(route_table_id), "SubnetId": aws.once(subnet_ids)[1]}
    made = aws.client("ec2").associate_route_table(**asked)["AssociationId"]
    return Put(
        asked={"Associations": [{**asked, "RouteTableAssociationId": made, "Main": False}]},
        described=aws.describe(
            "ec2", "describe_route_tables", "RouteTables", RouteTableIds=[asked["RouteTableId"]]
        ),
    )


def vpc_endpoint(aws: PuttingClient) -> Put:
    asked = {
        "VpcId": aws.once(vpc_id),
        "ServiceName": "com.amazonaws.eu-central-1.s3",
        "VpcEndpointType": "Gateway",
        "RouteTableIds": [aws.once(route_table_id)],
    }
    made = aws.client("ec2").create_vpc_endpoint(**asked, TagSpecifications=tagged("vpc-endpoint"))
    return Put(
        asked={**asked, "Tags": TAGS},
        described=aws.describe(
            "ec2",
            "describe_vpc_endpoints",
            "VpcEndpoints",
            VpcEndpointIds=[made["VpcEndpoint"]["VpcEndpointId"]],
        ),
    )


def security_group(aws: PuttingClient) -> Put:
    asked = {"GroupName": "stores", "Description": "Stores: 5432, 6379", "VpcId": aws.once(vpc_id)}
    made = aws.client("ec2").create_security_group(**asked, TagSpecifications=tagged("security-group"))
    return Put(
        asked={**asked, "Tags": TAGS},
        described=aws.describe(
            "ec2", "describe_security_groups", "SecurityGroups", GroupIds=[made["GroupId"]]
        ),
    )


def default_security_group(aws: PuttingClient) -> Put:
    """AWS makes one with each VPC; the kit takes its rules away."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.23.0.0/16")["Vpc"]["VpcId"]
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    (group,) = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    identity = group["GroupId"]
    ec2.revoke_security_group_egress(GroupId=identity, IpPermissions=group["IpPermissionsEgress"])
    ec2.revoke_security_group_ingress(GroupId=identity, IpPermissions=group["IpPermissions"])
    (left,) = ec2.describe_security_groups(GroupIds=[identity])["SecurityGroups"]
    assert (left["IpPermissions"], left["IpPermissionsEgress"]) == ([], [])
    return Put(
        asked={"VpcId": vpc, "GroupName": "default"},
        described=aws.describe("ec2", "describe_security_groups", "SecurityGroups", GroupIds=[identity]),
    )


def rule(aws: PuttingClient, direction: str) -> Put:
    app, data = aws.once(security_group_ids)
    pair = {"GroupId": data, "Description": "Postgres for the app"}
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 5432,
        "ToPort": 5432,
        "UserIdGroupPairs": [{"GroupId": app, "Description": pair["Description"]}],
    }
    authorize = getattr(aws.client("ec2"), f"authorize_security_group_{direction}")
    (made,) = authorize(
        GroupId=data, IpPermissions=[permission], TagSpecifications=tagged("security-group-rule")
    )["SecurityGroupRules"]
    return Put(
        asked={
            **pair,
            "IsEgress": direction == "egress",
            "IpProtocol": "tcp",
            "FromPort": 5432,
            "ToPort": 5432,
            "ReferencedGroupInfo": {"GroupId": app},
            "Tags": TAGS,
        },
        described=aws.describe(
            "ec2",
            "describe_security_group_rules",
            "SecurityGroupRules",
            SecurityGroupRuleIds=[made["SecurityGroupRuleId"]],
        ),
        unasked=("CidrIpv4", "CidrIpv6", "PrefixListId"),
    )


def flow_log(aws: PuttingClient) -> Put:
    asked = {
        "TrafficType": "REJECT",
        "LogDestinationType": "cloud-watch-logs",
        "LogGroupName": "/flow",
        "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/flow",
        "MaxAggregationInterval": 60,
    }
    aws.client("logs").create_log_group(logGroupName="/flow")
    ec2 = aws.client("ec2")
    (made,) = ec2.create_flow_logs(
        **asked,
        ResourceIds=[aws.once(vpc_id)],
        ResourceType="VPC",
        TagSpecifications=tagged("vpc-flow-log"),
    )["FlowLogIds"]
    return Put(
        asked={**asked, "ResourceId": aws.once(vpc_id), "Tags": TAGS},
        described=aws.describe("ec2", "describe_flow_logs", "FlowLogs", FlowLogIds=[made]),
    )


PUTS: dict[str, Callable[[PuttingClient], Put]] = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": default_security_group,
    "aws:ec2/eip:Eip": elastic_ip,
    "aws:ec2/flowLog:FlowLog": flow_log,
    "aws:ec2/internetGateway:InternetGateway": internet_gateway,
    "aws:ec2/natGateway:NatGateway": nat_gateway,
    "aws:ec2/route:Route": route,
    "aws:ec2/routeTable:RouteTable": route_table,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": route_table_association,
    "aws:ec2/securityGroup:SecurityGroup": security_group,
    "aws:ec2/subnet:Subnet": subnet,
    "aws:ec2/vpc:Vpc": vpc,
    "aws:ec2/vpcEndpoint:VpcEndpoint": vpc_endpoint,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": lambda aws: rule(aws, "egress"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": lambda aws: rule(aws, "ingress"),
}
