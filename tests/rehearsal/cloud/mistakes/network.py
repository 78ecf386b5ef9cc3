"""EC2's network: VPCs, subnets, security groups, gateways, routes, addresses, flow logs."""

from functools import partial
from typing import Any

from tests.rehearsal.cloud.mistakes.mistake import Mistake

ec2 = partial(Mistake, service="ec2")
TCP = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}


def rule(**permission: Any) -> dict[str, Any]:
    """The members of AuthorizeSecurityGroupIngress."""
    return {"GroupId": "{group}", "IpPermissions": [{**TCP, **permission}]}


def from_address(cidr: str, **more: Any) -> list[dict[str, Any]]:
    return [{"CidrIp": cidr, **more}]


def group(**members: Any) -> dict[str, Any]:
    """The members of CreateSecurityGroup."""
    return {"GroupName": "new", "Description": "new", "VpcId": "{vpc}", **members}


NETWORK = (
    ec2(
        what="a security group's description with an apostrophe",
        operation="CreateSecurityGroup",
        members=group(Description="Changes the database's schema"),
        code="InvalidParameterValue",
    ),
    ec2(
        what="a security group's description of 256 characters",
        operation="CreateSecurityGroup",
        members=group(Description="d" * 256),
        code="InvalidParameterValue",
    ),
    ec2(
        what="a security group without a description",
        operation="CreateSecurityGroup",
        members={"GroupName": "new", "VpcId": "{vpc}"},
        code="MissingParameter",
    ),
    ec2(
        what="a security group named like an id",
        operation="CreateSecurityGroup",
        members=group(GroupName="sg-new"),
        code="InvalidParameterValue",
    ),
    ec2(
        what="a second security group of a name",
        operation="CreateSecurityGroup",
        members=group(GroupName="standing"),
        code="InvalidGroup.Duplicate",
    ),
    ec2(
        what="a security group in a VPC that is not there",
        operation="CreateSecurityGroup",
        members=group(VpcId="vpc-0123456789abcdef0"),
        code="InvalidVpcID.NotFound",
    ),
    ec2(
        what="a security group that another one's rule names",
        operation="DeleteSecurityGroup",
        members={"GroupId": "{group}"},
        code="DependencyViolation",
    ),
    ec2(
        what="a VPC larger than /16",
        operation="CreateVpc",
        members={"CidrBlock": "10.0.0.0/8"},
        code="InvalidVpc.Range",
    ),
    ec2(
        what="a VPC's range that is none",
        operation="CreateVpc",
        members={"CidrBlock": "10.0.0.0"},
        code="InvalidParameterValue",
    ),
    ec2(
        what="a VPC that has subnets",
        operation="DeleteVpc",
        members={"VpcId": "{vpc}"},
        code="DependencyViolation",
    ),
    ec2(
        what="a tenancy that there is not",
        operation="CreateVpc",
        members={"CidrBlock": "10.7.0.0/16", "InstanceTenancy": "shared"},
        code="InvalidParameterValue",
    ),
    ec2(
        what="a subnet outside its VPC",
        operation="CreateSubnet",
        members={"VpcId": "{vpc}", "CidrBlock": "10.99.0.0/24"},
        code="InvalidSubnet.Range",
    ),
    ec2(
        what="a subnet over another one",
        operation="CreateSubnet",
        members={"VpcId": "{vpc}", "CidrBlock": "10.8.1.0/25"},
        code="InvalidSubnet.Conflict",
    ),
    ec2(
        what="a subnet in a zone that is not there",
        operation="CreateSubnet",
        members={"VpcId": "{vpc}", "CidrBlock": "10.8.9.0/24", "AvailabilityZone": "eu-central-1z"},
        code="InvalidParameterValue",
    ),
    ec2(
        what="a subnet that a gateway is in",
        operation="DeleteSubnet",
        members={"SubnetId": "{subnet}"},
        code="DependencyViolation",
    ),
    ec2(
        what="a rule for a port beyond 65535",
        operation="AuthorizeSecurityGroupIngress",
        members=rule(ToPort=70000, IpRanges=from_address("10.0.0.0/8")),
        code="InvalidParameterValue",
    ),
    ec2(
        what="a rule of a protocol that there is not",
        operation="AuthorizeSecurityGroupIngress",
        members=rule(IpProtocol="tcpx", IpRanges=from_address("10.0.0.0/8")),
        code="InvalidParameterValue",
    ),
    ec2(
        what="a rule for an address without its range",
        operation="AuthorizeSecurityGroupIngress",
        members=rule(IpRanges=from_address("10.0.0.300/8")),
        code="InvalidParameterValue",
    ),
    ec2(
        what="a rule's description with an apostrophe",
        operation="AuthorizeSecurityGroupIngress",
        members=rule(IpRanges=from_address("10.0.0.0/8", Description="the app's")),
        code="InvalidParameterValue",
    ),
    ec2(
        what="a rule's peer that is not there",
        operation="AuthorizeSecurityGroupIngress",
        members=rule(UserIdGroupPairs=[{"GroupId": "sg-0123456789abcdef0"}]),
        code="InvalidGroup.NotFound",
    ),
    ec2(
        what="a rule that stands already",
        operation="AuthorizeSecurityGroupIngress",
        members=rule(IpRanges=from_address("10.8.0.0/16")),
        code="InvalidPermission.Duplicate",
    ),
    ec2(
        what="a rule's removal that is not there",
        operation="RevokeSecurityGroupIngress",
        members=rule(IpRanges=from_address("10.77.0.0/16")),
        code="InvalidPermission.NotFound",
    ),
    ec2(
        what="a route to a gateway that is not there",
        operation="CreateRoute",
        members={
            "RouteTableId": "{route_table}",
            "DestinationCidrBlock": "10.20.0.0/16",
            "GatewayId": "igw-0123456789abcdef0",
        },
        code="InvalidGatewayID.NotFound",
    ),
    ec2(
        what="a second route to a range",
        operation="CreateRoute",
        members={
            "RouteTableId": "{route_table}",
            "DestinationCidrBlock": "0.0.0.0/0",
            "GatewayId": "{internet_gateway}",
        },
        code="RouteAlreadyExists",
    ),
    ec2(
        what="a route to no range",
        operation="CreateRoute",
        members={
            "RouteTableId": "{route_table}",
            "DestinationCidrBlock": "everywhere",
            "GatewayId": "{internet_gateway}",
        },
        code="InvalidParameterValue",
    ),
    ec2(
        what="a route table that subnets use",
        operation="DeleteRouteTable",
        members={"RouteTableId": "{route_table}"},
        code="DependencyViolation",
    ),
    ec2(
        what="a route table that is not there",
        operation="AssociateRouteTable",
        members={"RouteTableId": "rtb-0123456789abcdef0", "SubnetId": "{subnet}"},
        code="InvalidRouteTableID.NotFound",
    ),
    ec2(
        what="an internet gateway attached twice",
        operation="AttachInternetGateway",
        members={"InternetGatewayId": "{internet_gateway}", "VpcId": "{vpc}"},
        code="Resource.AlreadyAssociated",
    ),
    ec2(
        what="an internet gateway that is attached",
        operation="DeleteInternetGateway",
        members={"InternetGatewayId": "{internet_gateway}"},
        code="DependencyViolation",
    ),
    ec2(
        what="a NAT gateway in a subnet that is not there",
        operation="CreateNatGateway",
        members={"SubnetId": "subnet-0123456789abcdef0", "AllocationId": "{address}"},
        code="InvalidSubnetID.NotFound",
    ),
    ec2(
        what="a NAT gateway's address that is not there",
        operation="CreateNatGateway",
        members={"SubnetId": "{subnet}", "AllocationId": "eipalloc-0123456789abcdef0"},
        code="InvalidAllocationID.NotFound",
    ),
    ec2(
        what="an address in use",
        operation="ReleaseAddress",
        members={"AllocationId": "{address}"},
        code="InvalidIPAddress.InUse",
    ),
    ec2(
        what="a flow log of traffic that there is not",
        operation="CreateFlowLogs",
        members={"ResourceIds": ["{vpc}"], "ResourceType": "VPC", "TrafficType": "SOME"},
        code="InvalidParameterValue",
    ),
    ec2(
        what="a flow log aggregated over 61 seconds",
        operation="CreateFlowLogs",
        members={
            "ResourceIds": ["{vpc}"],
            "ResourceType": "VPC",
            "TrafficType": "ALL",
            "LogGroupName": "flow",
            "DeliverLogsPermissionArn": "{role_arn}",
            "MaxAggregationInterval": 61,
        },
        code="InvalidParameter",
    ),
    ec2(
        what="an endpoint of a service that there is not",
        operation="CreateVpcEndpoint",
        members={"VpcId": "{vpc}", "ServiceName": "com.amazonaws.eu-central-1.s4"},
        code="InvalidServiceName",
    ),
    ec2(
        what="a tag of AWS's own",
        operation="CreateTags",
        members={"Resources": ["{vpc}"], "Tags": [{"Key": "aws:name", "Value": "x"}]},
        code="InvalidParameterValue",
    ),
    ec2(
        what="a tag's value of 257 characters",
        operation="CreateTags",
        members={"Resources": ["{vpc}"], "Tags": [{"Key": "name", "Value": "x" * 257}]},
        code="InvalidParameterValue",
    ),
)
