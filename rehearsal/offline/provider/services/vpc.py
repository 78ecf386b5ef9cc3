"""EC2's network: the VPC and the ways in it."""

from typing import Any

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.resource import Ready, Resource, SeveralCalls, Work
from rehearsal.offline.provider.services.ec2 import arn, tagged
from rehearsal.offline.provider.tags import EC2


def filters(*wanted: tuple[str, str]) -> list[dict[str, Any]]:
    """Filters of a describing call."""
    return [{"Name": name, "Values": [value]} for name, value in wanted]


def attach_gateway(work: Work) -> None:
    """Moves an internet gateway to its VPC, away from the one it was at."""
    if "vpcId" in work.old:
        work.api.detach_internet_gateway(InternetGatewayId=work.id, VpcId=work.old["vpcId"])
    if "vpcId" in work.inputs:
        work.api.attach_internet_gateway(InternetGatewayId=work.id, VpcId=work.inputs["vpcId"])


def delete_gateway(work: Work) -> None:
    """A gateway that is attached can't be deleted."""
    (gateway,) = work.api.describe_internet_gateways(InternetGatewayIds=[work.id])["InternetGateways"]
    for attachment in gateway.get("Attachments", []):
        work.api.detach_internet_gateway(InternetGatewayId=work.id, VpcId=attachment["VpcId"])
    work.api.delete_internet_gateway(InternetGatewayId=work.id)


def association_id(work: Work) -> str | None:
    """The subnet's present association: moving it to another table gives it another id."""
    associations = work.do(ASSOCIATION)
    return None if associations is None else str(associations["RouteTableAssociationId"])


def move_association(work: Work) -> None:
    """To the wanted table, in one call: the subnet is never without one."""
    work.api.replace_route_table_association(
        AssociationId=association_id(work), RouteTableId=work.inputs["routeTableId"]
    )


def delete_association(work: Work) -> None:
    """The subnet then has the VPC's main table; one that is gone already is as good."""
    present = association_id(work)
    if present is not None:
        work.api.disassociate_route_table(AssociationId=present)


def change_endpoint(work: Work) -> None:
    """A VPC endpoint's lists change by what is added and removed."""
    changes: dict[str, Any] = {}
    for name, member in {
        "routeTableIds": "RouteTableIds",
        "subnetIds": "SubnetIds",
        "securityGroupIds": "SecurityGroupIds",
    }.items():
        old, new = work.old.get(name) or [], work.inputs.get(name) or []
        changes[f"Add{member}"] = [item for item in new if item not in old]
        changes[f"Remove{member}"] = [item for item in old if item not in new]
    changes = {key: value for key, value in changes.items() if value}
    if changes:
        work.api.modify_vpc_endpoint(VpcEndpointId=work.id, **changes)


