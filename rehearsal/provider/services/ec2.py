"""EC2: the VPC and what is in it."""

from rehearsal.provider.resource import Resource, call
from rehearsal.provider.tags import EC2


def arn(kind: str) -> str:
    """JMESPath for the ARN of an EC2 resource, which EC2's own answers often leave out."""
    return f"join('', ['arn:', Partition, ':ec2:', Region, ':', Account, ':{kind}/', Id])"


def tagged(kind: str) -> list[dict[str, str]]:
    """Tags as creating calls take them."""
    return [{"ResourceType": kind, "Tags": "{tags}"}]


RESOURCES = [
    Resource(
        type="aws:ec2/vpc:Vpc",
        service="ec2",
        create=call("create_vpc", TagSpecifications=tagged("vpc")),
        id="Vpc.VpcId",
        read=(
            call("describe_vpcs", "Vpcs[0]", VpcIds=["{id}"]),
            call("describe_vpc_attribute", VpcId="{id}", Attribute="enableDnsSupport"),
            call("describe_vpc_attribute", VpcId="{id}", Attribute="enableDnsHostnames"),
            call(
                "describe_security_groups",
                "{DefaultSecurityGroupId: SecurityGroups[0].GroupId}",
                Filters=[
                    {"Name": "vpc-id", "Values": ["{id}"]},
                    {"Name": "group-name", "Values": ["default"]},
                ],
            ),
            call(
                "describe_route_tables",
                "{MainRouteTableId: RouteTables[0].RouteTableId, DefaultRouteTableId: RouteTables[0].RouteTableId}",
                Filters=[
                    {"Name": "vpc-id", "Values": ["{id}"]},
                    {"Name": "association.main", "Values": ["true"]},
                ],
            ),
        ),
        update=(
            call("modify_vpc_attribute", inputs="enableDnsSupport", VpcId="{id}"),
            call("modify_vpc_attribute", inputs="enableDnsHostnames", VpcId="{id}"),
        ),
        delete=call("delete_vpc", VpcId="{id}"),
        fixed="cidrBlock",
        state={
            "arn": arn("vpc"),
            "enableDnsSupport": "EnableDnsSupport.Value",
            "enableDnsHostnames": "EnableDnsHostnames.Value",
        },
        outputs="arn ownerId defaultSecurityGroupId mainRouteTableId defaultRouteTableId dhcpOptionsId defaultNetworkAclId",
        tags=EC2,
    ),
]
