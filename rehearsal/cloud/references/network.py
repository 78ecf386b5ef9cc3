"""EC2's network.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from typing import Any

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.judge import Refusal
from rehearsal.cloud.references.reference import Check, instances, security_groups, standing, subnets


def _create_security_group(call: JudgedCall) -> Refusal | None:
    vpc = call.members.get("VpcId")
    if vpc is None or vpc in standing("ec2", call).vpcs:
        return None
    return Refusal(code="InvalidVpcID.NotFound", message=f"The vpc ID '{vpc}' does not exist")


def _delete_security_group(call: JudgedCall) -> Refusal | None:
    group = call.members.get("GroupId")
    for other in security_groups(call).values():
        rules = [*other.ingress_rules, *other.egress_rules]
        if other.id != group and any(rule.source_group.get("GroupId") == group for rule in rules):
            return Refusal(
                code="DependencyViolation", message=f"resource {group} has a dependent object: {other.id}"
            )
    return None


def _delete_subnet(call: JudgedCall) -> Refusal | None:
    subnet = call.members.get("SubnetId")
    balancers = list(standing("elbv2", call).load_balancers.values())
    if (
        any(gateway.subnet_id == subnet for gateway in _nat_gateways(call))
        or any(server.subnet_id == subnet and server.state != "terminated" for server in instances(call))
        or any(subnet == used.id for balancer in balancers for used in balancer.subnets)
    ):
        return Refusal(
            code="DependencyViolation",
            message=f"The subnet '{subnet}' has dependencies and cannot be deleted.",
        )
    return None


def _associate_route_table(call: JudgedCall) -> Refusal | None:
    table = call.members.get("RouteTableId")
    if table in standing("ec2", call).route_tables:
        return None
    return Refusal(code="InvalidRouteTableID.NotFound", message=f"The routeTable ID '{table}' does not exist")


def _create_route(call: JudgedCall) -> Refusal | None:
    gateway, ec2 = call.members.get("GatewayId"), standing("ec2", call)
    if gateway is None or not gateway.startswith("igw-") or gateway in ec2.internet_gateways:
        return None
    return Refusal(code="InvalidGatewayID.NotFound", message=f"The gateway ID '{gateway}' does not exist")


def _create_nat_gateway(call: JudgedCall) -> Refusal | None:
    allocation = call.members.get("AllocationId")
    known = [address.allocation_id for address in standing("ec2", call).addresses]
    if call.members.get("SubnetId") not in subnets(call) or allocation is None or allocation in known:
        return None
    return Refusal(
        code="InvalidAllocationID.NotFound", message=f"The allocation ID '{allocation}' does not exist"
    )


def _release_address(call: JudgedCall) -> Refusal | None:
    allocation = call.members.get("AllocationId")
    # moto leaves the address of a deleted gateway associated.
    addresses = [address for gateway in _nat_gateways(call) for address in gateway.address_set]
    if allocation not in [address.get("allocationId") for address in addresses]:
        return None
    return Refusal(
        code="InvalidIPAddress.InUse", message=f"Address with allocation id {allocation} is in use."
    )


def _nat_gateways(call: JudgedCall) -> list[Any]:
    return [
        gateway for gateway in list(standing("ec2", call).nat_gateways.values()) if gateway.state != "deleted"
    ]


def _create_vpc_endpoint(call: JudgedCall) -> Refusal | None:
    name = call.members.get("ServiceName", "")
    known = standing("ec2", call).describe_vpc_endpoint_services([], [], 1000, None, call.region)
    if not name.startswith("com.amazonaws.") or name in known["serviceNames"]:
        return None
    return Refusal(code="InvalidServiceName", message=f"The Vpc Endpoint Service '{name}' does not exist")


def _run_instances(call: JudgedCall) -> Refusal | None:
    image = call.members.get("ImageId")
    if image is None or image in standing("ec2", call).amis:
        return None
    return Refusal(code="InvalidAMIID.NotFound", message=f"The image id '[{image}]' does not exist")


NETWORK: dict[tuple[str, str], Check] = {
    ("ec2", "CreateSecurityGroup"): _create_security_group,
    ("ec2", "DeleteSecurityGroup"): _delete_security_group,
    ("ec2", "DeleteSubnet"): _delete_subnet,
    ("ec2", "AssociateRouteTable"): _associate_route_table,
    ("ec2", "CreateRoute"): _create_route,
    ("ec2", "CreateNatGateway"): _create_nat_gateway,
    ("ec2", "ReleaseAddress"): _release_address,
    ("ec2", "CreateVpcEndpoint"): _create_vpc_endpoint,
    ("ec2", "RunInstances"): _run_instances,
}