ASSOCIATION = call(
    "describe_route_tables",
    "RouteTables[0].Associations[?SubnetId=='$subnetId'] | [0]",
    Filters=filters(("association.subnet-id", "{subnetId}")),
)

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
                Filters=filters(("vpc-id", "{id}"), ("group-name", "default")),
            ),
            call(
                "describe_route_tables",
                "{MainRouteTableId: RouteTables[0].RouteTableId}",
                Filters=filters(("vpc-id", "{id}"), ("association.main", "true")),
            ),
        ),
        update=(
            call("modify_vpc_attribute", inputs="enableDnsSupport", VpcId="{id}"),
            call("modify_vpc_attribute", inputs="enableDnsHostnames", VpcId="{id}"),
        ),
        delete=call("delete_vpc", VpcId="{id}"),
        fixed="cidrBlock instanceTenancy",
        state={
            "arn": arn("vpc"),
            "enableDnsSupport": "EnableDnsSupport.Value",
            "enableDnsHostnames": "EnableDnsHostnames.Value",
            "defaultRouteTableId": "MainRouteTableId",
        },
        outputs="arn ownerId defaultSecurityGroupId mainRouteTableId defaultRouteTableId dhcpOptionsId",
        tags=EC2,
    ),
    Resource(
        type="aws:ec2/subnet:Subnet",
        service="ec2",
        create=call("create_subnet", TagSpecifications=tagged("subnet")),
        id="Subnet.SubnetId",
        read=(call("describe_subnets", "Subnets[0]", SubnetIds=["{id}"]),),
        update=(call("modify_subnet_attribute", inputs="mapPublicIpOnLaunch", SubnetId="{id}"),),
        delete=call("delete_subnet", SubnetId="{id}"),
        fixed="cidrBlock vpcId availabilityZone availabilityZoneId",
        state={"arn": arn("subnet")},
        outputs="arn ownerId availabilityZone availabilityZoneId",
        defaults={"mapPublicIpOnLaunch": False},
        tags=EC2,
    ),
    Resource(
        type="aws:ec2/internetGateway:InternetGateway",
        service="ec2",
        create=call("create_internet_gateway", TagSpecifications=tagged("internet-gateway")),
        id="InternetGateway.InternetGatewayId",
        read=(call("describe_internet_gateways", "InternetGateways[0]", InternetGatewayIds=["{id}"]),),
        update=(SeveralCalls(run=attach_gateway, inputs="vpcId"),),
        delete=SeveralCalls(run=delete_gateway),
        state={"arn": arn("internet-gateway"), "vpcId": "Attachments[0].VpcId"},
        outputs="arn ownerId",
        tags=EC2,
    ),
    Resource(
        type="aws:ec2/eip:Eip",
        service="ec2",
        create=call("allocate_address", TagSpecifications=tagged("elastic-ip")),
        id="AllocationId",
        read=(call("describe_addresses", "Addresses[0]", AllocationIds=["{id}"]),),
        delete=call("release_address", AllocationId="{id}"),
        fixed="domain",
        state={"arn": arn("elastic-ip")},
        outputs="arn allocationId publicIp",
        tags=EC2,
    ),
    Resource(
        type="aws:ec2/natGateway:NatGateway",
        service="ec2",
        create=call("create_nat_gateway", TagSpecifications=tagged("natgateway")),
        id="NatGateway.NatGatewayId",
        read=(
            call(
                "describe_nat_gateways",
                "NatGateways[?State!='deleted'] | [0]",
                NatGatewayIds=["{id}"],
            ),
        ),
        delete=call("delete_nat_gateway", NatGatewayId="{id}"),
        fixed="allocationId subnetId connectivityType",
        state={
            "allocationId": "NatGatewayAddresses[0].AllocationId",
            "publicIp": "NatGatewayAddresses[0].PublicIp",
            "privateIp": "NatGatewayAddresses[0].PrivateIp",
            "networkInterfaceId": "NatGatewayAddresses[0].NetworkInterfaceId",
        },
        outputs="publicIp privateIp networkInterfaceId",
        defaults={"connectivityType": "public"},
        tags=EC2,
        ready=Ready(when="State=='available'", failed="State=='failed'", says="FailureMessage || State"),
        lasting_delete=True,
    ),
    Resource(
        type="aws:ec2/routeTable:RouteTable",
        service="ec2",
        create=call("create_route_table", TagSpecifications=tagged("route-table")),
        id="RouteTable.RouteTableId",
        read=(call("describe_route_tables", "RouteTables[0]", RouteTableIds=["{id}"]),),
        delete=call("delete_route_table", RouteTableId="{id}"),
        fixed="vpcId",
        state={"arn": arn("route-table")},
        outputs="arn ownerId",
        tags=EC2,
    ),
    Resource(
        type="aws:ec2/route:Route",
        service="ec2",
        create=call("create_route"),
        id="join('_', [routeTableId, destinationCidrBlock])",
        read=(
            call(
                "describe_route_tables",
                "RouteTables[0].Routes[?DestinationCidrBlock=='$destinationCidrBlock'] | [0]",
                RouteTableIds=["{routeTableId}"],
            ),
        ),
        update=(call("replace_route", whole=True),),
        delete=call(
            "delete_route", RouteTableId="{routeTableId}", DestinationCidrBlock="{destinationCidrBlock}"
        ),
        fixed="routeTableId destinationCidrBlock",
        outputs="origin state",
    ),
    Resource(
        type="aws:ec2/routeTableAssociation:RouteTableAssociation",
        service="ec2",
        create=call("associate_route_table", inputs="subnetId routeTableId"),
        id="AssociationId",
        read=(ASSOCIATION,),
        update=(SeveralCalls(run=move_association, inputs="routeTableId"),),
        delete=SeveralCalls(run=delete_association),
        fixed="subnetId",
    ),
    Resource(
        type="aws:ec2/vpcEndpoint:VpcEndpoint",
        service="ec2",
        create=call("create_vpc_endpoint", TagSpecifications=tagged("vpc-endpoint")),
        id="VpcEndpoint.VpcEndpointId",
        read=(
            call(
                "describe_vpc_endpoints",
                "VpcEndpoints[?State!='deleted'] | [0]",
                VpcEndpointIds=["{id}"],
            ),
        ),
        update=(
            SeveralCalls(run=change_endpoint, inputs="routeTableIds subnetIds securityGroupIds"),
            call("modify_vpc_endpoint", inputs="policy privateDnsEnabled", VpcEndpointId="{id}"),
        ),
        delete=call("delete_vpc_endpoints", VpcEndpointIds=["{id}"]),
        fixed="vpcId serviceName vpcEndpointType",
        names={"policy": "PolicyDocument"},
        state={"arn": arn("vpc-endpoint"), "securityGroupIds": "Groups[].GroupId"},
        outputs="arn ownerId state networkInterfaceIds",
        defaults={"vpcEndpointType": "Gateway"},
        tags=EC2,
        ready=Ready(when="State=='available'", failed="State=='failed'", says="State"),
        lasting_delete=True,
    ),
    Resource(
        type="aws:ec2/flowLog:FlowLog",
        service="ec2",
        create=call(
            "create_flow_logs",
            ResourceIds=["{vpcId || subnetId || eniId}"],
            ResourceType="{vpcId && 'VPC' || subnetId && 'Subnet' || 'NetworkInterface'}",
            TagSpecifications=tagged("vpc-flow-log"),
        ),
        id="FlowLogIds[0]",
        read=(call("describe_flow_logs", "FlowLogs[0]", FlowLogIds=["{id}"]),),
        delete=call("delete_flow_logs", FlowLogIds=["{id}"]),
        fixed="vpcId subnetId eniId trafficType logDestination logDestinationType logFormat iamRoleArn "
        "maxAggregationInterval",
        names={"iamRoleArn": "DeliverLogsPermissionArn"},
        state={
            "arn": arn("vpc-flow-log"),
            "vpcId": "ResourceId",
            "subnetId": "ResourceId",
            "eniId": "ResourceId",
        },
        outputs="arn logFormat",
        defaults={"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
        tags=EC2,
    ),
]
